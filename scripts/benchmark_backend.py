"""Time the epochs of one backend, for Table 5.1."""

import csv
import resource
import sys
import time
from pathlib import Path
from typing import Any

from step import run
from vae.backends import create_trainer, device, limit_threads, unavailable
from vae.benchmark import COLUMNS, benchmark_problem
from vae.optimizer import Adam


def benchmark_backend(
    timings: Path, backend: str, settings: dict[str, Any], root_seed: int, threads: int
) -> None:
    """Write a row a repeat with its seconds per epoch, after one epoch that is not counted.

    Parameters
    ----------
    timings
        csv with the columns `vae.benchmark.COLUMNS`. A backend that cannot run here gets one row
        that says why.
    backend
        A name of `vae.backends.BACKENDS`.
    settings
        The configuration's `benchmark`.
    root_seed
        The study's.
    threads
        For the backend.
    """
    reason = unavailable(backend)
    if reason is None:
        limit_threads(backend, threads)
        rows = _measure(backend, settings, root_seed)
    else:
        rows = [
            {
                "backend": backend,
                "device": device(backend),
                "status": "not measured",
                "note": reason,
            }
        ]
    with open(timings, "w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)


def _measure(backend: str, settings: dict[str, Any], root_seed: int) -> list[dict[str, Any]]:
    problem = benchmark_problem(settings, root_seed)
    parameters = problem.architecture.initial_parameters(problem.generator)
    trainer = create_trainer(
        backend, problem.architecture, parameters, Adam(), settings["batch_size"]
    )
    trainer.load(problem.x)
    rows = []
    for repeat in range(settings["repeats"] + 1):
        order, noise = problem.draw_epoch()
        start = time.perf_counter()
        trainer.run_epoch(order, noise)
        seconds = time.perf_counter() - start
        print(f"epoch {repeat}: {seconds:.3f} s", file=sys.stderr)
        rows.append(
            {
                "backend": backend,
                "device": device(backend),
                "status": "measured",
                "repeat": repeat,
                "seconds": seconds,
                "images_per_second": len(problem.x) / seconds,
            }
        )
    for row in rows:
        row["peak_memory_mib"] = _peak_memory()
    return rows[1:]


def _peak_memory() -> float:
    """Largest resident memory of this process so far, MiB."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20


if __name__ == "__main__":
    run(benchmark_backend, globals())
