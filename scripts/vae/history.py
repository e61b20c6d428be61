"""What a training measured, epoch by epoch, and the csv file that keeps it."""

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple


class Measurement(NamedTuple):
    """One measured value of an epoch (1, 2, ...) on a split (train or test)."""

    epoch: int
    split: str
    metric: str
    value: float
    unit: str


def write_history(history: Iterable[Measurement], path: Path) -> None:
    """Write measurements as csv, a row each."""
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(Measurement._fields)
        writer.writerows(history)


def read_history(path: Path) -> list[Measurement]:
    """Read the measurements that `write_history` wrote."""
    with open(path, newline="") as file:
        return [
            Measurement(
                int(row["epoch"]), row["split"], row["metric"], float(row["value"]), row["unit"]
            )
            for row in csv.DictReader(file)
        ]
