"""Unpack a tidy table of the kept results."""

import gzip
import zlib
from pathlib import Path

from step import run


def unpack_evaluations(packed: Path, table: Path) -> None:
    """Write the csv that a gzip file holds.

    Raises
    ------
    ValueError
        If the file is not whole, naming it.
    """
    try:
        text = gzip.decompress(packed.read_bytes())
        if not text:
            raise EOFError("it is empty")
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(f"{packed}: expected a whole gzip file: {error}") from error
    table.write_bytes(text)


if __name__ == "__main__":
    run(unpack_evaluations, globals())
