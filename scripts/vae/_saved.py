"""Reading of what this package saved, with one sentence for whatever is wrong with a file."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np


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
    except FileNotFoundError:
        raise
    except (KeyError, TypeError, ValueError, OSError, EOFError, BadZipFile) as error:
        raise ValueError(f"{path} is not {what} saved by this package: {error}") from error
