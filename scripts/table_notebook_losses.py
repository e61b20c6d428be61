"""The losses that the authors' notebooks printed, and ours at the same settings and epoch."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from step import run
from study.results import read_tables
from study.tables import NOT_GIVEN, mean_and_deviation, number, write_table
from study.wording import readable

SPLITS = ("train", "test")
SETTINGS = ("dataset", "architecture", "training", "latent_dimension", "train_size", "epoch")


def table_notebook_losses(
    evaluations: list[Path], reported: dict[str, dict[str, Any]], table: Path, markdown: Path
) -> None:
    """Write a row for each run of the notebooks whose loss is known.

    Parameters
    ----------
    evaluations
        The tidy tables of all experiments.
    reported
        The notebooks' runs: name -> `SETTINGS`, and nats per image or network on `SPLITS`.
    table, markdown
        The table.
    """
    frame = read_tables(evaluations)
    losses = frame[frame["metric"] == "elbo"].assign(value=lambda elbo: -elbo["value"])
    rows = [
        {
            "Data set": readable(theirs["dataset"]),
            "Latent dimension": str(theirs["latent_dimension"]),
            "Training items": f"{theirs['train_size']:,}",
            "Epoch": str(theirs["epoch"]),
            **{
                f"{split.capitalize()}, {whose}": cell
                for split in SPLITS
                for whose, cell in (
                    ("notebook", number(theirs[split], 2) if split in theirs else NOT_GIVEN),
                    ("here", mean_and_deviation(loss_by_seed(losses, theirs, split), 2)),
                )
            },
            "Seeds": str(len(loss_by_seed(losses, theirs, "train"))),
        }
        for theirs in reported.values()
    ]
    write_table(rows, table, markdown, text_columns=("Data set",))


def loss_by_seed(losses: pd.DataFrame, theirs: Mapping[str, Any], split: str) -> "pd.Series[float]":
    """Find our loss at the settings and the epoch of one of theirs; a value for each seed.

    A longer run counts too: it passes through the same epoch with the same numbers.
    """
    alike = losses["split"] == split
    for setting in SETTINGS:
        alike &= losses[setting] == theirs[setting]
    return losses[alike].groupby("seed")["value"].mean()


if __name__ == "__main__":
    run(table_notebook_losses, globals())
