"""Images and labels in the idx format, in which MNIST is published."""

import gzip
import zlib
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from study.datasets._own import Images

GZIP_MAGIC = b"\x1f\x8b"

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
        If the file is truncated, too long or of another format; the message names the byte.
    """
    raw = _unpacked(path)
    data = raw.data
    header = 4 + SIZE_BYTES * dimensions
    if data[:2] != bytes(2)[: len(data)] or not data:
        raise raw.fault(0, f"expected an idx file, which begins with 00 00, got {_hex(data[:2])}")
    if len(data) > 2 and data[2] != BYTES:
        raise raw.fault(2, f"expected the type 08, unsigned bytes, got {_hex(data[2:3])}")
    if len(data) > 3 and data[3] != dimensions:
        raise raw.fault(3, f"expected {dimensions} as the number of dimensions, got {data[3]}")
    if len(data) < header:
        raise raw.fault(
            len(data), f"the file ends within its header of {header} bytes; it was cut short"
        )
    shape = np.frombuffer(data, dtype=">u4", count=dimensions, offset=4).tolist()
    for axis, size in enumerate(shape):
        if size == 0:
            raise raw.fault(4 + SIZE_BYTES * axis, f"expected a size of 1 or more, got {shape}")
    end = header + prod(shape)
    expected = f"{' x '.join(f'{size:,}' for size in shape)} values to end at byte {end:,}"
    if len(data) < end:
        raise raw.fault(len(data), f"the file ends here; expected {expected}; it was cut short")
    if len(data) > end:
        raise raw.fault(end, f"expected {expected}, got {len(data) - end:,} more bytes")
    return np.frombuffer(data, dtype=np.uint8, offset=header).reshape(shape)


@dataclass(frozen=True)
class _Raw:
    """What a file holds, unpacked if it is gzip."""

    path: Path
    data: bytes
    packed: bool

    def fault(self, offset: int, reason: str) -> ValueError:
        """Return the error that says what is wrong at a byte."""
        of = " of the unpacked data" if self.packed else ""
        return ValueError(f"{self.path}: byte {offset:,}{of}: {reason}")


def _unpacked(path: Path) -> _Raw:
    """Read a file, plain or gzip: its first bytes tell, not its name."""
    content = path.read_bytes()
    if not content.startswith(GZIP_MAGIC):
        return _Raw(path, content, packed=False)
    try:
        return _Raw(path, gzip.decompress(content), packed=True)
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(
            f"{path}: its gzip data are damaged or were cut short ({error})"
        ) from error


def _hex(data: bytes) -> str:
    return data.hex(" ") or "an empty file"
