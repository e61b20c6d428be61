"""The look of every figure in one place: sizes, colours, type, grids of images, and saving.

A figure is drawn under `style()`, made by `new_figure` and written by `save`; the files are the
same bytes on every run, whatever matplotlib settings a user has.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from itertools import chain, count, product
from pathlib import Path
from string import ascii_lowercase
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont, get_font
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from matplotlib.style import context
from matplotlib.text import Text
from matplotlib.typing import LineStyleType
from numpy.typing import NDArray

from study.pixels import grey_levels
from study.wording import LONGEST_LABEL

COLUMN_WIDTH = 3.4
PAGE_WIDTH = 6.8
"""Widths in inches of a figure in one column and across the page."""

INK = "#222222"
MUTED = "#767676"

# Okabe & Ito, "Color Universal Design" (2008), less its yellow, which is faint on white; olive and
# wine are of P. Tol, "Colour Schemes" (2021), "muted"
BLUE, VERMILLION, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
SKY, ORANGE, BLACK = "#56B4E9", "#E69F00", "#000000"
OLIVE, WINE = "#999933", "#882255"
CATEGORIES = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, BLACK, MUTED, OLIVE, WINE)
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "*")
"""Colours and marker shapes of unordered classes: no class is told by its colour alone."""

PROBABILITY_MAP = "magma_r"

STYLE: dict[str, Any] = {
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.labelsize": 9,
    "axes.linewidth": 0.6,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlepad": 5,
    "axes.titlesize": 9,
    "figure.dpi": 300,
    "font.family": "DejaVu Sans",  # ships with matplotlib: the same on every machine
    "font.size": 9,
    "image.interpolation": "none",  # pixels go into svg and pdf as they are: sharp, and small
    "legend.fontsize": 8,
    "legend.frameon": False,
    "lines.linewidth": 1.3,
    "mathtext.fontset": "dejavusans",
    "pdf.fonttype": 42,
    "savefig.dpi": 300,
    "svg.fonttype": "path",
    "svg.hashsalt": "vae",
    "text.color": INK,
    "xtick.color": INK,
    "xtick.labelsize": 8,
    "xtick.major.width": 0.6,
    "ytick.color": INK,
    "ytick.labelsize": 8,
    "ytick.major.width": 0.6,
}

# an image of a mosaic has at least so many pixels a side, and its neighbours are so far away;
# viewers enlarge without smoothing what is small
_CELL = 28
_GAP = 1

# mosaics have every fifth grey level, black and white among them: no eye tells it, and files of
# images are a third smaller
_LEVEL_STEP = 5

# of what is not drawn as vectors in svg and pdf: points by the thousand
_RASTER_DPI = 150


def style() -> AbstractContextManager[None]:
    """Apply the style, on top of matplotlib's own defaults, inside a `with` block."""
    return context(STYLE, after_reset=True)


def new_figure(width: float, height: float) -> Figure:
    """Make an empty figure of a size in inches; its parts are placed so that none overlap."""
    return Figure(figsize=(width, height), layout="constrained")


def save(figure: Figure, svg: Path, pdf: Path, png: Path) -> None:
    """Write a figure in three formats, without dates, so that equal figures are equal files."""
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for axes in figure.axes:
        # the layout's last bits vary from run to run
        axes.set_position(np.round(axes.get_position(original=True).bounds, 6).tolist())
    figure.savefig(svg, format="svg", dpi=_RASTER_DPI, metadata={"Date": None})
    figure.savefig(pdf, format="pdf", dpi=_RASTER_DPI, metadata={"CreationDate": None})
    figure.savefig(png, format="png", metadata={"Software": None})


def ordered_colours(count: int) -> list[str]:
    """Give colours, dark to light, for the values of an ordered quantity."""
    positions = np.linspace(0.0, 0.85, count) if count > 1 else np.array([0.3])
    return [mpl.colors.to_hex(colour) for colour in mpl.colormaps["viridis"](positions)]


