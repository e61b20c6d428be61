"""Timing several implementations in turns, so that what slows the machine slows them all."""

import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from statistics import median
from typing import Any

from study.benchmark import benchmark_architecture, gflop
from study.benchmark.implementations import device, facts, unavailable
from study.benchmark.process import Worker, WorkerFailed

PAUSE = 0.1
"""Seconds of rest before a timing: threads that have just had work spin for a part of that, in
wait of more."""

WARM_UP_STEPS = 60
"""Steps that bring caches and threads up to speed, where nothing has to be compiled."""

SLOW = "published"
"""The implementation that takes a second a step: of it a few steps are measured, one after the
other, in one turn."""


def time_in_rounds(
    implementations: Iterable[str],
    settings: dict[str, Any],
    root_seed: int,
    threads: int,
    beside: Iterable[Callable[[], None]] = (),
) -> list[dict[str, Any]]:
    """Time every implementation once a round, and the machine's limit.

    Each has a process of its own, which sleeps while others run. Libraries are loaded and first
    steps made before the rounds, as many side by side as there are threads, for loading takes one;
    and so is a warm-up, which does not count.

    Parameters
    ----------
    implementations
        Names of `study.benchmark.implementations.IMPLEMENTATIONS`.
    settings
        Those of `study.benchmark.benchmark_problem`, `repeats` (rounds) and `published_steps`: as
        many steps of `published` are measured, all in the first round, after as many as it takes
        until they settle.
    root_seed
        The study's.
    threads
        For each of them.
    beside
        What else has to be loaded before anything is timed.

    Returns
    -------
    list of dict
        Rows of `study.contracts.TIMINGS`, or parts of them. An implementation that cannot run here
        has one row of the status "not measured", and one that failed one of the status "failed",
        whose note says why.
    """
    with ExitStack() as stack:
        contestants = [Contestant(name, settings, threads, stack) for name in implementations]
        with ThreadPoolExecutor(threads) as pool:
            loading = [pool.submit(each.prepare, root_seed) for each in contestants]
            loading += [pool.submit(load) for load in beside]
        for loaded in loading:
            loaded.result()
        machine = stack.enter_context(Worker(threads))
        for repeat in range(1, settings["repeats"] + 1):
            limits = _limits(machine, settings, threads)
            _log(f"round {repeat}: {limits}")
            for contestant in contestants:
                contestant.take_turn(repeat, limits)
    return [row for contestant in contestants for row in contestant.rows()]


