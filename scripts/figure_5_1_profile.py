"""Figure 5.1: where an epoch goes, by kind of work, in the report's program and in each backend."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING

from step import run
from study.plotting import (
    BLUE,
    GREEN,
    MUTED,
    ORANGE,
    PAGE_WIDTH,
    PURPLE,
    SKY,
    letter,
    letters,
    new_figure,
    save,
    style,
)
from study.profiles import Profile, read_profiles
from study.work import FUSED, WORK

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = dict(zip(WORK, (BLUE, BLUE, ORANGE, PURPLE, GREEN, SKY, MUTED), strict=True))
"""Of kinds of work; products that the optimizer's step is fused with are hatched in its colour."""


TITLE_WIDTH = 34
"""Letters of a line of a panel's title."""

COLUMNS = 2
"""Panels a row."""


def figure_5_1_profile(
    published: Path,
    numpy: Path,
    operations: Sequence[Path],
    gpu: Sequence[Path],
    labels: Mapping[str, str],
    listing: Mapping[str, float],
    listing_total: float,
    svg: Path,
    pdf: Path,
    png: Path,
) -> None:
    """Draw a panel for each program, with a bar for each kind of work, as a share of the epoch.

    Parameters
    ----------
    published, numpy, operations, gpu, labels, listing, listing_total
        As `study.profiles.read_profiles` has them.
    svg, pdf, png
        The figure.
    """
    profiles = read_profiles(published, numpy, operations, gpu, labels, listing, listing_total)
    kinds = [max(profile.rows["kind"].nunique(), 1) for profile in profiles]
    with style():
        bars = [max(kinds[start : start + COLUMNS]) for start in range(0, len(kinds), COLUMNS)]
        figure = new_figure(PAGE_WIDTH, 0.3 + 0.6 * len(bars) + 0.17 * sum(bars))
        panels = figure.subplots(len(bars), COLUMNS, height_ratios=bars).ravel()
        for axes, mark, profile in zip(panels, letters(), profiles, strict=False):
            _draw(axes, profile)
            letter(axes, mark, _title(profile))
            # Beyond the whole there is room for the longest bar's numbers.
            axes.set(xlim=(0, 175), xticks=(0, 50, 100))
        for axes in panels[len(kinds) :]:
            axes.remove()
        for axes in panels[max(0, len(kinds) - COLUMNS) : len(kinds)]:
            axes.set_xlabel("Share of the epoch (%)", loc="left")
        save(figure, svg, pdf, png)


def _draw(axes: "Axes", profile: Profile) -> None:
    axes.spines["left"].set_visible(False)
    axes.spines["bottom"].set_bounds(0, 100)
    axes.tick_params(axis="y", length=0)
    if profile.rows.empty:
        axes.set_yticks([])
        return
    sums = profile.rows.groupby("kind")[["seconds", "share"]].sum()
    sums = sums.loc[[kind for kind in WORK if kind in sums.index]]
    colours = [COLOURS[kind] for kind in sums.index]
    names = sums.index.to_series().replace(FUSED, "both at once")
    bars = axes.barh(names, 100 * sums["share"], color=colours, height=0.75)
    for kind, bar in zip(sums.index, bars, strict=True):
        if kind == FUSED:
            bar.set(hatch="////", edgecolor=COLOURS["optimizer"], linewidth=0)
    texts = [
        f"{share:.1%}, {_number(seconds)} s" for seconds, share in sums.itertuples(index=False)
    ]
    axes.bar_label(bars, texts, padding=3, fontsize=8)
    axes.invert_yaxis()


def _title(profile: Profile) -> str:
    seconds = "" if profile.rows.empty else f": {_number(profile.seconds)} s"
    return f"{profile.program}{seconds}\n{fill(profile.how, TITLE_WIDTH)}"


def _number(seconds: float) -> str:
    return f"{seconds:,.0f}" if seconds >= 100 else f"{seconds:.3g}"


if __name__ == "__main__":
    run(figure_5_1_profile, globals())
