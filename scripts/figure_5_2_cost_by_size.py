"""Figure 5.2: seconds of an epoch as the network, the batch and the training set grow."""

from pathlib import Path
from typing import TYPE_CHECKING

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator

from step import run
from study.contracts import COSTS
from study.plotting import CATEGORIES, MARKERS, MUTED, PAGE_WIDTH, letter, new_figure, save, style
from study.results import read_table

if TYPE_CHECKING:
    import pandas as pd

PANELS = {
    "latent_dimension": "Latent dimension",
    "hidden_size": "Units of a hidden layer",
    "batch_size": "Images of a batch",
    "train_size": "Training images",
}
"""What is varied, and the label of its axis."""

TITLES = {
    "latent_dimension": "A larger latent space",
    "hidden_size": "Wider layers",
    "batch_size": "Larger batches",
    "train_size": "More images",
}


def figure_5_2_cost_by_size(
    costs: Path, labels: dict[str, str], svg: Path, pdf: Path, png: Path
) -> None:
    """Draw a panel for each quantity that is varied, with a line for each backend.

    Parameters
    ----------
    costs
        A csv of the form `study.contracts.COSTS`. What was not measured is not drawn.
    labels
        Of the backends, by name.
    svg, pdf, png
        The figure.
    """
    table = read_table(costs, COSTS)
    backends = list(table["backend"].unique())
    measured = table[table["status"] == "measured"]
    with style():
        figure = new_figure(PAGE_WIDTH, 4.4)
        panels = figure.subplots(2, 2).ravel()
        lines: dict[str, Line2D] = {}
        for mark, axes, varied in zip("abcd", panels, PANELS, strict=True):
            lines |= draw_costs(axes, measured[measured["varied"] == varied], labels, backends)
            axes.set_xlabel(f"{PANELS[varied]} (logarithmic)")
            letter(axes, mark, TITLES[varied])
        for axes in panels[::2]:
            axes.set_ylabel("Seconds per epoch\n(logarithmic)")
        figure.legend(
            handles=list(lines.values()), loc="outside upper center", ncols=max(1, len(lines))
        )
        save(figure, svg, pdf, png)


def draw_costs(
    axes: Axes, part: "pd.DataFrame", labels: dict[str, str], backends: list[str]
) -> dict[str, Line2D]:
    """Draw what was measured as one quantity was varied.

    Parameters
    ----------
    part
        Rows of the table of costs, measured ones alone.
    labels
        Of the backends, by name.
    backends
        All that the figure shows, in the order of their colours.

    Returns
    -------
    dict
        Lines by backend, of the medians; and as `limit` the time of the products alone.
    """
    lines = {}
    for backend, repeats in part.groupby("backend", sort=False):
        style_of = backends.index(str(backend)) % len(CATEGORIES)
        seconds = repeats.groupby("value")["seconds"]
        middle = seconds.median()
        (lines[str(backend)],) = axes.plot(
            middle.index,
            middle,
            color=CATEGORIES[style_of],
            marker=MARKERS[style_of],
            markersize=4,
            label=labels[str(backend)],
        )
        colour = CATEGORIES[style_of]
        axes.fill_between(
            middle.index, seconds.min(), seconds.max(), color=colour, alpha=0.2, linewidth=0
        )
        axes.scatter(repeats["value"], repeats["seconds"], s=5, color=colour, linewidth=0)
    if lines:
        limit = (part["gflop"] / part["limit_gflops"]).groupby(part["value"]).median()
        (lines["limit"],) = axes.plot(
            limit.index, limit, color=MUTED, linestyle="--", label="Products alone, at the limit"
        )
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xticks(limit.index.to_numpy())
        axes.xaxis.set_major_formatter("{x:,.0f}")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter("{x:g}")
        axes.minorticks_off()
    return lines


if __name__ == "__main__":
    run(figure_5_2_cost_by_size, globals())
