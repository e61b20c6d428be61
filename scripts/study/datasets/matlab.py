"""Matrices in MATLAB's file format of version 5."""

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from study.datasets.raw import RawFile, read_raw

HEADER_BYTES = 128
BYTE_ORDERS = {b"\x00\x01IM": "<u4", b"\x01\x00MI": ">u4"}
"""The end of the header, version 5 and byte order, to the type of the sizes that follow."""

ELEMENTS = (14, 15)
"""Types of what a file holds: a matrix, and a compressed one."""


def read_matrix(path: Path, name: str, shape: tuple[int, ...], dtype: type) -> NDArray[Any]:
    """Read a variable, which must have a shape and a dtype.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is truncated, malformed or of another format (the message names the byte), has
        no such variable, or the variable is of another shape or dtype.
    """
    from scipy.io import loadmat, whosmat

    raw = read_raw(path)
    _check_elements(raw)
    try:
        found = [variable for variable, _, _ in whosmat(BytesIO(raw.data))]
        matrix = loadmat(BytesIO(raw.data), variable_names=[name]).get(name)
    except Exception as error:  # SciPy raises many types, down to TypeError, at malformed data
        raise ValueError(f"{path}: malformed within its MATLAB elements ({error})") from error
    if matrix is None:
        raise ValueError(
            f"{path}: expected a variable {name}, found {', '.join(found) or 'none at all'}"
        )
    if matrix.shape != shape or matrix.dtype != dtype:
        raise ValueError(
            f"{path}: {name}: expected {np.dtype(dtype)} of shape {shape}, "
            f"got {matrix.dtype} of shape {matrix.shape}"
        )
    return matrix


def _check_elements(raw: RawFile) -> None:
    """Raise unless the file is a header followed by whole elements."""
    data = raw.data
    version = data[HEADER_BYTES - 4 : HEADER_BYTES]
    if version not in BYTE_ORDERS:
        if len(data) < HEADER_BYTES and (b"MATLAB".startswith(data[:6]) or not data):
            raise raw.fault(
                len(data),
                f"the file ends within its header of {HEADER_BYTES} bytes; it was cut short",
            )
        raise raw.fault(
            HEADER_BYTES - 4 if data.startswith(b"MATLAB") else 0,
            "expected a MATLAB file of version 5",
        )
    position = HEADER_BYTES
    while position < len(data):
        tag = np.frombuffer(data[position : position + 8].ljust(8, b"\0"), BYTE_ORDERS[version])
        kind, size = tag.tolist()
        end = position + 8 + size
        if kind not in ELEMENTS and position + 8 <= len(data):
            raise raw.fault(position, f"expected a matrix, type 14 or 15, got the type {kind}")
        if end > len(data) or position + 8 > len(data):
            raise raw.fault(
                len(data),
                f"the file ends within the element that begins at byte {position:,}; "
                "it was cut short",
            )
        position = end
    if position == HEADER_BYTES:
        raise raw.fault(position, "the file ends after its header; it was cut short")
