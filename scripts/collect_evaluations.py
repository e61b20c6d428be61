"""Bring the measurements of an experiment's runs into one tidy table."""

from pathlib import Path

from step import run
from vae.results import read_tables


def collect_evaluations(evaluations: list[Path], table: Path) -> None:
    """Concatenate the runs' tables, in their order."""
    read_tables(evaluations).to_csv(table, index=False)


if __name__ == "__main__":
    run(collect_evaluations, globals())
