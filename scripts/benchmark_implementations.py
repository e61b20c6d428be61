"""Time the same job on every backend and peer, and the report's own four jobs: Table 5.1."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from step import run
from study.benchmark import report_jobs, rounds


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
        csv with the columns `study.benchmark.rounds.COLUMNS`: a row a repeat, or one row that says
        why there is none.
    jobs
        csv with the columns `study.benchmark.report_jobs.COLUMNS`: a row a job.
    settings
        The configuration's `benchmark`.
    root_seed
        The study's.
    threads
        For each implementation.
    """
    names = [*settings["backends"], *settings["peers"]]
    rows = rounds.time_in_rounds(names, settings, root_seed, threads)
    _write(timings, rounds.COLUMNS, rows)
    _write(
        jobs, report_jobs.COLUMNS, report_jobs.do_report_jobs(rows, settings, root_seed, threads)
    )


def _write(path: Path, columns: Sequence[str], rows: Iterable[dict[str, Any]]) -> None:
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    run(benchmark_implementations, globals())
