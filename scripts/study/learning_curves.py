"""The panels of Fig. 6.3 and its kin: the lower bound while training, and where it ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import TYPE_CHECKING, Any

from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator
from matplotlib.typing import LineStyleType

from study.plotting import (
    INK,
    MARKERS,
    PAGE_WIDTH,
    draw_seeds,
    letter,
    letters,
    new_figure,
    ordered_colours,
    settled_limits,
)
from study.results import by_setting, final, seeds_by
from study.wording import readable

if TYPE_CHECKING:
    import pandas as pd

LINESTYLES: dict[str, LineStyleType] = {"train": (0, (3, 1.5)), "test": "-"}
AGAINST = {"epoch": "By epoch", "images_seen": "By images seen"}
UNIT = "ELBO (nats/image)"

MOST_HEIGHT = 9.0
"""Inches of all rows together, so that a page holds them."""

MARKED = 6
"""Markers along a curve, about."""

MANY = 12
"""Values that a legend and the ticks of an axis can name; more are read off a scale of colours."""


def draw_learning_curves(
    elbo: pd.DataFrame,
    studied: str,
    quantity: str,
    against: Sequence[str] = ("epoch",),
    apart: bool = False,
) -> Figure:
    """Draw the bound of every value of the studied column, a row of panels for each setting.

    Parameters
    ----------
    elbo : DataFrame
        A tidy table of the metric `elbo`.
    studied
        The column that gets the colours: "latent_dimension" or "train_size".
    quantity
        The words for that column.
    against
        What the curves are drawn against, a panel each: "epoch", "images_seen" (epochs times
        training images: equal epochs are unequal work where the training size varies), or both.
    apart
        Whether test and training images have a panel each.

    Returns
    -------
    Figure
        In each row: the bound against each of `against`, and after the last epoch.
    """
    settings = list(by_setting(elbo, studied))
    values = sorted(elbo[studied].unique())
    colours = dict(zip(values, ordered_colours(len(values)), strict=True))
    views = [
        (along, splits)
        for along in against
        for splits in ([["test"], ["train"]] if apart else [[*LINESTYLES]])
    ]
    figure = new_figure(PAGE_WIDTH, 0.5 + min(2.5, MOST_HEIGHT / len(settings)) * len(settings))
    panels = figure.subplots(
        len(settings), len(views) + 1, squeeze=False, width_ratios=[1.0] * len(views) + [0.8]
    )
    marks = letters()
    for (setting, part), row in zip(settings, panels, strict=True):
        telling = _telling(setting, [other for other, _ in settings])
        lines = [readable(telling.pop("dataset")), setting_words(telling), UNIT]
        titles = [*(_view_title(*view) for view in views), _last_title(part)]
        for axes, title in zip(row, titles, strict=True):
            letter(axes, next(marks), title)
        limits = settled_limits(
            [seeds_by(line, "epoch")[1] for _, line in part.groupby([studied, "split"])]
        )
        for axes, (along, splits) in zip(row[:-1], views, strict=True):
            shown = part[part["split"].isin(splits)]
            draw_while_training(axes, shown, studied, colours, along)
            axes.set_ylim(limits)
        row[0].set_ylabel("\n".join(filter(None, lines)))
        draw_final(row[-1], part, studied, colours)
        row[-1].set_xlabel(quantity)
    for axes in panels[:-1].flat:
        axes.set_xlabel("")
    handles = [
        Line2D([], [], color=INK, linestyle=style, label=readable(split))
        for split, style in LINESTYLES.items()
    ]
    heading = None if len(colours) > MANY else quantity
    if len(colours) > MANY:
        count = len(values)
        scale = ScalarMappable(
            BoundaryNorm(range(count + 1), count), ListedColormap([*colours.values()])
        )
        bar = figure.colorbar(scale, ax=panels, location="bottom", shrink=0.6, aspect=40)
        named = range(0, count, -(-count // MANY))
        labels = [f"{values[place]:,g}" for place in named]
        bar.set_ticks([place + 0.5 for place in named], labels=labels)
        bar.ax.minorticks_off()
        bar.set_label(quantity)
    else:
        handles[:0] = [
            Line2D([], [], color=colour, marker=marker, markersize=4, label=f"{value:,g}")
            for (value, colour), marker in zip(colours.items(), cycle(MARKERS), strict=False)
        ]
    figure.legend(handles=handles, title=heading, loc="outside lower center", ncols=len(handles))
    return figure


def draw_while_training(
    axes: Axes, part: pd.DataFrame, studied: str, colours: dict[Any, str], against: str
) -> None:
    """Draw train and test curves, mean and range over seeds, by "epoch" or "images_seen"."""
    places = {value: place for place, value in enumerate(colours)}
    for (value, split), line in part.groupby([studied, "split"]):
        x, curves = seeds_by(line, "epoch")
        if against == "images_seen":
            x = x * line["train_size"].iloc[0]
        drawn = draw_seeds(axes, x, curves, colours[value], LINESTYLES[str(split)])
        if len(colours) <= MANY:
            step = max(1, len(x) // MARKED)
            first = places[value] * step // len(colours)
            drawn.set(marker=MARKERS[places[value] % len(MARKERS)], markersize=3)
            drawn.set_markevery((first, step))
    if against == "images_seen":
        axes.set_xscale("log")
        axes.set_xlim(left=part["train_size"].min() * max(1, part["epochs"].max() // 20))
        axes.set_xlabel("Training images seen")
    else:
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlabel("Epoch")


def draw_final(axes: Axes, part: pd.DataFrame, studied: str, colours: dict[Any, str]) -> None:
    """Draw the bound after the last epoch against the studied column, a point for each seed."""
    last = final(part)
    for split, linestyle in LINESTYLES.items():
        x, values = seeds_by(last[last["split"] == split], studied)
        draw_seeds(axes, x, values, INK, linestyle, [colours[value] for value in x])
    axes.set_xscale("log")
    axes.xaxis.set_minor_locator(NullLocator())
    if len(x) > MANY:
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter("{x:,g}")
        return
    labels = [f"{value:,g}" for value in x]
    axes.set_xticks(x, labels, rotation=90 if max(map(len, labels)) > 2 else 0)


def _telling(setting: Mapping[str, Any], settings: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What tells a setting from the others: the data set, and what differs within that."""
    alike = [other for other in settings if other["dataset"] == setting["dataset"]]
    return {
        name: value
        for name, value in setting.items()
        if name == "dataset" or any(other[name] != value for other in alike)
    }


def _view_title(along: str, splits: Sequence[str]) -> str:
    return readable(splits[0]) if len(splits) == 1 else AGAINST[along]


def _last_title(part: pd.DataFrame) -> str:
    shortest, longest = part["epochs"].min(), part["epochs"].max()
    return f"After epoch {longest}" if shortest == longest else "After the last epoch"


def setting_words(setting: Mapping[str, Any]) -> str:
    """Put a setting, as of `by_setting`, into words."""
    return ", ".join(
        readable(value) if isinstance(value, str) else f"{readable(name).lower()} {value:,g}"
        for name, value in setting.items()
    )
