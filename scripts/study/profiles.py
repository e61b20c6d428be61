"""Where an epoch of each backend goes: its profile, by function, operation or phase of a kernel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from study import seals
from study.contracts import OPERATIONS, PROFILE, read_rows
from study.reading import reading
from study.results import read_table
from study.tables import NOT_MEASURED
from study.timings import gpu_timings
from study.work import PHASE_COLUMNS, REST, function_label, kind_of_work, phase_rows

if TYPE_CHECKING:
    import pandas as pd


class Profile(NamedTuple):
    """An epoch of one program.

    Attributes
    ----------
    program
        Its name.
    how
        On what it was measured, or why it was not.
    rows
        Columns label, kind, calls, seconds and share, the longest first; none if not measured.
        Shares add up to 1.
    """

    program: str
    how: str
    rows: pd.DataFrame

    @property
    def seconds(self) -> float:
        """Of the epoch."""
        return float(self.rows["seconds"].sum())


def read_profiles(
    published: Path,
    numpy: Path,
    operations: Sequence[Path],
    gpu: Sequence[Path],
    labels: Mapping[str, str],
    listing: Mapping[str, float],
    listing_total: float,
) -> list[Profile]:
    """Read the profile of the report's program and of every backend.

    Parameters
    ----------
    published, numpy
        csv of the form `study.contracts.PROFILE`.
    operations
        csv of the form `study.contracts.OPERATIONS`: of TensorFlow and of CuPy, as far as they are.
    gpu
        What check_gpu wrote on a machine with a GPU, or nothing. It stands in where CuPy was not
        measured here.
    labels
        Of the backends, by name.
    listing, listing_total
        Own seconds by function in the report's listing, and of its whole epoch.

    Returns
    -------
    list of Profile
        Of the report's program, then published, numpy, tensorflow and cupy.
    """
    rows = [(label, kind_of_work([label]), None, seconds) for label, seconds in listing.items()]
    rows.append(("not in the listing", REST, None, listing_total - sum(listing.values())))
    found = [Profile("The report's program", "its listing", _ordered(rows))]
    found += [
        _of_functions(labels[name], read_table(path, PROFILE))
        for name, path in (("published", published), ("numpy", numpy))
    ]
    frames = [read_table(path, OPERATIONS) for path in operations]
    tables = {frame["backend"].iloc[0]: frame for frame in frames}
    tensorflow, cupy = (
        _of_operations(labels[name], tables.get(name)) for name in ("tensorflow", "cupy")
    )
    if cupy.rows.empty:
        cupy = _of_phases(labels["cupy"], gpu) or cupy
    return [*found, tensorflow, cupy]


def _of_functions(program: str, frame: pd.DataFrame) -> Profile:
    """A profile by function; functions of one label are one."""
    steps, scale = frame["steps"].iloc[0], frame["scale"].iloc[0]
    how = "one thread" if scale == 1 else f"one thread, {scale:g} times {steps} steps"
    names = frame["function"].map(function_label)
    summed = frame.groupby(names, sort=False)[["calls", "own_seconds"]].sum() * scale
    return Profile(
        program,
        how,
        _ordered(
            (label, kind_of_work([label]), calls, seconds)
            for label, calls, seconds in summed.itertuples()
        ),
    )


def _of_operations(program: str, frame: pd.DataFrame | None) -> Profile:
    """A profile by operation, or why there is none; operations that hold the same are one."""
    if frame is None:
        return Profile(program, NOT_MEASURED, _ordered([]))
    first = frame.iloc[0]
    if first["status"] != "measured":
        return Profile(program, f"{first['status']}: {first['note']}", _ordered([]))
    summed = frame.groupby(["operation", "kind"], sort=False)[["calls", "own_seconds"]].sum()
    rows = ((*names, calls, seconds) for names, calls, seconds in summed.itertuples())
    return Profile(program, first["device"], _ordered(rows))


def _of_phases(program: str, gpu: Sequence[Path]) -> Profile | None:
    """The profile that check_gpu wrote by phase of the kernel, if it is among the files."""
    timings = gpu_timings(gpu)
    phases = next((file for file in gpu if file.name == "phases.csv"), None)
    if timings is None or timings[1].empty or phases is None:
        return None
    name, frame = timings
    with reading(phases, "csv", seals.REMEDY):
        rows = phase_rows(read_rows(phases, PHASE_COLUMNS), int(frame["steps"].iloc[0]))
    return Profile(program, f"{name}, by phase", _ordered(tuple(row.values()) for row in rows))


def _ordered(rows: Iterable[tuple[Any, ...]]) -> pd.DataFrame:
    """Rows of label, kind, calls and seconds, the longest first, with their shares."""
    import pandas as pd

    frame = pd.DataFrame(rows, columns=["label", "kind", "calls", "seconds"])
    frame = frame.sort_values("seconds", ascending=False, kind="stable", ignore_index=True)
    return frame.assign(share=frame["seconds"] / frame["seconds"].sum())
