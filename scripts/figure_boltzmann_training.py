"""How the RBM and the DBN train: progress of every layer, and the filters of the first."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from step import run
from study.arrays import read_arrays
from study.contracts import BOLTZMANN_TRAINING
from study.plotting import (
    MARKERS,
    PAGE_WIDTH,
    VERMILLION,
    draw_images,
    draw_seeds,
    letter,
    letters,
    new_figure,
    ordered_colours,
    save,
    settled_limits,
    style,
)
from study.results import read_table, seeds_by, select
from study.wording import readable

if TYPE_CHECKING:
    import pandas as pd

METRICS = ("reconstruction_error", "pseudo_likelihood")

FILTERS_A_ROW = 9
"""Of a model, as images."""

MARKED = 8
"""Markers along a line, about."""


def figure_boltzmann_training(
    training: Path, filters: Path, labels: dict[str, str], svg: Path, pdf: Path, png: Path
) -> None:
    """Draw a panel for each measure of progress, and below one of filters for each model.

    Parameters
    ----------
    training
        A csv of the form `study.contracts.BOLTZMANN_TRAINING`, of one data set.
    filters
        First-layer weights rbm, dbn, each hidden units x d, and the image_shape of d pixels.
    labels
        Of rbm and dbn, in that order.
    svg, pdf, png
        The figure.
    """
    table = read_table(training, BOLTZMANN_TRAINING)
    arrays = read_arrays(filters, "image_shape", *labels)
    with style():
        figure = new_figure(PAGE_WIDTH, 5.2)
        layers = int(table["layer"].max())
        grid = figure.add_gridspec(3, 2 * layers, height_ratios=[1, 1, 1])
        marks = letters()
        for row, metric in enumerate(METRICS):
            panels = [figure.add_subplot(grid[row, 2 * at : 2 * at + 2]) for at in range(layers)]
            lines = draw_progress(panels, select(table, metric=metric), labels)
            panels[0].set_ylabel(f"{readable(metric)}\n({table['unit'].iloc[0]})")
            for at, axes in enumerate(panels):
                of = f"{labels['dbn']}, layer {at + 1}"
                letter(axes, next(marks), of if at else f"{labels['rbm']}; {of}")
        for at, model in enumerate(labels):
            axes = figure.add_subplot(grid[2, at * layers : (at + 1) * layers])
            draw_filters(axes, arrays[model], arrays["image_shape"].tolist())
            letter(axes, next(marks), f"{labels[model]}: {len(arrays[model])} units of layer 1")
        figure.legend(handles=lines, loc="outside upper center", ncols=len(lines))
        save(figure, svg, pdf, png)


def draw_progress(
    panels: Sequence[Axes], measured: "pd.DataFrame", labels: dict[str, str]
) -> list[Line2D]:
    """Draw one metric by epoch, a line for each layer of each model.

    Parameters
    ----------
    panels
        One for each layer: those of the same input share a scale.
    measured
        Rows of the table, of one metric.
    labels
        As of `figure_boltzmann_training`.

    Returns
    -------
    list of Line2D
        Means over seeds, the RBM's first and then the DBN's from the data upwards.
    """
    dbn = ordered_colours(len(panels))
    layers = _layers(measured, labels)
    lines = []
    drawn: dict[Axes, list[NDArray[np.float64]]] = {axes: [] for axes in panels}
    for place, (model, layer) in enumerate(layers):
        axes = panels[layer - 1]
        x, values = seeds_by(
            measured[(measured["model"] == model) & (measured["layer"] == layer)], "epoch"
        )
        if model == "rbm":
            line = draw_seeds(axes, x, values, VERMILLION, "--")
            line.set(label=labels[model], zorder=2.5)  # over the DBN's first, which may be near
        else:
            line = draw_seeds(axes, x, values, dbn[layer - 1])
            line.set(label=f"{labels[model]}, layer {layer}")
        step = max(1, len(x) // MARKED)
        line.set(marker=MARKERS[place], markersize=4, markevery=(place * step // len(layers), step))
        lines.append(line)
        drawn[axes].append(values)
    for axes, curves in drawn.items():
        axes.set_ylim(settled_limits(curves))
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
        axes.set_xlabel("Epoch of the layer")
    return lines


def draw_filters(axes: Axes, weights: NDArray[np.floating], image_shape: list[int]) -> None:
    """Draw weights as images on one symmetric scale: black negative, grey 0, white positive.

    Parameters
    ----------
    weights
        Hidden units x d; the scale ends where 1 in 200 of them is cut to it.
    image_shape
        Of d pixels.
    """
    limit = float(np.percentile(np.abs(weights), 99.5))
    draw_images(axes, 0.5 + weights / (2 * limit), image_shape, min(FILTERS_A_ROW, len(weights)))
    axes.set_xlabel(f"black ≤ −{limit:.2f}, grey 0, white ≥ {limit:.2f}")


def _layers(measured: "pd.DataFrame", models: Iterable[str]) -> list[tuple[str, Any]]:
    """Name the models and layers of a table, in the order of the models."""
    return [
        (model, layer)
        for model in models
        for layer in sorted(measured.loc[measured["model"] == model, "layer"].unique())
    ]


if __name__ == "__main__":
    run(figure_boltzmann_training, globals())
