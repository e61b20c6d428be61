"""Table 6.1: the reconstruction error of each model, the report's and ours, and its likelihood."""

from pathlib import Path
from typing import Any

import pandas as pd

from step import run
from study.contracts import LIKELIHOOD, RECONSTRUCTION
from study.likelihood_table import best_size, log_likelihoods
from study.results import read_table, read_tables
from study.tables import NONE, NOT_GIVEN, NOT_MEASURED, mean_and_deviation, number, write_table
from study.wording import readable

SCALE_ENDS = ("entropy_floor", "mean_image")
PIXEL_MODELS = ("mixture", "independent_pixels")
SIZES = {"mixture": "{} components"}


def table_6_1_reconstruction_error(
    evaluations: Path,
    likelihoods: list[Path],
    models: dict[str, dict[str, Any]],
    reported: dict[str, float],
    table: Path,
    markdown: Path,
) -> None:
    """Write a row for each data set, model and mark to hold the models against.

    Parameters
    ----------
    evaluations
        The reconstruction errors (nats/image) by model, protocol and seed.
    likelihoods
        The log-likelihoods (nats/image) of the same models and of models of pixels alone, if they
        were measured: at most one file.
    models
        What is said of each compared model, by name, in the order of the rows.
    reported
        The report's values, on MNIST: model -> nats/image.
    table, markdown
        The table.
    """
    frame = read_table(evaluations, RECONSTRUCTION)
    likelihood = (
        log_likelihoods(read_tables(likelihoods, LIKELIHOOD)) if likelihoods else pd.DataFrame()
    )
    rows = [
        {
            "Data set": readable(str(dataset)),
            "Model": models[model]["label"] if model in models else readable(model),
            "Report (MNIST)": number(reported[model], 3) if model in reported else NOT_GIVEN,
            "Published protocol": _mean(errors, model, "published"),
            "Like for like": _mean(errors, model, "like_for_like"),
            "95% interval": _interval(errors, model),
            "Like for like, drawn": _mean(errors, model, "like_for_like_sampled"),
            **(
                {"Log-likelihood": _log_likelihood(likelihood, model, models.get(model, {}))}
                if likelihoods
                else {}
            ),
        }
        for dataset, errors in frame.groupby("dataset", sort=False)
        for model in (*models, *SCALE_ENDS, *(PIXEL_MODELS if likelihoods else ()))
    ]
    write_table(rows, table, markdown, text_columns=("Data set", "Model"))


def _mean(errors: pd.DataFrame, model: str, protocol: str) -> str:
    values = _values(errors, model, protocol, "reconstruction_error")
    return NONE if values.empty else mean_and_deviation(values, 2)


def _interval(errors: pd.DataFrame, model: str) -> str:
    """Half the 95% interval over images, of the error like for like; mean over seeds."""
    values = _values(errors, model, "like_for_like", "reconstruction_error_interval")
    return NONE if values.empty else f"± {number(values.mean(), 2)}"


def _values(errors: pd.DataFrame, model: str, protocol: str, metric: str) -> "pd.Series[float]":
    of_model = (errors["model"] == model) & (errors["protocol"] == protocol)
    return errors.loc[of_model & (errors["metric"] == metric), "value"]


def _log_likelihood(likelihood: pd.DataFrame, model: str, facts: dict[str, Any]) -> str:
    """Mean and deviation over seeds at the model's best size, or the reason why it has none."""
    if facts.get("without_likelihood"):
        return f"none: {facts['without_likelihood']}"
    if model not in likelihood["model"].unique():
        return NONE if model in SCALE_ENDS else NOT_MEASURED
    best = best_size(likelihood, model)
    text = mean_and_deviation(best["value"], 2)
    if size := facts.get("size_in_words") or SIZES.get(model):
        text += f" ({size.format(best['size'].iloc[0])})"
    return f"at least {text}" if facts.get("is_bound") else text


if __name__ == "__main__":
    run(table_6_1_reconstruction_error, globals())
