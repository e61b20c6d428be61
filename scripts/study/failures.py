"""Sentences on the steps that failed in this run, left by each and told together at its end."""

import hashlib
import shutil
from pathlib import Path

FOLDER = Path(".snakemake/failures")
KINDS = (".txt", ".final")


def leave(said: str, log: str, final: bool) -> None:
    """Leave a step's sentence.

    Parameters
    ----------
    said
        What is wrong.
    log
        The step's, which tells it from others.
    final
        Whether another try would end the same way.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    told = f"{said} (log: {log})\n"
    _file(log).with_suffix(KINDS[final]).write_text(told, encoding="utf-8")


def sentence(log: str) -> str | None:
    """What the step of a log left in this run; None if nothing."""
    for kind in KINDS:
        file = _file(log).with_suffix(kind)
        if file.exists():
            return file.read_text(encoding="utf-8").rstrip()
    return None


def is_final(log: str) -> bool:
    """Whether the step of a log has failed in this run in a way that no other try can mend."""
    return _file(log).with_suffix(KINDS[True]).exists()


def forget() -> None:
    """Remove what an earlier run left."""
    shutil.rmtree(FOLDER, ignore_errors=True)


def told() -> str:
    """All sentences, a line each, in the order in which they were left."""
    files = sorted(FOLDER.glob("*"), key=lambda file: file.stat().st_mtime_ns)
    return "".join(file.read_text(encoding="utf-8") for file in files)


def _file(log: str) -> Path:
    return FOLDER / hashlib.sha256(log.encode()).hexdigest()[:16]
