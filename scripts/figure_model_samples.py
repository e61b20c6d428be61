"""Images sampled from the compared models, and the training images nearest to them."""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from step import run
from study.arrays import read_arrays
from study.plotting import PAGE_WIDTH, draw_images, letter, letters, new_figure, save, style

SIDE = 4
"""Images a row and rows of a panel: large enough to see those of few pixels, too."""


def figure_model_samples(
    samples: Path, models: dict[str, dict[str, Any]], svg: Path, pdf: Path, png: Path
) -> None:
    """Draw held-out images and each model's samples, the first row with its neighbours.

    Parameters
    ----------
    samples
        As `draw_model_samples` writes them; the first of each are drawn.
    models
        What is said of each, by name, in the order of the panels.
    svg, pdf, png
        The figure.
    """
    neighbours = [f"{model}_neighbours" for model in models]
    arrays = read_arrays(samples, "image_shape", "test", *models, *neighbours)
    image_shape = arrays["image_shape"].tolist()
    with style():
        columns = 1 + len(models)
        figure = new_figure(PAGE_WIDTH, 0.45 + 10 / columns)
        above, below = figure.subplots(2, columns, height_ratios=[SIDE, 2])
        titles = {"test": "Held-out images"}
        titles |= {model: facts["label"] for model, facts in models.items()}
        for mark, axes, (name, title) in zip(letters(), above, titles.items(), strict=False):
            draw_images(axes, arrays[name][: SIDE**2], image_shape, SIDE)
            letter(axes, mark, title)
        for axes, model in zip(below[1:], models, strict=True):
            draw_neighbours(axes, arrays[model], arrays[f"{model}_neighbours"], image_shape)
        below[0].set_axis_off()
        label_rows(below[1], ("Sample", "Nearest in training"))
        save(figure, svg, pdf, png)


def draw_neighbours(
    axes: Axes, samples: NDArray[Any], neighbours: NDArray[Any], image_shape: list[int]
) -> None:
    """Draw the first samples in one row and, below each, the training image nearest to it."""
    draw_images(axes, np.concatenate([samples[:SIDE], neighbours[:SIDE]]), image_shape, SIDE)


def label_rows(axes: Axes, labels: tuple[str, ...]) -> None:
    """Write labels left of the rows of a mosaic, into the empty place beside it."""
    for row, label in enumerate(labels):
        height = 1 - (row + 0.5) / len(labels)
        text = axes.text(-0.06, height, label, transform=axes.transAxes, ha="right", va="center")
        text.set(fontsize=8, in_layout=False)


if __name__ == "__main__":
    run(figure_model_samples, globals())
