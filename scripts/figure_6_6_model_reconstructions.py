"""Figure 6.6: the same held-out digits reconstructed by every compared model."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from step import run
from study.arrays import read_arrays
from study.contracts import RECONSTRUCTION
from study.plotting import PAGE_WIDTH, draw_images, new_figure, save, style
from study.results import read_table, select
from study.tables import mean_and_deviation

if TYPE_CHECKING:
    import pandas as pd


def figure_6_6_model_reconstructions(
    images: Path,
    evaluations: Path,
    models: dict[str, dict[str, Any]],
    svg: Path,
    pdf: Path,
    png: Path,
) -> None:
    """Draw ten test images and, below them, what each model makes of them.

    Parameters
    ----------
    images
        Test images x and, by the names of the models, their reconstructions with the first seed.
    evaluations
        The reconstruction errors: a model's row carries its like-for-like mean over seeds.
    models
        What is said of each, by name, in the order of the rows.
    svg, pdf, png
        The figure.
    """
    arrays = read_arrays(images, "image_shape", "x", *models)
    rows = [arrays[name] for name in ("x", *models)]
    with style():
        figure = new_figure(PAGE_WIDTH, 0.1 + 0.505 * len(rows))
        axes = figure.subplots()
        axes.set_anchor("E")
        draw_images(
            axes,
            np.concatenate(rows),
            arrays["image_shape"].tolist(),
            len(arrays["x"]),
            row_labels(read_table(evaluations, RECONSTRUCTION), models),
        )
        save(figure, svg, pdf, png)


def row_labels(errors: "pd.DataFrame", models: dict[str, dict[str, Any]]) -> list[str]:
    """Give "Original", then each model with its mean error and the deviation over seeds."""
    labels = ["Original"]
    for model, facts in models.items():
        error = select(errors, model=model, protocol="like_for_like", metric="reconstruction_error")
        labels.append(f"{facts['label']}\n{mean_and_deviation(error['value'], 2)} nats")
    return labels


if __name__ == "__main__":
    run(figure_6_6_model_reconstructions, globals())
