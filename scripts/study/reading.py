"""Reading files that others made: no more than is wanted, and what is wrong in a sentence."""

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import shorten
from typing import BinaryIO

LARGEST = 2**30
"""Bytes of one array of a user's own: what a dataset is made of takes three times as much."""

GZIP_MAGIC = b"\x1f\x8b"


@contextmanager
def reading(path: Path, form: str, remedy: str = "") -> Iterator[None]:
    """Make one error of all that a library raises at malformed data, down to TypeError.

    Parameters
    ----------
    path
        Of the file.
    form
        What it should be, such as "a tar archive".
    remedy
        What to do about it.

    Raises
    ------
    MemoryError, FileNotFoundError, PermissionError
        As the block does.
    ValueError
        If the block raises anything else; the message names the file.
    """
    try:
        yield
    except (MemoryError, FileNotFoundError, PermissionError):
        raise
    except Exception as error:
        reason = shorten(str(error) or type(error).__name__, 300)
        told = "; ".join(filter(None, [f"{path}: cannot be read as {form} ({reason})", remedy]))
        raise ValueError(told) from error


@contextmanager
def unpacked(path: Path) -> Iterator[BinaryIO | gzip.GzipFile]:
    """Open a file, plain or gzip: its first bytes tell, not its name.

    Yields
    ------
    binary file
        A `gzip.GzipFile`, which unpacks no more than is read of it, or the file itself.

    Raises
    ------
    ValueError
        While it is read, if its gzip data are damaged; the message names the file.
    """
    with open(path, "rb") as file:
        if file.peek(2)[:2] != GZIP_MAGIC:
            yield file
            return
        try:
            with gzip.GzipFile(fileobj=file) as content:
                yield content
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise ValueError(
                f"{path}: its gzip data are damaged or were cut short ({error})"
            ) from error
