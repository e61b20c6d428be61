"""Measure how well classes part in the latent spaces of an experiment's runs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from step import run
from study.arrays import read_arrays
from study.contracts import MEASUREMENT, RUN, read_rows
from study.evaluation import latent_separation


def measure_separation(evaluations: list[Path], codes: list[Path], table: Path) -> None:
    """Write silhouette and nearest-neighbour accuracy of every run whose data have classes.

    One job for all runs: loading scikit-learn takes longer than to measure one.

    Parameters
    ----------
    evaluations, codes
        What `evaluate_vae` wrote for each run; the classifier is fitted to the training items kept
        there.
    table
        csv of the form `study.contracts.MEASUREMENT`.
    """
    runs = zip(evaluations, codes, strict=True)
    MEASUREMENT.write(table, (row for run in runs for row in _separation(*run)))


def _separation(evaluation: Path, codes: Path) -> Iterator[dict[str, Any]]:
    """Rows of one run; none where there is a single class, or no class has two test items."""
    latent = read_arrays(
        codes,
        "posterior_mean_train",
        "labels_train",
        "posterior_mean_test",
        "labels_test",
    )
    if not 1 < len(np.unique(latent["labels_test"])) < len(latent["labels_test"]):
        return
    described = {**_described(evaluation), "split": "test", "unit": "1"}
    values = latent_separation(*latent.values())
    for metric, value in zip(("silhouette", "knn_accuracy"), values, strict=True):
        yield {**described, "metric": metric, "value": value}


def _described(evaluation: Path) -> dict[str, str]:
    """What names a run, and the epoch of what is measured last."""
    first = next(iter(read_rows(evaluation, MEASUREMENT.columns)))
    return {**{column: first[column] for column in (*RUN, "seed")}, "epoch": first["epochs"]}


if __name__ == "__main__":
    run(measure_separation, globals())
