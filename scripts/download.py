"""One raw file of the data catalogue."""

import os
import sys
from pathlib import Path

from step import run
from study import seals
from study.download import Wanted, fetch


def download(file: Path, urls: list[str], sha256: str, size: int) -> None:
    """Bring a file, first of all from the mirror that VAE_DATA_MIRROR names, if it names one.

    Parameters
    ----------
    file
        Where it shall appear; its name is that of the file wherever it comes from.
    urls
        Addresses in order of preference.
    sha256, size
        What the file must be, the size in bytes.
    """
    name = seals.finished(file).name
    wanted = Wanted(name, urls, sha256, size)
    address = fetch(wanted, file, mirror=os.environ.get("VAE_DATA_MIRROR"))
    print(f"{name}: from {address}", file=sys.stderr)


if __name__ == "__main__":
    run(download, globals())
