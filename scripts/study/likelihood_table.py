"""The tidy table of log-likelihoods: one row a measurement."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from study.contracts import LIKELIHOOD
from study.reconstruction import half_width

if TYPE_CHECKING:
    import pandas as pd

UNITS = {
    "effective_sample_size": "samples",
    "log_partition": "nats",
    "log_partition_standard_error": "nats",
    "partition_gap": "nats",
}
"""Of the metrics that are not in nats per image."""


class Subject(NamedTuple):
    """One trained model.

    `size` is a VAE's latent dimension, the hidden units of a Boltzmann machine's top layer, the
    components of a mixture or the pixels of independent ones; `binarisation`, that of its training
    images.
    """

    dataset: str
    model: str
    size: int
    seed: int
    binarisation: str


class Estimate(NamedTuple):
    """One measured value; `samples` is None where nothing is drawn."""

    estimator: str
    samples: int | None
    metric: str
    value: float


def mean_and_interval(
    estimator: str, samples: int | None, metric: str, values: NDArray[np.float64]
) -> list[Estimate]:
    """Mean over images of an estimate, and half its 95% interval as a metric of its own."""
    return [
        Estimate(estimator, samples, metric, float(values.mean())),
        Estimate(estimator, samples, f"{metric}_interval", half_width(values)),
    ]


ESTIMATORS = ("quadrature", "exact", "importance_sampling", "annealed_importance_sampling")
"""What is taken for a model's log-likelihood, the best first."""


def log_likelihoods(frame: pd.DataFrame) -> pd.DataFrame:
    """Best estimate of each model's log-likelihood: one row a `Subject`.

    Of importance sampling that of the most samples; of annealing the forward one, which gives a
    DBN's lower bound.

    Parameters
    ----------
    frame
        Rows of `study.contracts.LIKELIHOOD`.
    """
    rows = frame[(frame["metric"] == "log_likelihood") & frame["estimator"].isin(ESTIMATORS)]
    rank = rows["estimator"].map(ESTIMATORS.index)
    ordered = rows.assign(rank=rank).sort_values(
        ["rank", "samples"], ascending=[True, False], kind="stable"
    )
    chosen = ordered.drop_duplicates([*Subject._fields]).sort_index()
    return chosen.drop(columns="rank")


def best_size(frame: pd.DataFrame, model: str) -> pd.DataFrame:
    """Rows of the size and binarisation at which a model's mean over seeds is highest.

    Parameters
    ----------
    frame
        What `log_likelihoods` gives.
    model
        A model that it has.
    """
    rows = frame[frame["model"] == model]
    mean = rows.groupby(["size", "binarisation"])["value"].transform("mean")
    return rows[mean == mean.max()]


def write_likelihoods(path: Path, rows: Iterable[tuple[Subject, Estimate]]) -> None:
    """Write a csv file of the form `study.contracts.LIKELIHOOD`."""
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(LIKELIHOOD.columns)
        for subject, measurement in rows:
            writer.writerow([*subject, *measurement, UNITS.get(measurement.metric, "nats/image")])
