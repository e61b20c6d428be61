"""Bring the measurements of an experiment's runs into one tidy table."""

import csv
from pathlib import Path

from step import run
from study.results import MEASUREMENT


def collect_evaluations(measurements: list[Path], table: Path) -> None:
    """Write the rows of tables of measurements into one, in their order.

    Raises
    ------
    ValueError
        If a table has other columns than `study.results.MEASUREMENT`.
    """
    with open(table, "w", newline="") as file:
        writer = csv.DictWriter(file, MEASUREMENT)
        writer.writeheader()
        for path in measurements:
            with open(path, newline="") as part:
                rows = csv.DictReader(part)
                if tuple(rows.fieldnames or ()) != MEASUREMENT:
                    raise ValueError(f"{path}: expected the columns {', '.join(MEASUREMENT)}")
                writer.writerows(rows)


if __name__ == "__main__":
    run(collect_evaluations, globals())
