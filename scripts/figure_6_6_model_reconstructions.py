"""Figure 6.6: the same held-out digits reconstructed by the VAE, the RBM and the DBN."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from step import run
from study.contracts import RECONSTRUCTION
from study.plotting import PAGE_WIDTH, draw_images, new_figure, save, style
from study.results import MODELS, read_arrays, read_table, select
from study.tables import mean_and_deviation
from study.wording import readable

if TYPE_CHECKING:
    import pandas as pd


def figure_6_6_model_reconstructions(
    images: Path, evaluations: Path, svg: Path, pdf: Path, png: Path
) -> None:
    """Draw ten test images and, below them, what each model makes of them.

    Parameters
    ----------
    images
        Test images x, and the reconstructions vae, rbm, dbn of the first seed.
    evaluations
        The reconstruction errors: a model's row carries its like-for-like mean over seeds.
    svg, pdf, png
        The figure.
    """
    arrays = read_arrays(images, "image_shape", "x", *MODELS)
    rows = [arrays[name] for name in ("x", *MODELS)]
    with style():
        figure = new_figure(PAGE_WIDTH, 2.15)
        draw_images(
            figure.subplots(),
            np.concatenate(rows),
            arrays["image_shape"].tolist(),
            len(arrays["x"]),
            row_labels(read_table(evaluations, RECONSTRUCTION)),
        )
        save(figure, svg, pdf, png)


def row_labels(errors: "pd.DataFrame") -> list[str]:
    """Give "Original", then each model with its mean error and the deviation over seeds."""
    labels = ["Original"]
    for model in MODELS:
        error = select(errors, model=model, protocol="like_for_like", metric="reconstruction_error")
        labels.append(f"{readable(model)}\n{mean_and_deviation(error['value'], 2)} nats")
    return labels


if __name__ == "__main__":
    run(figure_6_6_model_reconstructions, globals())
