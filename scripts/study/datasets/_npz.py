"""Images of a user's own in an npz file."""

import zlib
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, is_zipfile

import numpy as np
from numpy.typing import NDArray

from study.dataset import Dataset
from study.datasets._own import Images, own_dataset

PARTED = ("x_train", "x_test")


def read_npz(path: Path, test_fraction: float | None, rng: np.random.Generator) -> Dataset:
    """Read images, and labels if there are any, from an npz without pickles.

    Parameters
    ----------
    path
        Of a file with `x_train` and `x_test` (and `y_train`, `y_test`), or with `x` (and `y`).
    test_fraction
        Of each class of `x` to hold out; None where there is `x_test`.
    rng
        Decides what is held out.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is truncated, holds other arrays, or the arrays are no images; the message names
        the file and the array.
    """
    arrays = _arrays(path)
    parted = all(name in arrays for name in PARTED)
    if not parted and "x" not in arrays:
        raise ValueError(
            f"{path}: expected the arrays x_train and x_test, or x; "
            f"found {', '.join(arrays) or 'none'}"
        )
    if parted and test_fraction is not None:
        raise ValueError(
            f"{path}: has x_test, so test_fraction would have no meaning; take that key away"
        )
    if not parted and test_fraction is None:
        raise ValueError(f"{path}: has no x_test, so a test_fraction is needed")
    try:
        if not parted:
            train = _images(arrays, "x", "y")
            return own_dataset(train, test_fraction=test_fraction, rng=rng)
        train = _images(arrays, "x_train", "y_train")
        return own_dataset(train, _images(arrays, "x_test", "y_test"), rng=rng)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def _arrays(path: Path) -> dict[str, NDArray[Any]]:
    with open(path, "rb") as file:
        if not is_zipfile(file):
            size = path.stat().st_size
            raise ValueError(
                f"{path}: expected an npz file, but its {size:,} bytes have no directory at their "
                "end; it is of another kind or was cut short"
            )
        file.seek(0)
        arrays = {}
        try:
            with np.load(file, allow_pickle=False) as archive:
                for name in archive:
                    arrays[name] = archive[name]
        except (ValueError, EOFError, BadZipFile, zlib.error) as error:
            place = f"after the arrays {', '.join(arrays)}" if arrays else "from its first array on"
            raise ValueError(f"{path}: cannot be read {place} ({error})") from error
    return arrays


def _images(arrays: dict[str, NDArray[Any]], x: str, y: str) -> Images:
    try:
        return Images(arrays[x], arrays.get(y))
    except ValueError as error:
        raise ValueError(f"{x}: {error}") from error
