"""Bring the measurements of an experiment's runs into one tidy table."""

from pathlib import Path

from step import run
from study.contracts import MEASUREMENT, read_rows


def collect_evaluations(measurements: list[Path], table: Path) -> None:
    """Write the rows of tables of measurements into one, in their order.

    Raises
    ------
    ValueError
        If a table lacks a column of `study.contracts.MEASUREMENT`, or was cut short.
    """
    columns = MEASUREMENT.columns
    MEASUREMENT.write(table, (row for path in measurements for row in read_rows(path, columns)))


if __name__ == "__main__":
    run(collect_evaluations, globals())
