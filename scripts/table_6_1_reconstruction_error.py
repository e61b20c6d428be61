"""Table 6.1: the reconstruction error of each model, the report's and ours."""

from pathlib import Path

import pandas as pd

from step import run
from vae.results import read_table
from vae.tables import NOT_GIVEN, mean_and_deviation, number, write_table
from vae.wording import readable

MODELS = ("vae", "rbm", "dbn", "entropy_floor", "mean_image")


def table_6_1_reconstruction_error(
    evaluations: Path, published: dict[str, float], table: Path, markdown: Path
) -> None:
    """Write a row for each data set, model and mark to hold the models against.

    Parameters
    ----------
    evaluations
        The reconstruction errors (nats/image) by model, protocol and seed.
    published
        The report's values, on MNIST: model -> nats/image.
    table, markdown
        The table.
    """
    frame = read_table(evaluations, ("dataset", "model", "protocol", "seed", "metric", "value"))
    rows = [
        {
            "Data set": readable(str(dataset)),
            "Model": readable(model),
            "Report (MNIST)": number(published[model], 3) if model in published else NOT_GIVEN,
            "Published protocol": _mean(errors, model, "published", "reconstruction_error"),
            "Like for like": _mean(errors, model, "like_for_like", "reconstruction_error"),
            "Like for like, deviation over images": _mean(
                errors, model, "like_for_like", "reconstruction_error_std"
            ),
        }
        for dataset, errors in frame.groupby("dataset", sort=False)
        for model in MODELS
    ]
    write_table(rows, table, markdown, text_columns=("Data set", "Model"))


def _mean(errors: pd.DataFrame, model: str, protocol: str, metric: str) -> str:
    chosen = errors[
        (errors["model"] == model) & (errors["protocol"] == protocol) & (errors["metric"] == metric)
    ]
    return mean_and_deviation(chosen["value"], 2)


if __name__ == "__main__":
    run(table_6_1_reconstruction_error, globals())
