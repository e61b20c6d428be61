"""Bring the measurements of an experiment's runs into one tidy table."""

import csv
from collections.abc import Iterator
from pathlib import Path

from step import run
from study.contracts import MEASUREMENT


def collect_evaluations(measurements: list[Path], table: Path) -> None:
    """Write the rows of tables of measurements into one, in their order.

    Raises
    ------
    ValueError
        If a table has other columns than `study.contracts.MEASUREMENT`.
    """
    MEASUREMENT.write(table, (row for path in measurements for row in _rows(path)))


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with open(path, newline="") as file:
        rows = csv.DictReader(file)
        if list(rows.fieldnames or ()) != list(MEASUREMENT.columns):
            raise ValueError(f"{path}: expected the columns {', '.join(MEASUREMENT.columns)}")
        yield from rows


if __name__ == "__main__":
    run(collect_evaluations, globals())
