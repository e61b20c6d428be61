"""Fresh images drawn from the prior, beside held-out ones."""

from pathlib import Path
from textwrap import fill
from typing import Any, NamedTuple

from numpy.typing import NDArray

from step import run
from study.arrays import read_arrays
from study.plotting import PAGE_WIDTH, draw_images, letter, letters, new_figure, save, style
from study.wording import readable

SIDE = 4
PANELS_A_ROW = 4

# Letters of a title that are as wide as a panel.
_LINE = 22


class Panel(NamedTuple):
    """SIDE x SIDE images under one title."""

    title: str
    images: NDArray[Any]
    image_shape: list[int]


def figure_prior_samples(
    images: list[Path],
    datasets: list[str],
    architectures: list[str],
    latent_dimensions: list[int],
    svg: Path,
    pdf: Path,
    png: Path,
) -> None:
    """Draw, for each data set, a panel of test images and one of samples for each run.

    Parameters
    ----------
    images
        Of the runs.
    datasets, architectures, latent_dimensions
        The data set, the architecture and the latent dimension of each run, in the same order.
    svg, pdf, png
        The figure.
    """
    runs: dict[str, list[tuple[str, int, Path]]] = {}
    described = zip(datasets, architectures, latent_dimensions, images, strict=True)
    for dataset, architecture, latent_dimension, path in described:
        runs.setdefault(dataset, []).append((architecture, latent_dimension, path))
    rows = in_rows([sample_panels(dataset, named) for dataset, named in runs.items()])
    columns = max(map(len, rows))
    marks = letters()
    with style():
        figure = new_figure(PAGE_WIDTH * columns / PANELS_A_ROW, 2.2 * len(rows))
        grid = figure.subplots(len(rows), columns, squeeze=False)
        for row, panels in zip(grid, rows, strict=True):
            for axes, panel in zip(row, panels, strict=False):
                draw_images(axes, panel.images, panel.image_shape, SIDE)
                axes.set_anchor("NW")
                letter(axes, next(marks), fill(panel.title, _LINE))
            for axes in row[len(panels) :]:
                axes.set_axis_off()
        save(figure, svg, pdf, png)


def in_rows(groups: list[list[Panel]]) -> list[list[Panel]]:
    """Put panels into rows: a group into the first with room for it, or into several."""
    rows: list[list[Panel]] = []
    for group in groups:
        for start in range(0, len(group), PANELS_A_ROW):
            part = group[start : start + PANELS_A_ROW]
            roomy = (row for row in rows if len(row) + len(part) <= PANELS_A_ROW)
            if (row := next(roomy, None)) is None:
                rows.append(part)
            else:
                row += part
    return rows


def sample_panels(dataset: str, runs: list[tuple[str, int, Path]]) -> list[Panel]:
    """Read one data set's panels: its test images, then the samples of each run.

    Parameters
    ----------
    dataset
        Its name.
    runs
        Architecture, latent dimension and images of each run; samples are told by architecture if
        it varies.
    """
    panels: list[Panel] = []
    one_architecture = len({architecture for architecture, _, _ in runs}) == 1
    for architecture, latent_dimension, path in runs:
        arrays = read_arrays(path, "x_test", "prior_samples", "image_shape")
        image_shape = arrays["image_shape"].tolist()
        if not panels:
            panels.append(
                Panel(f"{readable(dataset)}: test", arrays["x_test"][: SIDE**2], image_shape)
            )
        panels.append(
            Panel(
                f"Samples, {latent_dimension} latent"
                if one_architecture
                else readable(architecture),
                arrays["prior_samples"][: SIDE**2],
                image_shape,
            )
        )
    return panels


if __name__ == "__main__":
    run(figure_prior_samples, globals())
