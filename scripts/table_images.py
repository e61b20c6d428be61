"""Every network on faces and photographs: its size, its bound and its error."""

from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from step import run
from study.results import final, read_table
from study.seals import read_json
from study.tables import mean_and_deviation, write_table
from study.wording import readable
from vae.architecture import Architecture

if TYPE_CHECKING:
    import pandas as pd

TEXT = ("Data set", "Network")
LEVELS = 255


def table_images(
    evaluations: Path,
    cards: list[Path],
    architectures: Mapping[str, Any],
    table: Path,
    markdown: Path,
) -> None:
    """Write a row for each data set and network, by data set: means and deviations over seeds.

    Parameters
    ----------
    evaluations
        The tidy table of the experiment on images.
    cards
        Data cards, for the shapes of the images.
    architectures
        Settings of every network, by name.
    table, markdown
        The table. Bounds after the last epoch; the error is the root mean square of a pixel's, in
        grey levels.
    """
    shapes = {card["name"]: card["shape"] for card in map(read_json, cards)}
    rows = []
    for _, runs in final(read_table(evaluations)).groupby(
        ["dataset", "architecture", "latent_dimension"], sort=False
    ):
        one = runs.iloc[0]
        shape, latent_dimension = shapes[one["dataset"]], int(one["latent_dimension"])
        network = Architecture.named(
            architectures[one["architecture"]], prod(shape), latent_dimension, shape
        )
        values = {name: part["value"] for name, part in runs.groupby(["split", "metric"])}
        rows.append(
            {
                "Data set": readable(one["dataset"]),
                "Network": readable(one["architecture"]),
                "Latent dimension": str(latent_dimension),
                "Parameters": f"{network.parameter_count:,}",
                "Train ELBO (nats/image)": mean_and_deviation(values["train", "elbo"], 2),
                "Test ELBO (nats/image)": mean_and_deviation(values["test", "elbo"], 2),
                "Train error (levels of 255)": _levels(values["train", "mean_squared_error"]),
                "Test error (levels of 255)": _levels(values["test", "mean_squared_error"]),
                "Seeds": str(runs["seed"].nunique()),
            }
        )
    datasets = [row["Data set"] for row in rows]
    rows.sort(key=lambda row: datasets.index(row["Data set"]))
    write_table(rows, table, markdown, text_columns=TEXT)


def _levels(squared: "pd.Series[float]") -> str:
    return mean_and_deviation(LEVELS * squared**0.5, 1)


if __name__ == "__main__":
    run(table_images, globals())
