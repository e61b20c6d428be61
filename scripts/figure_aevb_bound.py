"""The figure of AEVB: the bound while training, of AEVB and of wake-sleep."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullFormatter

from step import run
from study.learning_curves import LINESTYLES, UNIT, draw_while_training, setting_words
from study.plotting import (
    CATEGORIES,
    INK,
    MARKERS,
    PAGE_WIDTH,
    letter,
    letters,
    new_figure,
    save,
    settled_limits,
    style,
)
from study.results import by_setting, read_table, seeds_by, select
from study.step_sizes import best_trainings
from study.wording import readable
from vae.algorithms import ALGORITHMS

if TYPE_CHECKING:
    import pandas as pd

COLOURS = dict(zip(ALGORITHMS, CATEGORIES, strict=False))


def figure_aevb_bound(
    evaluations: Path, trainings: Mapping[str, Mapping[str, Any]], svg: Path, pdf: Path, png: Path
) -> None:
    """Draw a panel for each latent dimension, with a colour for each algorithm.

    Parameters
    ----------
    evaluations
        The tidy table of the experiment.
    trainings
        Settings of every training of the table by its name; the best of each algorithm is shown.
    svg, pdf, png
        The figure.
    """
    elbo = best_trainings(select(read_table(evaluations), metric="elbo"), trainings)
    with style():
        save(draw_algorithms(elbo), svg, pdf, png)


def draw_algorithms(elbo: "pd.DataFrame") -> Figure:
    """Draw a row for each data set, of a panel for each of its latent dimensions.

    Parameters
    ----------
    elbo : DataFrame
        Bounds, with a column `algorithm`, in which an algorithm has one training.
    """
    rows = list(by_setting(elbo.assign(training=""), "latent_dimension"))
    columns = max(part["latent_dimension"].nunique() for _, part in rows)
    figure = new_figure(PAGE_WIDTH, 0.8 + 1.8 * len(rows))
    panels = figure.subplots(len(rows), columns, squeeze=False, sharey="row")
    marks = letters()
    for (setting, part), row in zip(rows, panels, strict=True):
        sizes = part.groupby("latent_dimension")
        for axes, (size, lines) in zip(row, sizes, strict=False):
            draw_while_training(axes, lines, "algorithm", COLOURS, "images_seen")
            axes.set_xlabel("")
            axes.xaxis.set_minor_formatter(NullFormatter())
            letter(axes, next(marks), f"$N_z$ = {size:,g}")
        for axes in row[len(sizes) :]:
            axes.remove()
        told = ["latent_dimension", "algorithm", "split"]
        row[0].set_ylim(
            settled_limits([seeds_by(line, "epoch")[1] for _, line in part.groupby(told)])
        )
        row[0].set_ylabel(f"{setting_words(setting)}\n{UNIT}")
    figure.supxlabel("Training images seen", fontsize="medium")
    shown = [name for name in ALGORITHMS if name in elbo["algorithm"].unique()]
    handles = [
        Line2D([], [], color=colour, marker=marker, markersize=4, label=readable(name))
        for (name, colour), marker in zip(COLOURS.items(), MARKERS, strict=False)
        if name in shown
    ]
    handles += [
        Line2D([], [], color=INK, linestyle=line, label=readable(split))
        for split, line in LINESTYLES.items()
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles))
    return figure


if __name__ == "__main__":
    run(figure_aevb_bound, globals())
