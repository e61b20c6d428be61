"""A process that holds one implementation, and times it when it is told to.

Run as `python -m study.benchmark.worker`. A request is a line of JSON on standard input, `{"do":
name, ...}` with the arguments of the method of `Session` of that name; the answer is a line of
JSON on standard output, what the method returned or `{"error": reason}`. Between requests the
process sleeps. What a library prints goes to standard error.
"""

import json
import os
import resource
import sys
import tempfile
import time
import traceback
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np

from study import lifeline
from study.benchmark import BenchmarkProblem, benchmark_architecture, benchmark_problem
from study.benchmark.energy import EnergyMeter
from study.benchmark.implementations import create_trainer, device, limit_threads
from study.benchmark.limit import limits
from study.benchmark.warm import settle
from vae.training import trained_model


class Session:
    """What a worker is asked to do; `start` comes first."""

    _name: str
    _batch_size: int
    _problem: BenchmarkProblem
    _trainer: Any

    def start(
        self, name: str, settings: dict[str, Any], root_seed: int, threads: int
    ) -> dict[str, Any]:
        """Make the data, then load the implementation's library and place the data.

        May be asked again, with other settings.

        Returns
        -------
        dict
            `device`.
        """
        self._name, self._batch_size = name, settings["batch_size"]
        self._problem = benchmark_problem(settings, root_seed)
        self._started = time.perf_counter()
        limit_threads(name, threads)
        parameters = self._problem.architecture.initial_parameters(self._problem.generator)
        self._trainer = create_trainer(
            name, self._problem.architecture, parameters, settings["batch_size"]
        )
        self._trainer.load(self._problem.x)
        return {"device": device(name)}

    def load(self, name: str, threads: int) -> dict[str, Any]:
        """Load the library of an implementation, and hold it to its threads.

        Returns
        -------
        dict
            `device`.
        """
        limit_threads(name, threads)
        return {"device": device(name)}

    def epoch(self, images: int) -> dict[str, Any]:
        """Train on so many of the images, in an order and with noise that are drawn beforehand.

        Returns
        -------
        dict
            `seconds`, `seconds_since_start` (since `start` began to load the library),
            `energy_joules` (None if the machine does not tell) and `peak_memory_mib` (of this
            process so far).
        """
        order, noise = self._drawn(images)
        if hasattr(self._trainer, "place"):
            order, noise = self._trainer.place(order, noise)
        return self._timed(order, noise)

    def warm_steps(self, count: int) -> list[dict[str, Any]]:
        """Train on one batch after the other until they take no less time, then on so many more.

        The first steps after a pause are given their memory anew, which takes longer than they do.

        Returns
        -------
        list of dict
            Of each of the last `count` steps, what `epoch` gives.
        """
        size = self._batch_size
        order, noise = self._drawn(len(self._problem.x))
        starts = cycle(range(0, len(order) - size + 1, size))
        steps = (self._timed(order[i : i + size], noise[:, i : i + size]) for i in starts)
        settle(step["seconds"] for step in steps)
        return list(islice(steps, count))

    def _drawn(self, images: int) -> tuple[Any, Any]:
        draw = getattr(self._trainer, "draw", None)
        if draw is None:
            order, noise = self._problem.draw_epoch()
        else:
            order, noise = draw(self._problem.generator, len(self._problem.x))
        return order[:images], noise[:, :images]

    def _timed(self, order: Any, noise: Any) -> dict[str, Any]:
        meter = EnergyMeter()
        start = time.perf_counter()
        self._trainer.run_epoch(order, noise)
        end = time.perf_counter()
        return {
            "seconds": end - start,
            "seconds_since_start": end - self._started,
            "energy_joules": meter.joules(),
            "peak_memory_mib": peak_memory(),
        }

    def limits(self, settings: dict[str, Any], threads: int) -> dict[str, float]:
        """Rates of matrix products on the device of the implementation, or else on the CPU.

        Returns
        -------
        dict
            `study.benchmark.limit.limits`.
        """
        name = getattr(self, "_name", "numpy")
        limit_threads(name, threads)
        return limits(benchmark_architecture(settings), settings["batch_size"], name)

    def tensorflow_job(
        self, settings: dict[str, Any], root_seed: int, threads: int
    ) -> dict[str, Any]:
        """Do what the report timed as TensorFlow, whose library is loaded beforehand.

        That is to read the data from a file, to make and compile its TensorFlow network, to train
        it for an epoch, and to evaluate the ELBO of the test images, a sixth as many as those
        trained on.

        Returns
        -------
        dict
            `device` and `seconds`.
        """
        limit_threads("tensorflow", threads)
        kind = device("tensorflow")
        problem = benchmark_problem(settings, root_seed)
        architecture = benchmark_architecture(settings, "relu", "leaky_relu")
        parameters = architecture.initial_parameters(problem.generator)
        order, noise = problem.draw_epoch()
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "images.npz"
            np.savez(file, x_train=problem.x, x_test=problem.x[: max(1, len(problem.x) // 6)])
            start = time.perf_counter()
            with np.load(file) as arrays:
                x_train, x_test = arrays["x_train"], arrays["x_test"]
            trainer = create_trainer("tensorflow", architecture, parameters, settings["batch_size"])
            trainer.load(x_train)
            trainer.run_epoch(order, noise)
            trained_model(architecture, trainer).elbo_terms(x_test, problem.generator)
            seconds = time.perf_counter() - start
        return {"device": kind, "seconds": seconds}


def peak_memory() -> float:
    """Largest resident memory of this process so far, MiB.

    On Linux from the process's own status: what getrusage tells counts the process that started
    this one as well.
    """
    try:
        status = Path("/proc/self/status").read_text()
        kibibytes = next(line for line in status.splitlines() if line.startswith("VmHWM"))
        return int(kibibytes.split()[1]) / 1024
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def main() -> None:
    """Answer requests until there are no more."""
    lifeline.follow()
    session = Session()
    with os.fdopen(os.dup(1), "w") as answers:
        os.dup2(2, 1)
        for line in sys.stdin:
            request = json.loads(line)
            try:
                answer = getattr(session, request.pop("do"))(**request)
            except Exception as error:
                traceback.print_exc()
                answer = {"error": f"{type(error).__name__}: {error}".splitlines()[0]}
            print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