class Contestant:
    """One implementation in its process.

    Parameters are those of `time_in_rounds`; the stack ends the process.
    """

    def __init__(self, name: str, settings: dict[str, Any], threads: int, stack: ExitStack) -> None:
        self.name, self._settings, self._threads = name, settings, threads
        self._steps, self._repeats = settings["steps"], settings["repeats"]
        if name == SLOW:
            self._steps, self._repeats = 1, 1
            self._warm_steps = min(settings["published_steps"], settings["steps"])
        self._measured: list[dict[str, Any]] = []
        self._batch_size = settings["batch_size"]
        self._ready: float | None = None
        self._worker: Worker | None = None
        reason = unavailable(name)
        if reason is not None:
            self._row = {
                "backend": name,
                "device": device(name),
                "status": "not measured",
                "note": reason,
            }
            return
        self._row = {"backend": name, "device": "CPU", "status": "measured"}
        if name == SLOW and self._steps < settings["steps"]:
            self._row["note"] = (
                f"scaled from {self._warm_steps} of {settings['steps']} steps, timed warm"
            )
        self._worker = stack.enter_context(Worker(threads))

    def prepare(self, root_seed: int) -> None:
        """Load the library, and make the first step and the warm-up."""
        self._attempt(lambda worker: self._prepare(worker, root_seed))

    def take_turn(self, repeat: int, limits: dict[str, float]) -> None:
        """Time an epoch, unless there have been enough or this cannot run.

        `limits` are those of the CPU in this round. Those of a GPU are CuPy's to measure.
        """
        if repeat <= self._repeats:
            self._attempt(lambda worker: self._time(worker, repeat, limits))
        if repeat == self._repeats and self._worker is not None:
            self._worker.close()

    def rows(self) -> list[dict[str, Any]]:
        """What was measured, or one row that says why nothing was."""
        first_step = {"first_step_seconds": self._first_step_seconds()}
        return [row | first_step for row in self._measured] or [self._row]

    def _first_step_seconds(self) -> float | None:
        """From loading the library to the end of the first step.

        Where an epoch is one call, that is to the end of the first epoch, less an epoch's time.
        """
        if not self._measured or not facts(self.name).compiles_epoch:
            return self._ready
        return max(0.0, self._ready - median(row["seconds"] for row in self._measured))

    def _attempt(self, action: Callable[[Worker], None]) -> None:
        if self._worker is None:
            return
        try:
            action(self._worker)
        except WorkerFailed as error:
            _log(f"{self.name} failed: {error}")
            self._worker.close()
            self._worker, self._measured = None, []
            self._row |= {"status": "failed", "note": str(error)}

    def _prepare(self, worker: Worker, root_seed: int) -> None:
        self._row |= worker.ask(
            "start",
            name=self.name,
            settings=self._settings,
            root_seed=root_seed,
            threads=self._threads,
        )
        compiles = facts(self.name).compiles_epoch
        first = worker.ask("epoch", images=self._images if compiles else self._batch_size)
        self._ready = first["seconds_since_start"]
        if not compiles and self.name != SLOW:
            warm_up = min(WARM_UP_STEPS, self._steps) * self._batch_size
            worker.ask("epoch", images=warm_up)
        _log(f"{self.name}: ready after {self._ready:.1f} s")

    def _time(self, worker: Worker, repeat: int, limits: dict[str, float]) -> None:
        if self._row["device"] == "GPU":
            limits = self._limits_of_the_gpu(worker)
        time.sleep(PAUSE)
        if self.name == SLOW:
            answers = worker.ask("warm_steps", count=self._warm_steps)
        else:
            answers = [worker.ask("epoch", images=self._images)]
        for number, answer in enumerate(answers, start=repeat):
            self._keep(answer, number, limits)

    def _keep(self, answer: dict[str, Any], repeat: int, limits: dict[str, float]) -> None:
        """Keep the row of a timing, scaled to an epoch."""
        scale = self._settings["steps"] / self._steps
        seconds, energy = answer["seconds"] * scale, answer["energy_joules"]
        images = self._settings["steps"] * self._batch_size
        self._measured.append(
            self._row
            | limits
            | {
                "repeat": repeat,
                "steps": self._steps,
                "seconds": seconds,
                "images_per_second": images / seconds,
                "gflops": gflop(benchmark_architecture(self._settings), images) / seconds,
                "peak_memory_mib": answer["peak_memory_mib"],
                "energy_joules": None if energy is None else energy * scale,
            }
        )
        _log(f"{self.name}, round {repeat}: {answer['seconds']:.3f} s")

    def _limits_of_the_gpu(self, worker: Worker) -> dict[str, float]:
        """Measure the rate of large products, if this is CuPy.

        Those of the network's shapes are so short that the rate is that of launching them.
        """
        if self.name != "cupy":
            return {}
        limits = _limits(worker, self._settings, self._threads)
        return {name: limits[name] for name in limits if name == "limit_2048_gflops"}

    @property
    def _images(self) -> int:
        return self._steps * self._batch_size


def _limits(worker: Worker, settings: dict[str, Any], threads: int) -> dict[str, float]:
    """Rates of matrix products on a worker's device, or none if they cannot be measured."""
    try:
        return worker.ask("limits", settings=settings, threads=threads)
    except WorkerFailed as error:
        _log(f"no limit: {error}")
        return {}


def _log(text: str) -> None:
    print(text, file=sys.stderr)
