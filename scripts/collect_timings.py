"""Bring the timings of all backends into one table."""

from pathlib import Path

from step import run
from vae.benchmark import COLUMNS
from vae.results import read_tables


def collect_timings(timings: list[Path], table: Path) -> None:
    """Concatenate the backends' tables, in their order."""
    read_tables(timings, COLUMNS).to_csv(table, index=False)


if __name__ == "__main__":
    run(collect_timings, globals())
