"""Time the same job on every backend and peer, and the report's own four jobs: Table 5.1."""

from functools import partial
from pathlib import Path
from typing import Any

from step import run
from study.benchmark import report_jobs, rounds
from study.benchmark.process import Worker
from study.contracts import JOBS, TIMINGS


def benchmark_implementations(
    timings: Path,
    jobs: Path,
    settings: dict[str, Any],
    root_seed: int,
    threads: int,
) -> None:
    """Write the timings of all implementations, measured in turns in one run.

    Parameters
    ----------
    timings
        csv of the form `study.contracts.TIMINGS`.
    jobs
        csv of the form `study.contracts.JOBS`.
    settings
        The configuration's `benchmark`.
    root_seed
        The study's.
    threads
        For each implementation.
    """
    names = [*settings["backends"], *settings["peers"]]
    with Worker(threads) as worker:
        load = partial(report_jobs.load_tensorflow, worker, settings, threads)
        rows = rounds.time_in_rounds(names, settings, root_seed, threads, beside=[load])
        TIMINGS.write(timings, rows)
        done = report_jobs.do_report_jobs(rows, settings, root_seed, threads, worker)
        JOBS.write(jobs, done)


if __name__ == "__main__":
    run(benchmark_implementations, globals())
