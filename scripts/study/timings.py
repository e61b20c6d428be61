"""Timings of a GPU on another machine, beside those of this one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from study.contracts import TIMINGS
from study.results import read_table
from study.seals import read_json

if TYPE_CHECKING:
    import pandas as pd


def gpu_timings(files: Sequence[Path]) -> tuple[str, pd.DataFrame] | None:
    """Read what check_gpu wrote on a machine with a GPU.

    Parameters
    ----------
    files
        Its files, or some of them.

    Returns
    -------
    tuple or None
        The GPU's name, and rows of `study.contracts.TIMINGS` of all that was measured on it; None
        if timings.csv and machine.json are not among the files.
    """
    by_name = {file.name: file for file in files}
    if not {"timings.csv", "machine.json"} <= set(by_name):
        return None
    name = read_json(by_name["machine.json"])["gpu"]
    frame = read_table(by_name["timings.csv"], TIMINGS)
    return name, frame[(frame["device"] == "GPU") & (frame["status"] == "measured")]


def without(here: pd.DataFrame, there: pd.DataFrame) -> pd.DataFrame:
    """Rows of this machine but for those that say why what was measured there was not here."""
    idle = (here["status"] == "not measured") & here["backend"].isin(there["backend"])
    return here[~idle]
