"""The step size of every algorithm, chosen as AEVB chose it: by the bound of training images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from study.contracts import RUN
from study.results import final

if TYPE_CHECKING:
    import pandas as pd


def best_trainings(frame: pd.DataFrame, trainings: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """Keep, for every algorithm and all else that names a run, one of its trainings.

    It is the one whose bound of training images, the mean over seeds, is highest after the last
    epoch.

    Parameters
    ----------
    frame : DataFrame
        A tidy table that has the metric `elbo`.
    trainings
        Settings of every training of the table by its name; one without an `algorithm` is `aevb`.

    Returns
    -------
    DataFrame
        Rows of the table in their order, with a column `algorithm`.
    """
    algorithms = {name: settings.get("algorithm", "aevb") for name, settings in trainings.items()}
    frame = frame.assign(algorithm=frame["training"].map(algorithms))
    told = ["algorithm", *(column for column in RUN if column != "training")]
    ends = final(frame[(frame["metric"] == "elbo") & (frame["split"] == "train")])
    means = ends.groupby([*told, "training"], as_index=False)["value"].mean()
    best = means.loc[means.groupby(told)["value"].idxmax(), [*told, "training"]]
    return frame.merge(best)
