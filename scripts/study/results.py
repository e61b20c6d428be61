"""Reading what the evaluations wrote: tidy tables of measurements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from study import seals
from study.contracts import MEASUREMENT, RUN, Table
from study.reading import reading
from vae.names import require_known

if TYPE_CHECKING:
    import pandas as pd


def read_table(path: Path, table: Table = MEASUREMENT) -> pd.DataFrame:
    """Read a csv file of a form.

    Raises
    ------
    ValueError
        If it is damaged, lacks a column or rows; it names the file.
    """
    import pandas as pd

    with reading(path, "csv", seals.REMEDY):
        frame = pd.read_csv(path)
    for column in table.columns:
        require_known(f"{path}, column", column, frame.columns)
    table.check_rows(path, frame)
    return frame


def read_tables(paths: Iterable[Path], table: Table = MEASUREMENT) -> pd.DataFrame:
    """Read several csv files of the same form as one, in which no row comes twice."""
    import pandas as pd

    frame = pd.concat([read_table(path, table) for path in paths], ignore_index=True)
    return frame.drop_duplicates(ignore_index=True)


def select(frame: pd.DataFrame, **values: str) -> pd.DataFrame:
    """Keep the rows in which every named column has the given value.

    Raises
    ------
    ValueError
        If no row has a value; the message names its column.
    """
    for column, value in values.items():
        require_known(column, value, frame[column].unique())
        frame = frame[frame[column] == value]
    return frame


def final(frame: pd.DataFrame) -> pd.DataFrame:
    """Keep what was measured after the last epoch."""
    return frame[frame["epoch"] == frame["epochs"]]


def varying(frame: pd.DataFrame, studied: str) -> list[str]:
    """Name the settings, other than the studied one, that tell the runs of a table apart.

    They are the data set, if there are several, and what has several values on one data set for
    one value of the studied setting: what goes with either tells nothing more.
    """
    alike = frame.groupby(list(dict.fromkeys(["dataset", studied])))[list(RUN)].nunique().max()
    return [
        column
        for column in RUN
        if column != studied
        and (frame[column].nunique() if column == "dataset" else alike[column]) > 1
    ]


def by_setting(frame: pd.DataFrame, studied: str) -> Iterator[tuple[dict[str, Any], pd.DataFrame]]:
    """Split a tidy table so that within a part only the studied column and the seed vary.

    Yields
    ------
    setting : dict
        `dataset`, and every other column that varies between the parts, with its value.
    part : DataFrame
    """
    columns = ["dataset", *(name for name in varying(frame, studied) if name != "dataset")]
    for values, part in frame.groupby(columns, sort=False):
        yield dict(zip(columns, values, strict=True)), part


def seeds_by(frame: pd.DataFrame, column: str) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Arrange one metric's measurements as seeds against a column.

    Returns
    -------
    x : array of shape (n,)
        The sorted values of the column.
    values : float64 array of shape (seeds, n)
        NaN where a seed has no measurement.

    Raises
    ------
    ValueError
        If a seed has two measurements at the same value of the column.
    """
    if frame.duplicated(["seed", column]).any():
        raise ValueError(f"expected one measurement for each seed and {column}, got several")
    wide = frame.pivot(index="seed", columns=column, values="value")
    return wide.columns.to_numpy(), wide.to_numpy(dtype=np.float64)


def rising_by_seed(frame: pd.DataFrame, column: str, order: Sequence[Any]) -> NDArray[np.bool_]:
    """Whether one metric's measurements rise strictly along an order of the values of a column.

    Returns
    -------
    bool array of shape (seeds,)
        Of the seeds that have a measurement at all of them.
    """
    x, values = seeds_by(frame, column)
    ordered = values[:, [x.tolist().index(value) for value in order]]
    whole = ordered[~np.isnan(ordered).any(axis=1)]
    return np.all(np.diff(whole, axis=1) > 0, axis=1)


def classes_in_turn(labels: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Choose items to show, so that the classes take turns: 0, 1, ..., 0, 1, ...

    Those of a class lie evenly spaced among all of it, since neighbours may be alike: frames of a
    film are.

    Returns
    -------
    int64 array of shape (count,), or fewer if there are fewer
        Indices: one item of every class, then a second of every class, and so on.
    """
    classes = np.unique(labels)
    each = -(-count // len(classes))
    chosen, turns = [], []
    for label in classes:
        members = np.flatnonzero(labels == label)
        turn = np.arange(min(each, len(members)))
        chosen.append(members[np.linspace(0, len(members) - 1, len(turn)).astype(int)])
        turns.append(turn)
    items = np.concatenate(chosen)
    return items[np.lexsort((labels[items], np.concatenate(turns)))][:count]
