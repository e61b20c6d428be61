"""A folder of a user's own images.

Its files are listed while the workflow is planned, so what reads them is imported in functions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from vae.names import require_known

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from study.datasets._own import Images

COLOURS = {"grey": "L", "rgb": "RGB"}
"""Names of colours to Pillow's modes."""

SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp")


def image_files(folder: Path) -> Iterator[Path]:
    """Images right in a folder, then those in its subfolders; each sorted by name, none hidden."""
    visible = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    yield from (path for path in visible if path.suffix.lower() in SUFFIXES and path.is_file())
    for path in visible:
        if path.is_dir():
            yield from (
                file
                for file in sorted(path.iterdir())
                if file.suffix.lower() in SUFFIXES and not file.name.startswith(".")
            )


def read_images(files: Iterable[Path], folder: Path, colour: str) -> Images:
    """Read images of one size.

    Parameters
    ----------
    files
        The images, right in `folder` or, a subfolder a class, below it.
    folder
        What holds them.
    colour
        "grey" or "rgb"; images of other colours are converted, and what is transparent loses that.

    Returns
    -------
    Images
        uint8; labelled by subfolder, if there are subfolders.

    Raises
    ------
    ValueError
        If an image cannot be read or is of another size than the first, or if some images are in
        subfolders and some are not; the message names the file.
    """
    import numpy as np

    from study.datasets._own import Images

    require_known("colour", colour, COLOURS)
    files = list(files)
    if not files:
        raise ValueError(f"{folder}: expected images ({', '.join(SUFFIXES)}), found none")
    labels = [path.relative_to(folder).parts[:-1] for path in files]
    for path, label in zip(files, labels, strict=True):
        if len(label) != len(labels[0]):
            raise ValueError(
                f"{path}: expected all images in subfolders, one a class, or none; "
                f"{files[0]} is not placed like this one"
            )
    pixels = [_pixels(path, colour) for path in files]
    for path, image in zip(files, pixels, strict=True):
        if image.shape != pixels[0].shape:
            raise ValueError(
                f"{path}: expected an image of {_size(pixels[0])} pixels, as {files[0]} has, "
                f"got {_size(image)}"
            )
    named = np.array([label[0] for label in labels]) if labels[0] else None
    return Images(np.stack(pixels), named)


def _pixels(path: Path, colour: str) -> NDArray[np.uint8]:
    import numpy as np
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as image:
            if image.mode[0] in "IF":
                raise ValueError(f"{path}: expected 8 bits a channel, got the mode {image.mode}")
            return np.asarray(image.convert(COLOURS[colour]))
    except UnidentifiedImageError as error:
        raise ValueError(f"{path}: is no image that can be read") from error
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f"{path}: the image is damaged ({error})") from error


def _size(image: NDArray[np.uint8]) -> str:
    height, width = image.shape[:2]
    return f"{width} x {height}"
