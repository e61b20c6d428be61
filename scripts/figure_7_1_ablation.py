"""Figure 7.1: the bound while training, by optimizer and initialisation."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from step import run
from study.learning_curves import LINESTYLES, UNIT
from study.plotting import (
    CATEGORIES,
    INK,
    PAGE_WIDTH,
    draw_seeds,
    letter,
    letters,
    new_figure,
    save,
    settled_limits,
    style,
)
from study.results import read_table, seeds_by, select
from study.wording import readable

if TYPE_CHECKING:
    import pandas as pd


def figure_7_1_ablation(
    evaluations: Path, trainings: dict[str, dict[str, Any]], svg: Path, pdf: Path, png: Path
) -> None:
    """Draw a panel for each optimizer, with a colour for each initialisation.

    Parameters
    ----------
    evaluations
        The tidy table of the experiment, in which only the training varies.
    trainings
        Settings of every training of the table by its name.
    svg, pdf, png
        The figure.
    """
    elbo = select(read_table(evaluations), metric="elbo")
    settings = [trainings[name] for name in elbo["training"].unique()]
    optimizers = list(dict.fromkeys(setting["optimizer"] for setting in settings))
    initialisations = list(dict.fromkeys(setting["initialisation"] for setting in settings))
    colours = dict(zip(initialisations, CATEGORIES, strict=False))
    with style():
        figure = new_figure(PAGE_WIDTH, 3.0)
        panels = figure.subplots(1, len(optimizers), squeeze=False, sharey=True)[0]
        for mark, axes, optimizer in zip(letters(), panels, optimizers, strict=False):
            part = elbo[[trainings[name]["optimizer"] == optimizer for name in elbo["training"]]]
            draw_trainings(axes, part, trainings, colours)
            letter(axes, mark, readable(optimizer))
        curves = [seeds_by(line, "epoch")[1] for _, line in elbo.groupby(["training", "split"])]
        panels[0].set_ylim(settled_limits(curves))
        panels[0].set_ylabel(UNIT)
        figure.legend(
            handles=[
                *(
                    Line2D([], [], color=colour, label=readable(name))
                    for name, colour in colours.items()
                ),
                *(
                    Line2D([], [], color=INK, linestyle=line, label=readable(split))
                    for split, line in LINESTYLES.items()
                ),
            ],
            loc="outside lower center",
            ncols=len(colours) + 2,
        )
        save(figure, svg, pdf, png)


def draw_trainings(
    axes: Axes,
    elbo: "pd.DataFrame",
    trainings: Mapping[str, Mapping[str, Any]],
    colours: Mapping[str, str],
) -> None:
    """Draw train and test curves of every training in the colour of its initialisation."""
    for (training, split), line in elbo.groupby(["training", "split"]):
        x, curves = seeds_by(line, "epoch")
        colour = colours[trainings[str(training)]["initialisation"]]
        draw_seeds(axes, x, curves, colour, LINESTYLES[str(split)])
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("Epoch")


if __name__ == "__main__":
    run(figure_7_1_ablation, globals())
