"""One wording for an array that cannot be used."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def require_floats(name: str, array: Any) -> NDArray[Any]:
    """Return finite numbers in float32 or float64 as an array; raise a `ValueError` of others."""
    floats = np.asarray(array)
    if floats.dtype not in (np.float32, np.float64):
        raise ValueError(f"{name}: expected float32 or float64, got {floats.dtype}")
    if not np.isfinite(floats).all():
        raise ValueError(f"{name}: expected finite numbers, got others")
    return floats


def require_rows(name: str, x: Any, columns: int) -> NDArray[Any]:
    """Return rows of numbers as an array; raise a `ValueError` of anything else."""
    rows = np.asarray(x)
    if rows.ndim != 2 or rows.shape[1] != columns or rows.dtype.kind not in "buif":
        raise ValueError(
            f"{name}: expected n x {columns} numbers, got {rows.dtype} of shape {rows.shape}"
        )
    return rows
