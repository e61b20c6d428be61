"""A folder of a user's own images.

Its files are listed while the workflow is planned, so what reads them is imported in functions.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from study.datasets._colours import CHANNELS
from study.reading import LARGEST, reading
from vae.names import require_known

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.ImageFile import ImageFile

    from study.datasets._own import Images

COLOURS = {"grey": "L", "rgb": "RGB"}
"""Names of colours to Pillow's modes."""

SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp")
FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
"""Of these files, whatever they are named: Pillow knows others that run programs."""

ORIENTATION, TURNED = 0x0112, range(2, 9)
"""EXIF's tag of how an image lies, and the values that are not upright."""

DEEP = (";16B", ";16L", ";16N")
"""How Pillow's names of codings of 16 bits a channel end."""


def image_files(folder: Path) -> list[Path]:
    """Images right in a folder, then those in its subfolders; each sorted by name, none hidden."""
    return [path for path in _visible(folder) if _is_image(path)]


def _visible(folder: Path) -> list[Path]:
    """What lies in a folder, then what lies in its subfolders; each sorted, nothing hidden."""
    found = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    below = [sorted(path.iterdir()) for path in found if path.is_dir()]
    return found + [path for files in below for path in files if not path.name.startswith(".")]


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and path.is_file()


def read_images(folder: Path, colour: str) -> tuple[Images, dict[str, int]]:
    """Read images of one size.

    Parameters
    ----------
    folder
        What holds them, or subfolders with them, each a class.
    colour
        "grey" or "rgb"; images of other colours are converted.

    Returns
    -------
    images
        uint8, turned as EXIF says; labelled by subfolder, if there are subfolders.
    counts
        By what it is: what was turned, and what was left out.

    Raises
    ------
    ValueError
        If an image cannot be read, is transparent anywhere, has more than 8 bits a channel or
        another size than the first; if all are too large together; or if some images are in
        subfolders and some are not. The message names the file.
    """
    import numpy as np

    from study.datasets._own import Images

    require_known("colour", colour, COLOURS)
    files = image_files(folder)
    if not files:
        raise ValueError(f"{folder}: expected images ({', '.join(SUFFIXES)}), found none")
    labels = [path.relative_to(folder).parts[:-1] for path in files]
    for path, label in zip(files, labels, strict=True):
        if len(label) != len(labels[0]):
            raise ValueError(
                f"{path}: expected all images in subfolders, one a class, or none; "
                f"{files[0]} is not placed like this one"
            )
    counts = Counter(_left_out(folder, files))
    pixels = _pixels(files, colour, counts)
    named = np.array([label[0] for label in labels]) if labels[0] else None
    return Images(pixels, named), {what: count for what, count in counts.items() if count}


def _left_out(folder: Path, files: list[Path]) -> dict[str, int]:
    """How much of a folder is not read."""
    others = set(_visible(folder)) - set(files)
    folders = {path for path in others if path.is_dir()}
    used = {path.parent for path in files}
    return {
        "files of other kinds left out": len(others - folders),
        "deeper folders left out": sum(path.parent != folder for path in folders),
        "folders without images": sum(path.parent == folder for path in folders - used),
    }


def _pixels(files: list[Path], colour: str, counts: Counter[str]) -> NDArray[np.uint8]:
    """Read all images into one array, and count what is peculiar."""
    import numpy as np
    from PIL import ImageOps

    pixels = np.empty(0, dtype=np.uint8)
    for index, path in enumerate(files):
        with reading(path, "an image"), _opened(path) as image:
            _check_size(image, len(files), colour)
            _check_depth(image)
            _check_opacity(image)
            counts["images turned as EXIF says"] += image.getexif().get(ORIENTATION, 1) in TURNED
            counts["frames after the first left out"] += getattr(image, "n_frames", 1) - 1
            upright = np.asarray(ImageOps.exif_transpose(image).convert(COLOURS[colour]))
            if index == 0:
                pixels = np.empty((len(files), *upright.shape), dtype=np.uint8)
            if upright.shape != pixels.shape[1:]:
                raise ValueError(
                    f"expected {_size(pixels[0])} pixels, as {files[0]} has, got {_size(upright)}"
                )
            pixels[index] = upright
    return pixels


def _opened(path: Path) -> ImageFile:
    from PIL import Image, UnidentifiedImageError

    try:
        return Image.open(path, formats=FORMATS)
    except UnidentifiedImageError as error:
        raise ValueError(f"expected one of the formats {', '.join(FORMATS)}") from error


def _check_size(image: ImageFile, images: int, colour: str) -> None:
    """Refuse, before any is unpacked, images that are too large together."""
    (width, height), channels = image.size, CHANNELS[colour]
    if images * height * width * channels > LARGEST:
        raise ValueError(
            f"expected at most {LARGEST:,} values, got {images:,} images of {width} x {height} "
            f"pixels and {channels} channel{'s' * (channels > 1)}"
        )


def _check_depth(image: ImageFile) -> None:
    """Refuse more than 8 bits a channel, which Pillow cuts in colour images without a word."""
    deep = image.mode[0] in "IF"
    for codec, _, _, coding in image.tile:
        parts = coding if isinstance(coding, tuple) else (coding,)
        greatest = parts[1:2] if codec in ("ppm", "ppm_plain") else ()
        deep |= str(parts[0]).endswith(DEEP) or any(value > 255 for value in greatest)
    if deep:
        raise ValueError(f"expected 8 bits a channel, got more, in the mode {image.mode}")


def _check_opacity(image: ImageFile) -> None:
    """Refuse what has no colour of its own."""
    if image.has_transparency_data and image.convert("RGBA").getchannel("A").getextrema()[0] != 255:
        raise ValueError(
            "expected an opaque image, got transparent pixels, whose colour depends on what lies "
            "behind them; lay it on a background first"
        )


def _size(image: NDArray[np.uint8]) -> str:
    height, width = image.shape[:2]
    return f"{width} x {height}"
