"""Figure 6.2: networks with their reconstructions, and the structures in latent space."""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.image import AxesImage
from numpy.typing import NDArray

from step import run
from study.arrays import read_arrays
from study.dataset import as_pixels
from study.datasets.networks import as_matrices
from study.plotting import (
    CATEGORIES,
    MARKERS,
    PAGE_WIDTH,
    PROBABILITY_MAP,
    letter,
    new_figure,
    save,
    style,
)
from study.wording import in_report_order, readable

IMAGES = ("image_shape", "x_test", "y_test", "reconstruction")
CODES = ("label_names", "posterior_mean_test", "labels_test")


def figure_6_2_network_reconstructions(
    published: list[Path], like_for_like: list[Path], svg: Path, pdf: Path, png: Path
) -> None:
    """Draw, for both protocols, a network of each structure and the posterior means of all.

    Parameters
    ----------
    published, like_for_like
        The images and the codes of a run under each protocol.
    svg, pdf, png
        The figure.
    """
    protocols = {
        title: read_arrays(images, *IMAGES) | read_arrays(codes, *CODES)
        for title, (images, codes) in (
            ("Published protocol", published),
            ("Like for like", like_for_like),
        )
    }
    with style():
        figure = new_figure(PAGE_WIDTH, 5.7)
        count = len(protocols["Published protocol"]["label_names"])
        grid = figure.add_gridspec(
            5, count + 1, width_ratios=[1] * count + [2.3], height_ratios=[1, 1, 1, 1, 0.1]
        )
        for row, mark, (title, arrays) in zip((0, 2), "ab", protocols.items(), strict=True):
            panels = [[figure.add_subplot(grid[row + i, j]) for j in range(count)] for i in (0, 1)]
            image = draw_matrices(panels, arrays)
            letter(panels[0][0], mark, f"{title}\n")
            points = scatter_components(figure.add_subplot(grid[row : row + 2, -1]), arrays)
        scale = figure.add_subplot(grid[-1, :-1])
        figure.colorbar(image, cax=scale, orientation="horizontal", label="Edge probability")
        key = figure.add_subplot(grid[-1, -1])
        key.set_axis_off()
        key.legend(handles=points, loc="center", ncols=count, handletextpad=0.1, columnspacing=0.8)
        save(figure, svg, pdf, png)


def draw_matrices(panels: list[list[Axes]], arrays: dict[str, NDArray[Any]]) -> AxesImage:
    """Draw the first test network of each structure, in report order, above its reconstruction.

    Returns
    -------
    AxesImage
        One of the matrices: they all have its colour scale.
    """
    rows = {"Observed": "x_test", "Reconstructed": "reconstruction"}
    for row, (label, matrices) in zip(panels, rows.items(), strict=True):
        row[0].set_ylabel(label)
        for axes, (structure, index) in zip(row, indices(arrays).items(), strict=True):
            item = np.argmax(arrays["y_test"] == index)
            image = axes.imshow(
                as_matrices(as_pixels(arrays[matrices][[item]]), arrays["image_shape"])[0],
                cmap=PROBABILITY_MAP,
                vmin=0,
                vmax=1,
            )
            axes.spines[:].set_visible(True)
            axes.set_xticks([])
            axes.set_yticks([])
            if row is panels[0]:
                axes.set_title(readable(structure), loc="center")
    return image


def scatter_components(axes: Axes, arrays: dict[str, NDArray[Any]]) -> list[PathCollection]:
    """Draw the posterior means on their first two principal components.

    Returns
    -------
    list of PathCollection
        The points of each structure.
    """
    scores, share = principal_components(arrays["posterior_mean_test"])
    points = []
    for (structure, index), colour, marker in zip(
        indices(arrays).items(), CATEGORIES, MARKERS, strict=False
    ):
        members = arrays["labels_test"] == index
        points.append(
            axes.scatter(
                scores[members, 0],
                scores[members, 1],
                s=14,
                color=colour,
                marker=marker,
                alpha=0.8,
                linewidth=0,
                label=readable(structure),
            )
        )
    axes.set_xlabel(f"First component ({share[0]:.0%} of variance)")
    axes.set_ylabel(f"Second component ({share[1]:.0%})")
    axes.set_aspect("equal", adjustable="datalim")
    return points


def indices(arrays: dict[str, NDArray[Any]]) -> dict[str, int]:
    """Give the label of each structure, in report order."""
    names = [str(name) for name in arrays["label_names"]]
    return {name: names.index(name) for name in in_report_order(names)}


def principal_components(
    means: NDArray[np.float32],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Compute the scores on the first two principal components.

    Parameters
    ----------
    means : array of shape (n, latent dimension)

    Returns
    -------
    scores : array of shape (n, 2), zeros where the means have one component alone
    share : array of shape (2,)
        The share of the variance that each explains.
    """
    from sklearn.decomposition import PCA

    components = min(2, *means.shape)
    analysis = PCA(n_components=components, svd_solver="full")
    scores = analysis.fit_transform(means.astype(np.float64))
    missing = 2 - components
    return (
        np.pad(scores, [(0, 0), (0, missing)]),
        np.pad(analysis.explained_variance_ratio_, (0, missing)),
    )


if __name__ == "__main__":
    run(figure_6_2_network_reconstructions, globals())
