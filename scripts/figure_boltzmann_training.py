"""How the RBM and the DBN train: progress of every layer, and the filters of the first."""

from collections.abc import Iterable
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
        figure = new_figure(PAGE_WIDTH, 6.0)
        curves, mosaics = figure.subplots(2, 2, height_ratios=[0.65, 1])
        for mark, axes, metric in zip("ab", curves, METRICS, strict=True):
            lines = draw_progress(axes, select(table, metric=metric), labels)
            letter(axes, mark, readable(metric))
        for mark, axes, model in zip("cd", mosaics, labels, strict=True):
            draw_filters(axes, arrays[model], arrays["image_shape"].tolist())
            letter(axes, mark, f"{labels[model]}: {len(arrays[model])} units of layer 1")
        figure.legend(handles=lines, loc="outside upper center", ncols=len(lines))
        save(figure, svg, pdf, png)


def draw_progress(axes: Axes, measured: "pd.DataFrame", labels: dict[str, str]) -> list[Line2D]:
    """Draw one metric by epoch, a line for each layer of each model.

    Parameters
    ----------
    measured
        Rows of the table, of one metric.
    labels
        As of `figure_boltzmann_training`.

    Returns
    -------
    list of Line2D
        Means over seeds, the RBM's first and then the DBN's from the data upwards.
    """
    dbn = ordered_colours(int(measured["layer"].max()))
    layers = _layers(measured, labels)
    lines, drawn = [], []
    for place, (model, layer) in enumerate(layers):
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
        drawn.append(values)
    axes.set_ylim(settled_limits(drawn))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("Epoch of the layer")
    axes.set_ylabel(measured["unit"].iloc[0])
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
    columns = int(np.ceil(np.sqrt(len(weights))))
    draw_images(axes, 0.5 + weights / (2 * limit), image_shape, columns)
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
