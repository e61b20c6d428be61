"""Bring the log-likelihoods of all models into one tidy table."""

from pathlib import Path

from step import run
from study.contracts import LIKELIHOOD
from study.results import read_tables


def collect_likelihoods(likelihoods: list[Path], table: Path) -> None:
    """Write the rows of the models' tables, in their order.

    Raises
    ------
    ValueError
        If a table lacks a column of `study.contracts.LIKELIHOOD`, or rows.
    """
    frame = read_tables(likelihoods, LIKELIHOOD)
    # Whole numbers, though some are missing.
    frame.astype({"samples": "Int64"}).to_csv(table, index=False)


if __name__ == "__main__":
    run(collect_likelihoods, globals())