def mosaic(
    images: NDArray[Any], image_shape: Sequence[int], columns: int, background: int = 255
) -> NDArray[np.uint8]:
    """Lay images out in rows with a gap between, each pixel enlarged to a square.

    Parameters
    ----------
    images : array of shape (n, d)
        Grey levels, uint8, or pixels in [0, 1], and cut to it; row-major. They are
        drawn in steps of five levels.
    image_shape
        Height and width, and 3 for colour; their product is d.
    columns
        Images a row; the last row may be shorter.
    background
        The grey level of the gaps, 0 to 255.

    Returns
    -------
    uint8 array of shape (height, width, 3)
    """
    height, width = image_shape[:2]
    scale = -(-_CELL // max(height, width))
    levels = images if images.dtype == np.uint8 else grey_levels(images)
    coarse = (np.rint(levels / _LEVEL_STEP) * _LEVEL_STEP).astype(np.uint8)
    pixels = coarse.reshape(len(images), height, width, -1).repeat(scale, 1).repeat(scale, 2)
    step_y, step_x = scale * height + _GAP, scale * width + _GAP
    rows = -(-len(images) // columns)
    sheet = np.full((rows * step_y - _GAP, columns * step_x - _GAP, 3), background, dtype=np.uint8)
    for index, image in enumerate(pixels):
        y, x = index // columns * step_y, index % columns * step_x
        sheet[y : y + scale * height, x : x + scale * width] = image
    return sheet


def draw_images(
    axes: Axes,
    images: NDArray[Any],
    image_shape: Sequence[int],
    columns: int,
    row_labels: Sequence[str] = (),
) -> None:
    """Draw a mosaic of images, black to white, with a label beside every row if given."""
    sheet = mosaic(images, image_shape, columns)
    axes.imshow(sheet)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0, pad=4)
    axes.set_xticks([])
    step = (len(sheet) + _GAP) / max(len(row_labels), 1)
    axes.set_yticks(
        [(row + 0.5) * step - _GAP / 2 for row in range(len(row_labels))], list(row_labels)
    )


def draw_seeds(
    axes: Axes,
    x: NDArray[Any],
    values: NDArray[np.float64],
    colour: str,
    linestyle: LineStyleType = "-",
    point_colours: Sequence[str] = (),
) -> Line2D:
    """Draw the mean over seeds as a line and their range, least to greatest, as a band.

    Parameters
    ----------
    x : array of shape (n,)
    values : array of shape (seeds, n)
        NaN where a seed has no value.
    point_colours
        Colours of n points: if given, every seed's value is drawn too.

    Returns
    -------
    Line2D
        The line of the mean.
    """
    (line,) = axes.plot(x, np.nanmean(values, axis=0), color=colour, linestyle=linestyle)
    if len(values) > 1:
        axes.fill_between(
            x,
            np.nanmin(values, axis=0),
            np.nanmax(values, axis=0),
            color=colour,
            alpha=0.2,
            linewidth=0,
        )
    if point_colours:
        axes.scatter(
            np.tile(x, len(values)),
            values.ravel(),
            s=14,
            color=[*point_colours] * len(values),
            linewidth=0,
            zorder=2.5,
        )
    return line


def settled_limits(curves: Sequence[NDArray[np.float64]]) -> tuple[float, float]:
    """Find vertical limits that show how curves settle rather than how they start.

    Parameters
    ----------
    curves
        Arrays of shape (seeds, epochs).

    Returns
    -------
    lower, upper : float
        The least and the greatest value after the first tenth of the epochs, with a margin.
    """
    settled = [curve[:, curve.shape[1] // 10 :] for curve in curves]
    lower = min(float(np.nanmin(curve)) for curve in settled)
    upper = max(float(np.nanmax(curve)) for curve in settled)
    margin = 0.05 * (upper - lower)
    return lower - margin, upper + margin


def letters() -> Iterator[str]:
    """Letters of panels: a to z, then aa, ab and so on."""
    lengths = (product(ascii_lowercase, repeat=length) for length in count(1))
    return map("".join, chain.from_iterable(lengths))


def letter(axes: Axes, mark: str, title: str = "") -> None:
    """Head a panel with its letter, in bold, and a title."""
    axes.set_title(rf"$\mathbf{{({mark})}}$ {title}".rstrip(" "))


def class_labels(names: Sequence[str]) -> list[str]:
    """Names of classes as figures show them: by number, if the font lacks a letter or one is long.

    The report lists what has which number.
    """
    font = get_font(findfont(STYLE["font.family"]))
    return [
        name
        if len(name) <= LONGEST_LABEL and all(map(font.get_char_index, map(ord, name)))
        else f"class {number}"
        for number, name in enumerate(names, start=1)
    ]


def write_over(axes: Axes, x: float, y: float, text: str) -> Text:
    """Write a bold label, as it is, that stays readable over points of any colour."""
    return axes.text(
        x,
        y,
        text,
        parse_math=False,
        weight="bold",
        ha="center",
        va="center",
        path_effects=[withStroke(linewidth=2.5, foreground="white")],
    )
