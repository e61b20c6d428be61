"""Files that this package saves: written whole, and one sentence for whatever is wrong with one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np


def save_arrays(path: str | Path, **arrays: Any) -> None:
    """Write arrays as an npz without pickles, at once or not at all.

    Raises
    ------
    OSError
        If it cannot be written; what was there before stays.
    """
    path = Path(path)
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        with open(unfinished, "wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


@contextmanager
def saved_arrays(path: str | Path, what: str) -> Iterator[Any]:
    """Open an npz that this package saved, for a block that reads a model from it.

    Parameters
    ----------
    path
        The file.
    what
        What it should hold, such as "a model".

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is damaged or of another kind, or the block finds its contents so; it names the
        file.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            yield arrays
    except (FileNotFoundError, PermissionError):
        raise
    # zipfile, zlib and NumPy have a dozen kinds of error for a damaged file.
    except Exception as error:
        raise ValueError(f"{path} is not {what} saved by this package: {error}") from error
