"""The bound on simulated networks while training, beside the floor of the loss."""

from collections.abc import Mapping
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING, Any

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.typing import LineStyleType

from step import run
from study.learning_curves import LINESTYLES, setting_words
from study.plotting import (
    CATEGORIES,
    INK,
    MUTED,
    PAGE_WIDTH,
    draw_seeds,
    letter,
    letters,
    new_figure,
    save,
    settled_limits,
    style,
)
from study.results import by_setting, read_tables, seeds_by, select
from study.seals import read_json
from study.wording import networks_setting, readable

if TYPE_CHECKING:
    import pandas as pd

FLOOR: LineStyleType = ":"


def figure_networks_while_training(
    evaluations: list[Path], cards: list[Path], svg: Path, pdf: Path, png: Path
) -> None:
    """Draw a panel for each data set, with a colour for each setting of the training.

    Parameters
    ----------
    evaluations
        The tidy tables of the network experiments.
    cards
        The data cards of their data sets.
    svg, pdf, png
        The figure.
    """
    elbo = select(read_tables(evaluations), metric="elbo")
    floors = {card["name"]: mean(card["entropy_floor"].values()) for card in map(read_json, cards)}
    with style():
        save(draw_above_floors(elbo, floors), svg, pdf, png)


def draw_above_floors(elbo: "pd.DataFrame", floors: Mapping[str, float]) -> Figure:
    """Draw the bounds of training and held-out networks against the epoch.

    Parameters
    ----------
    elbo : DataFrame
        A tidy table of the metric `elbo`.
    floors
        Nats a network of each data set; the bound that is their negative has a line of its own.
    """
    datasets = elbo["dataset"].unique().tolist()
    figure = new_figure(PAGE_WIDTH, 3.4)
    panels = figure.subplots(1, len(datasets), squeeze=False)[0]
    colours: dict[str, str] = {}
    for mark, axes, dataset in zip(letters(), panels, datasets, strict=False):
        lines = [
            (_words(setting), str(split), *seeds_by(line, "epoch"))
            for setting, runs in by_setting(elbo, "dataset")
            if setting["dataset"] == dataset
            for split, line in runs.groupby("split")
        ]
        for words, split, epochs, curves in lines:
            colour = colours.setdefault(words, CATEGORIES[len(colours) % len(CATEGORIES)])
            draw_seeds(axes, epochs, curves, colour, LINESTYLES[split])
        axes.axhline(-floors[dataset], color=MUTED, linestyle=FLOOR)
        axes.set_ylim(settled_limits([curves for *_, curves in lines]))
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter("{x:g}")
        axes.set_xlabel("Epoch")
        letter(axes, mark, readable(dataset))
    panels[0].set_ylabel("ELBO (nats/network)")
    keys: list[tuple[str, str, LineStyleType]] = [
        *((words, colour, "-") for words, colour in colours.items() if words),
        *((readable(split), INK, line) for split, line in LINESTYLES.items()),
        ("Entropy floor", MUTED, FLOOR),
    ]
    handles = [
        Line2D([], [], color=colour, linestyle=line, label=words) for words, colour, line in keys
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=3)
    return figure


def _words(setting: Mapping[str, Any]) -> str:
    """Put into words what the panel and its axis do not say."""
    told = ("dataset", "epochs")
    varied = {name: value for name, value in setting.items() if name not in told}
    return setting_words(networks_setting(varied))


if __name__ == "__main__":
    run(figure_networks_while_training, globals())
