"""Images of a user's own in an npz file."""

from pathlib import Path

from study.arrays import array_names, read_arrays
from study.datasets._own import Images
from study.reading import LARGEST

PARTED = ("x_train", "x_test")


def read_npz(path: Path) -> tuple[Images, Images | None]:
    """Read images, and labels if there are any, from an npz without pickles.

    Parameters
    ----------
    path
        Of a file with `x_train` and `x_test` (and `y_train`, `y_test`), or with `x` (and `y`).

    Returns
    -------
    Images to train on, and to test on if the file has such.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is truncated, holds other arrays, or the arrays are no images; the message names
        the file and the array.
    """
    names = array_names(path)
    if all(name in names for name in PARTED):
        return _images(path, "x_train", "y_train", names), _images(path, "x_test", "y_test", names)
    if "x" not in names:
        found = ", ".join(names[:10]) or "none"
        raise ValueError(f"{path}: expected the arrays x_train and x_test, or x; found {found}")
    return _images(path, "x", "y", names), None


def _images(path: Path, x: str, y: str, names: list[str]) -> Images:
    arrays = read_arrays(path, *(name for name in (x, y) if name in names), most=LARGEST)
    try:
        return Images(arrays[x], arrays.get(y))
    except ValueError as error:
        raise ValueError(f"{path}: {x}: {error}") from error
