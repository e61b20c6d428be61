"""Every network on faces and photographs: its size, its bound and its error."""

from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from step import run
from study.results import final, read_table
from study.seals import read_json
from study.tables import NONE, mean_and_deviation, write_table
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
    for _, of_dataset in final(read_table(evaluations)).groupby("dataset", sort=False):
        shape, gaussian = shapes[of_dataset["dataset"].iloc[0]], False
        for _, runs in of_dataset.groupby(["architecture", "latent_dimension"], sort=False):
            name, latent_dimension = runs["architecture"].iloc[0], _size(runs)
            network = Architecture.named(architectures[name], prod(shape), latent_dimension, shape)
            gaussian |= network.likelihood == "gaussian"
            rows.append(_row(readable(name), network.parameter_count, runs))
        for _, runs in of_dataset.groupby("latent_dimension"):
            if runs["metric"].eq("linear_log_likelihood").any():
                # It is the same beside every training.
                trained = runs[["architecture", "seed"]]
                beside = runs[trained.eq(trained.iloc[0]).all(axis=1)]
                parameters = prod(shape) * (_size(runs) + 1) + 1
                rows.append(_row("PCA", parameters, beside, "linear_", bound=gaussian))
    write_table(rows, table, markdown, text_columns=TEXT)


def _row(
    network: str,
    parameters: int,
    runs: "pd.DataFrame",
    prefix: str = "",
    bound: bool = True,
) -> dict[str, str]:
    """Row of a network, or of the principal components measured beside one."""
    values = {name: part["value"] for name, part in runs.groupby(["split", "metric"])}
    measure = "linear_log_likelihood" if prefix else "elbo"
    row = {
        "Data set": readable(runs["dataset"].iloc[0]),
        "Network": network,
        "Latent dimension": str(_size(runs)),
        "Parameters": f"{parameters:,}",
    }
    for split in ("train", "test"):
        text = mean_and_deviation(values[split, measure], 2) if bound else NONE
        row[f"{split.capitalize()} ELBO (nats/image)"] = text
    for split in ("train", "test"):
        error = values[split, f"{prefix}mean_squared_error"]
        row[f"{split.capitalize()} error (levels of 255)"] = _levels(error)
    return row | {"Seeds": NONE if prefix else str(runs["seed"].nunique())}


def _size(runs: "pd.DataFrame") -> int:
    """Latent dimensions of runs that are alike in them."""
    return int(runs["latent_dimension"].iloc[0])


def _levels(squared: "pd.Series[float]") -> str:
    return mean_and_deviation(LEVELS * squared**0.5, 1)


if __name__ == "__main__":
    run(table_images, globals())
