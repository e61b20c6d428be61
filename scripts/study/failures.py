"""Sentences on the steps that failed, left by each and told together when the run ends."""

import hashlib
import shutil
from pathlib import Path

FOLDER = Path(".snakemake/failures")


def leave(sentence: str, log: str) -> None:
    """Leave a step's sentence; a step is told by its log."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    name = hashlib.sha256(log.encode()).hexdigest()[:16]
    (FOLDER / name).write_text(f"{sentence} (log: {log})\n", encoding="utf-8")


def forget() -> None:
    """Remove what an earlier run left."""
    shutil.rmtree(FOLDER, ignore_errors=True)


def told() -> str:
    """All sentences, a line each, in the order in which they were left."""
    files = sorted(FOLDER.glob("*"), key=lambda file: file.stat().st_mtime_ns)
    return "".join(file.read_text(encoding="utf-8") for file in files)
