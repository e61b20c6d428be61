"""Figure 6.4: the manifold that two latent variables span, and where the images lie in it."""

from collections.abc import Sequence
from itertools import combinations, cycle
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from matplotlib.transforms import Bbox
from numpy.typing import NDArray

from step import run
from study.arrays import read_arrays
from study.latent_plane import REACH, SIDE
from study.plotting import (
    CATEGORIES,
    INK,
    MARKERS,
    MUTED,
    PAGE_WIDTH,
    class_labels,
    letter,
    mosaic,
    new_figure,
    save,
    style,
    write_over,
)

MANY_POINTS = 2000
"""Of more points than this, the scatter is drawn as pixels: as outlines they are megabytes."""

LABEL_DISTANCE = 0.4
"""Latent units between the names of two classes, so that each can be read."""


def figure_6_4_latent_manifold(images: Path, codes: Path, svg: Path, pdf: Path, png: Path) -> None:
    """Draw the decoded grid of latent points beside the posterior means of the test images.

    Parameters
    ----------
    images, codes
        Of a run with two latent dimensions.
    svg, pdf, png
        The figure.
    """
    decoded = read_arrays(images, "manifold", "image_shape")
    latent = read_arrays(codes, "posterior_mean_test", "labels_test", "label_names")
    with style():
        figure = new_figure(PAGE_WIDTH, 3.5)
        manifold, scatter = figure.subplots(1, 2)
        draw_manifold(manifold, decoded["manifold"], decoded["image_shape"])
        letter(manifold, "a", "Decoder mean")
        letter(scatter, "b", "Posterior means of test images")
        for axes in (manifold, scatter):
            axes.set_xlabel("$z_1$")
            axes.set_ylabel("$z_2$", rotation=0)
        draw_classes(scatter, *latent.values())
        save(figure, svg, pdf, png)


def draw_manifold(axes: Axes, images: NDArray[Any], image_shape: NDArray[np.int64]) -> None:
    """Tile the decoded grid, each image centred on its latent point."""
    edge = REACH * SIDE / (SIDE - 1)
    tiles = images.reshape(-1, *image_shape)
    # Small digits touch their images' edges, and would run into one another.
    tiles = np.pad(tiles, [(0, 0), (1, 1), (1, 1), *[(0, 0)] * (tiles.ndim - 3)])
    sheet = mosaic(tiles.reshape(len(tiles), -1), tiles.shape[1:], SIDE, background=0)
    axes.imshow(sheet, extent=(-edge, edge, -edge, edge))
    axes.set_xticks(np.arange(-REACH, REACH + 1))
    axes.set_yticks(np.arange(-REACH, REACH + 1))


def draw_classes(
    axes: Axes, means: NDArray[Any], labels: NDArray[np.int64], names: NDArray[np.str_]
) -> None:
    """Scatter posterior means, each class with its colour and marker, its name near its median.

    Of more classes than there are colours, larger before smaller, those are named whose names hide
    no other.
    """
    for index, colour, marker in zip(
        range(len(names)), cycle(CATEGORIES), cycle(MARKERS), strict=False
    ):
        axes.scatter(
            means[labels == index, 0],
            means[labels == index, 1],
            s=min(12.0, 6000 / len(means)),
            color=colour,
            marker=marker,
            alpha=0.7,
            linewidth=0,
            rasterized=len(means) > MANY_POINTS,
        )
    axes.add_patch(
        Rectangle((-REACH, -REACH), 2 * REACH, 2 * REACH, fill=False, linestyle=":", color=INK)
    )
    axes.set_aspect("equal", adjustable="datalim")
    sizes = np.bincount(labels, minlength=len(names))
    present = [index for index in np.argsort(-sizes, kind="stable") if sizes[index]]
    written = class_labels(names.tolist())
    places = np.array([np.median(means[labels == index], axis=0) for index in present])
    few = len(present) <= len(CATEGORIES)
    if few:
        places = apart(places, LABEL_DISTANCE)
    texts = [
        write_over(axes, x, y, written[index])
        for index, (x, y) in zip(present, places, strict=True)
    ]
    if not few:
        named = without_overlap(axes, texts)
        told = f"{named} of {len(present)} classes are named"
        axes.text(0.01, 0.01, told, transform=axes.transAxes, color=MUTED, size="small")


def without_overlap(axes: Axes, texts: Sequence[Text]) -> int:
    """Make texts small, take away every one that would hide one before it, and count the rest."""
    for text in texts:
        text.set_fontsize("small")
    figure = axes.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()
    kept: list[Bbox] = []
    for text in texts:
        box = text.get_window_extent().expanded(1.05, 0.8)
        if any(box.overlaps(other) for other in kept):
            text.remove()
        else:
            kept.append(box)
    return len(kept)


def apart(points: NDArray[Any], distance: float) -> NDArray[np.float64]:
    """Move points that are too close to one another apart, each as far as the other.

    Parameters
    ----------
    points
        n x 2.
    distance
        That two points have in the end at least, or nearly, where many crowd.
    """
    moved = points.astype(np.float64)
    for _ in range(100):
        for first, second in combinations(range(len(moved)), 2):
            step = moved[second] - moved[first]
            length = float(np.hypot(*step))
            if length < distance:
                direction = step / length if length else np.array([0.0, 1.0])
                push = (distance - length) / 2 * direction
                moved[first] -= push
                moved[second] += push
    return moved


if __name__ == "__main__":
    run(figure_6_4_latent_manifold, globals())
