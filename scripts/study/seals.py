"""Files between steps: written whole or not at all, and read as they were written.

A step writes under other names. What it has finished gets its name, and beside it a seal, its
SHA-256 as `sha256sum --check` reads it; who reads the file compares the two. So a file of any kind
that was cut short or changed is found, where its form alone would not tell: a table at the end of
a row, a text. Files that are kept, and not made anew by a step, have one list for all of a folder.
"""

import hashlib
import json
import os
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from study.reading import reading

UNFINISHED = ".unfinished."
"""How the names of files begin that are being written."""

LIST = "SHA256SUMS"
"""Of a folder, the digests of what is kept in it and below, in the form of a seal."""

REMEDY = "remove it, then run again"
"""What a user can do about a damaged file of a step."""


def unfinished(file: Path) -> Path:
    """Where a file is written."""
    return file.with_name(f"{UNFINISHED}{file.name}")


def finished(file: Path) -> Path:
    """Under which name a file that is being written will appear."""
    return file.with_name(file.name.removeprefix(UNFINISHED))


def finish(file: Path) -> None:
    """Seal what was written and give it its name."""
    written = unfinished(file)
    seal = _seal(file)
    unfinished(seal).write_text(f"{_digest(written)}  {file.name}\n", encoding="utf-8")
    os.replace(unfinished(seal), seal)
    os.replace(written, file)


def check(file: Path) -> None:
    """Compare a file with its seal, or with the list of a folder above it, if it is in one.

    Raises
    ------
    ValueError
        If they differ, naming the file.
    """
    seal = _seal(file)
    if seal.exists():
        if not seal.read_bytes().startswith(_digest(file).encode()):
            raise ValueError(
                f"{file}: expected what its step wrote, but it was cut short or changed since; "
                f"{REMEDY}"
            )
        return
    for folder in file.parents:
        expected = _listed(folder / LIST).get(file.relative_to(folder).as_posix())
        if expected is not None and expected != _digest(file):
            raise ValueError(
                f"{file}: expected what was kept, whose digest is in {folder / LIST}, but it was "
                "cut short or changed since; bring it back, say by `git checkout`"
            )


def list_all(folder: Path, files: Iterable[Path]) -> None:
    """Write the digests of files that are kept in a folder."""
    told = (f"{_digest(file)}  {file.relative_to(folder).as_posix()}\n" for file in sorted(files))
    (folder / LIST).write_text("".join(told), encoding="utf-8")


def read_json(file: Path) -> dict[str, Any]:
    """Read a JSON file that has names and values.

    Raises
    ------
    ValueError
        If it is damaged, naming the file.
    """
    with reading(file, "JSON", REMEDY):
        return dict(json.loads(file.read_text(encoding="utf-8")))


def _seal(file: Path) -> Path:
    return file.with_name(f".{file.name}.sha256")


@cache
def _listed(file: Path) -> dict[str, str]:
    """Digest by path; none where there is no list."""
    if not file.is_file():
        return {}
    lines = (line.split("  ", 1) for line in file.read_text(encoding="utf-8").splitlines())
    return {path: digest for digest, path in lines}


def _digest(file: Path) -> str:
    with open(file, "rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
