"""Table of profiles: the longest functions, operations or phases of each backend's epoch."""

from math import isnan
from pathlib import Path
from typing import Any

from step import run
from study.profiles import Profile, read_profiles
from study.tables import NONE, write_table
from study.work import OUTSIDE, WAITING

SHOWN = 8
"""Rows of a listing, all others being one more."""


def table_profiles(
    published: Path,
    numpy: Path,
    operations: list[Path],
    gpu: list[Path],
    labels: dict[str, str],
    listing: dict[str, float],
    listing_total: float,
    table: Path,
    markdown: Path,
) -> None:
    """Write a listing of each program, one below the other.

    Parameters
    ----------
    published, numpy, operations, gpu, labels, listing, listing_total
        As `study.profiles.read_profiles` has them.
    table, markdown
        The table.
    """
    profiles = read_profiles(published, numpy, operations, gpu, labels, listing, listing_total)
    rows = [row for profile in profiles for row in listed(profile)]
    write_table(rows, table, markdown, text_columns=("Program", "Where", "Kind of work"))


def listed(profile: Profile) -> list[dict[str, str]]:
    """Rows of the longest, of the others, of what is neither and of all; or why there are none."""
    if profile.rows.empty:
        return [_row(profile.program, profile.how)]
    outside = profile.rows["label"].isin([OUTSIDE, WAITING])
    named = profile.rows[~outside]
    count = SHOWN if len(named) > SHOWN + 1 else SHOWN + 1
    rows: list[Any] = [*named.iloc[:count].itertuples(index=False)]
    if others := len(named) - len(rows):
        sums = named.iloc[count:][["calls", "seconds", "share"]].sum(min_count=1)
        rows.append((f"{others} others", NONE, *sums))
    rows += profile.rows[outside].itertuples(index=False)
    rows.append(("the epoch", NONE, None, profile.seconds, 1.0))
    return [_row(f"{profile.program}, {profile.how}", *row) for row in rows]


def _row(
    program: str,
    label: str = NONE,
    kind: str = NONE,
    calls: float | None = None,
    seconds: float | None = None,
    share: float | None = None,
) -> dict[str, str]:
    return {
        "Program": program,
        "Where": label,
        "Kind of work": kind,
        "Calls": NONE if calls is None or isnan(calls) else f"{calls:.0f}",
        "Own time (s)": NONE if seconds is None else f"{seconds:.4g}",
        "Share": NONE if share is None else f"{share:.1%}",
    }


if __name__ == "__main__":
    run(table_profiles, globals())
