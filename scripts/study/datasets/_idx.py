"""Images and labels in the idx format, in which MNIST is published."""

from gzip import GzipFile
from math import prod
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from study.datasets._own import Images
from study.reading import LARGEST, unpacked

BYTES = 0x08
"""The format's code of unsigned bytes."""

SIZE_BYTES = 4
"""A size is a big-endian whole number of 4 bytes."""


def read_idx_images(images: Path, labels: Path | None) -> Images:
    """Read one file of images, and one of labels if there are any.

    Raises
    ------
    ValueError
        If a file is truncated or malformed, or the two do not go together.
    """
    pixels = read_idx(images, 3)
    y = read_idx(labels, 1) if labels else None
    try:
        return Images(pixels, y)
    except ValueError as error:
        raise ValueError(f"{images}: {error}") from error


def read_idx(path: Path, dimensions: int) -> NDArray[np.uint8]:
    """Read an array of unsigned bytes, from a plain file or a gzip one.

    Parameters
    ----------
    path
        Of the file.
    dimensions
        How many the array must have: 3 for images, 1 for labels.

    Returns
    -------
    uint8 array
        With as many dimensions, none of them empty.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is truncated, too long, too large or of another format; the message names the
        byte.
    """
    with unpacked(path) as file:
        return _read(path, file, dimensions)


def _read(path: Path, file: BinaryIO | GzipFile, dimensions: int) -> NDArray[np.uint8]:
    """Read the header, and then no more than it says."""

    def fault(offset: int, reason: str) -> ValueError:
        of = " of the unpacked data" if isinstance(file, GzipFile) else ""
        return ValueError(f"{path}: byte {offset:,}{of}: {reason}")

    header = 4 + SIZE_BYTES * dimensions
    data = file.read(header)
    if data[:2] != bytes(2)[: len(data)] or not data:
        raise fault(0, f"expected an idx file, which begins with 00 00, got {_hex(data[:2])}")
    if len(data) > 2 and data[2] != BYTES:
        raise fault(2, f"expected the type 08, unsigned bytes, got {_hex(data[2:3])}")
    if len(data) > 3 and data[3] != dimensions:
        raise fault(3, f"expected {dimensions} as the number of dimensions, got {data[3]}")
    if len(data) < header:
        reason = f"the file ends within its header of {header} bytes; it was cut short"
        raise fault(len(data), reason)
    shape = np.frombuffer(data, dtype=">u4", offset=4).tolist()
    for axis, length in enumerate(shape):
        if length == 0:
            raise fault(4 + SIZE_BYTES * axis, f"expected a size of 1 or more, got {shape}")
    size = prod(shape)
    values = f"{' x '.join(f'{length:,}' for length in shape)} values"
    if size > LARGEST:
        raise fault(4, f"expected at most {LARGEST:,} values, got {values}")
    pixels = file.read(size + 1)
    end = header + size
    if len(pixels) < size:
        reason = f"the file ends here; expected {values} to end at byte {end:,}; it was cut short"
        raise fault(header + len(pixels), reason)
    if len(pixels) > size:
        raise fault(end, f"expected {values} to end here, got more bytes")
    return np.frombuffer(pixels, dtype=np.uint8).reshape(shape)


def _hex(data: bytes) -> str:
    return data.hex(" ") or "an empty file"
