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


LARGEST_LOSS = 2.0**53
"""Nats per image, beyond which one more or less is lost in rounding."""


class TrainingDiverged(ValueError):
    """What is learned, or the loss by it, stopped being numbers of use."""


def diverged(when: str, learning_rate: float, found: str) -> TrainingDiverged:
    """Error that names the epoch, what was found there and the learning rate to try."""
    return TrainingDiverged(
        f"training diverged in {when} at a learning_rate of {learning_rate:g} ({found}): try "
        f"{learning_rate / 10:g}, or scale the data"
    )


def write_history(history: Iterable[Measurement], path: Path) -> None:
    """Write measurements as csv, a row each."""
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(Measurement._fields)
        writer.writerows(history)


def read_history(path: Path) -> list[Measurement]:
    """Read the measurements that `write_history` wrote.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is not such a file or was cut short, naming it.
    """
    with open(path, newline="", encoding="utf-8") as file:
        try:
            text = file.read()
            if not text.endswith("\n"):
                raise ValueError("its last line has no end")
            header, *rows = csv.reader(text.splitlines())
            if tuple(header) != Measurement._fields:
                raise ValueError(f"expected the columns {', '.join(Measurement._fields)}")
            return [
                Measurement(int(epoch), split, metric, float(value), unit)
                for epoch, split, metric, value, unit in rows
            ]
        except (ValueError, csv.Error) as error:
            raise ValueError(f"{path} is not a history saved by this package: {error}") from error
