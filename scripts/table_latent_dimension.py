"""What the size of the latent space buys: bound, error, active units and separation."""

from pathlib import Path

import pandas as pd

from step import run
from study.results import by_setting, final, read_table, varying
from study.tables import NONE, mean_and_deviation, write_table
from study.wording import readable

COLUMNS = {
    "Train ELBO (nats/image)": ("train", "elbo", 2),
    "Test ELBO (nats/image)": ("test", "elbo", 2),
    "Test KL (nats/image)": ("test", "kl", 2),
    "Active units": ("test", "active_units", 1),
    "Test error (nats/image)": ("test", "reconstruction_error", 2),
    "The same of PCA": ("test", "linear_reconstruction_error", 2),
    "Nearest neighbour accuracy": ("test", "knn_accuracy", 2),
}
"""Header: split, metric, decimals."""


def table_latent_dimension(evaluations: Path, table: Path, markdown: Path) -> None:
    """Write a row for each latent dimension: mean and deviation over seeds after the last epoch.

    Parameters
    ----------
    evaluations
        The tidy table of the experiment; columns lead for each other setting that varies.
    table, markdown
        The table.
    """
    frame = final(read_table(evaluations))
    settings = varying(frame, "latent_dimension")
    rows = [
        {
            **{readable(name): readable(str(setting[name])) for name in settings},
            "Latent dimension": str(latent_dimension),
            **{header: _told(runs, *measure) for header, measure in COLUMNS.items()},
            "Seeds": str(runs["seed"].nunique()),
        }
        for setting, part in by_setting(frame, "latent_dimension")
        for latent_dimension, runs in part.groupby("latent_dimension")
    ]
    write_table(rows, table, markdown, text_columns=[readable(name) for name in settings])


def _told(runs: pd.DataFrame, split: str, metric: str, digits: int) -> str:
    values = runs.loc[(runs["split"] == split) & (runs["metric"] == metric), "value"]
    return NONE if values.empty else mean_and_deviation(values, digits)


if __name__ == "__main__":
    run(table_latent_dimension, globals())
