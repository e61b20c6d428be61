"""Figure 6.5: held-out images and their reconstructions."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from step import run
from study.arrays import array_names, read_arrays
from study.plotting import PAGE_WIDTH, draw_images, letter, letters, new_figure, save, style
from study.results import classes_in_turn
from study.wording import readable

IMAGES = 10


def figure_6_5_image_reconstructions(
    images: list[Path],
    datasets: list[str],
    architectures: list[str],
    svg: Path,
    pdf: Path,
    png: Path,
) -> None:
    """Draw a panel for each data set: ten test images, a row for each architecture, a linear one.

    Parameters
    ----------
    images
        Of the runs.
    datasets, architectures
        The data set and the architecture of each run, in the same order.
    svg, pdf, png
        The figure.

    Raises
    ------
    ValueError
        If two runs are of one architecture on one data set.
    """
    runs: dict[str, dict[str, Path]] = {}
    for dataset, architecture, path in zip(datasets, architectures, images, strict=True):
        if architecture in runs.setdefault(dataset, {}):
            raise ValueError(f"{path}: a second run of {architecture} on {dataset}, expected one")
        runs[dataset][architecture] = path
    panels = {dataset: reconstruction_rows(paths) for dataset, paths in runs.items()}
    with style():
        heights = [len(rows) for rows, _ in panels.values()]
        figure = new_figure(PAGE_WIDTH, 0.48 * sum(heights) + 0.35 * len(heights))
        grid = figure.subplots(len(panels), 1, squeeze=False, height_ratios=heights)
        for mark, axes, (dataset, (rows, image_shape)) in zip(
            letters(), grid.flat, panels.items(), strict=False
        ):
            columns = len(rows["Original"])
            draw_images(axes, np.concatenate(list(rows.values())), image_shape, columns, list(rows))
            letter(axes, mark, readable(dataset))
        save(figure, svg, pdf, png)


def reconstruction_rows(
    runs: dict[str, Path],
) -> tuple[dict[str, NDArray[Any]], list[int]]:
    """Read the rows of one data set's panel.

    Parameters
    ----------
    runs
        The images of one run for each architecture; their test images are the same.

    Returns
    -------
    rows : dict
        Label of the row to its images (10 x d, fewer if there are fewer): the originals first, and
        last, where they were kept, what as many principal components make of them.
    image_shape
    """
    rows: dict[str, NDArray[Any]] = {}
    for architecture, path in runs.items():
        arrays = read_arrays(path, "x_test", "y_test", "reconstruction", "image_shape")
        shown = classes_in_turn(arrays["y_test"], IMAGES)
        rows["Original"] = arrays["x_test"][shown]
        label = "Reconstruction" if len(runs) == 1 else readable(architecture)
        rows[label] = arrays["reconstruction"][shown]
    if "linear" in array_names(path):  # not of all results that were kept before
        rows["PCA"] = read_arrays(path, "linear")["linear"][shown]
    return rows, arrays["image_shape"].tolist()


if __name__ == "__main__":
    run(figure_6_5_image_reconstructions, globals())
