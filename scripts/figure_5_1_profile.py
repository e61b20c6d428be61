"""Figure 5.1: where an epoch of NumPy spends its time, in the report and here."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from step import run
from study.contracts import PROFILE
from study.plotting import BLUE, MUTED, ORANGE, PAGE_WIDTH, letter, new_figure, save, style
from study.results import read_table

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

SHOWN, SHOWN_OF_NUMPY = 4, 8


def figure_5_1_profile(
    published: Path,
    numpy: Path,
    listing: Mapping[str, float],
    listing_total: float,
    svg: Path,
    pdf: Path,
    png: Path,
) -> None:
    """Draw the own time of the longest functions of three programs, and all others as one.

    Parameters
    ----------
    published, numpy
        Profiles of the report's algorithm and of the backend `numpy`: csv of the form
        `study.contracts.PROFILE`.
    listing, listing_total
        Own seconds by function in the report's listing, and of its whole epoch.
    svg, pdf, png
        The figure.
    """
    frames = read_table(published, PROFILE), read_table(numpy, PROFILE)
    again, ours = (
        own_time(dict(_seconds(frame)), shown)
        for frame, shown in zip(frames, (SHOWN, SHOWN_OF_NUMPY), strict=True)
    )
    theirs = own_time(listing, SHOWN, listing_total)
    panels = (
        (theirs, ORANGE, "The report's program, its listing"),
        (again, BLUE, f"The same algorithm here, one thread{_scaled(frames[0])}"),
        (ours, BLUE, f"The backend numpy here, one thread{_scaled(frames[1])}"),
    )
    rows = [len(bars) for bars, *_ in panels]
    with style():
        figure = new_figure(PAGE_WIDTH, 1.8 + 0.2 * sum(rows))
        stacked = figure.subplots(len(panels), height_ratios=rows)
        stacked[0].sharex(stacked[1])
        for axes, mark, (bars, colour, title) in zip(stacked, "abc", panels, strict=True):
            _draw(axes, bars, colour)
            letter(axes, mark, f"{title}: {_number(bars['own_seconds'].sum())} s")
        stacked[0].tick_params(axis="x", labelbottom=False)
        stacked[-1].set_xlabel("Own time in one epoch (s)")
        save(figure, svg, pdf, png)


def own_time(
    functions: Mapping[str, float], shown: int, total: float | None = None
) -> "pd.DataFrame":
    """Order functions by own time and put all after the first few into one row.

    Parameters
    ----------
    functions
        Seconds by function.
    shown
        How many have a row of their own.
    total
        Seconds of the whole, if it has functions that are not given.

    Returns
    -------
    DataFrame
        Columns label, own_seconds and share (of the total); its times add up to the total.
    """
    import pandas as pd

    total = sum(functions.values()) if total is None else total
    rows = sorted(functions.items(), key=lambda item: -item[1])[:shown]
    rest = total - sum(seconds for _, seconds in rows)
    if len(functions) > shown:
        rows.append(("all others", rest))
    bars = pd.DataFrame(rows, columns=["label", "own_seconds"])
    return bars.assign(share=bars["own_seconds"] / total)


def _draw(axes: "Axes", bars: "pd.DataFrame", colour: str) -> None:
    colours = [MUTED if label == "all others" else colour for label in bars["label"]]
    drawn = axes.barh(bars["label"], bars["own_seconds"], color=colours, height=0.7)
    labels = [
        f"{_number(seconds)} s  ({share:.1%})"
        for seconds, share in zip(bars["own_seconds"], bars["share"], strict=True)
    ]
    axes.bar_label(drawn, labels, padding=3, fontsize=8)
    axes.invert_yaxis()
    axes.margins(x=0.22, y=0.02)
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)


def _seconds(profile: "pd.DataFrame") -> "pd.Series[Any]":
    """Seconds in an epoch by a function's label; functions of one label are one."""
    seconds = profile["own_seconds"] * profile["scale"]
    return seconds.groupby(profile["function"].map(_label)).sum()


def _label(function: str) -> str:
    """Name a function briefly, one written in C too: "<method 'sum' of 'a.b' objects>" is b.sum."""
    if method := re.fullmatch(r"<method '(\w+)' of '(?:.+\.)?(\w+)' objects>", function):
        return f"{method[2]}.{method[1]}"
    if builtin := re.fullmatch(r"<built-in method (.+)>", function):
        return builtin[1]
    return function


def _scaled(profile: "pd.DataFrame") -> str:
    """Say of how many steps a profile is, if not of the whole epoch."""
    steps, scale = profile["steps"].iloc[0], profile["scale"].iloc[0]
    return "" if scale == 1 else f", {scale:g} times {steps} steps"


def _number(seconds: float) -> str:
    return f"{seconds:,.0f}" if seconds >= 100 else f"{seconds:.3g}"


if __name__ == "__main__":
    run(figure_5_1_profile, globals())
