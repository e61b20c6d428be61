"""What files of one's own hold: a digest, read anew where the system says that one was written."""

import hashlib
import json
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path

KNOWN = Path(".snakemake/contents.json")
"""Digest of each file that was read before, and what the system said of the file then."""


def digest(files: Iterable[Path]) -> str:
    """Digest of names and contents, which dates do not change.

    A file is read once, and again when its size, a date or its place on the disk has changed. The
    date of its last change is among them, which the system sets and no program can.
    """
    known = _known()
    told = {str(file): _state(file) for file in files}
    news = {file: state for file, state in told.items() if known.get(file, [])[:-1] != state}
    if news:
        known |= {file: [*state, _read(Path(file))] for file, state in news.items()}
        _keep(known)
    whole = hashlib.sha256()
    for file in sorted(told):
        whole.update(f"{file}\0{known[file][-1]}\0".encode(errors="surrogateescape"))
    return whole.hexdigest()[:16]


def _state(file: Path) -> list[int]:
    status = file.stat()
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]


def _read(file: Path) -> str:
    with open(file, "rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


@cache
def _known() -> dict[str, list[int | str]]:
    with suppress(OSError, ValueError):
        return dict(json.loads(KNOWN.read_text(encoding="utf-8")))
    return {}


def _keep(known: dict[str, list[int | str]]) -> None:
    """Remember, for the next planning; a folder that cannot be written only makes that slower."""
    with suppress(OSError):
        KNOWN.parent.mkdir(exist_ok=True)
        unfinished = KNOWN.with_suffix(".unfinished")
        unfinished.write_text(json.dumps(known), encoding="utf-8")
        unfinished.replace(KNOWN)
