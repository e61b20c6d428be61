"""Keep of a finished study what redraws its figures and tables, and where it came from."""

import csv
import gzip
import json
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from step import run
from study import seals
from study.contracts import read_rows
from study.seals import read_json

RESULTS, REFERENCE = Path("results"), Path("results/reference")

PARTS = ("profiles", "datasets", "evaluations", "models")
"""Folders of what is kept, each as within the results."""

GPU = "gpu"
"""Folder of profiles/ with what was measured on a machine with a GPU."""

HEADING = "# The settings of the kept results, whole; README.md in this folder says more.\n"


def keep_reference(
    evaluations: list[Path],
    others: list[Path],
    machine: Path,
    report: Path,
    runs: list[str],
    settings: dict[str, Any],
) -> None:
    """Replace what results/reference keeps by this study.

    Measurements are kept as csv, those of experiments packed; beside them config.yaml (the study's
    settings), runs.csv (seconds and MiB of each training, and when it ended), provenance.json
    (commit, date, machine and versions) and SHA256SUMS.

    Parameters
    ----------
    evaluations
        The tidy tables of the experiments.
    others
        Files that are kept as they are, at their places within the results.
    machine
        JSON of `describe_machine`.
    report
        The report as PDF, kept beside the folder in which it is made anew.
    runs
        Folders of all trainings, within the results.
    settings
        The configuration.

    Raises
    ------
    FileNotFoundError
        If a training left no account of its time and memory.
    """
    _clear(of_a_gpu=any(file.parent.name == GPU for file in others))
    for table in evaluations:
        packed = _kept(table).with_suffix(".csv.gz")
        packed.write_bytes(gzip.compress(table.read_bytes(), mtime=0))
    for file in (*others, machine):
        shutil.copy(file, _kept(file))
    shutil.copy(report, REFERENCE / report.name)
    text = yaml.safe_dump(settings, sort_keys=False, width=100)
    (REFERENCE / "config.yaml").write_text(HEADING + text, encoding="utf-8")
    with open(REFERENCE / "runs.csv", "w", newline="") as accounts:
        writer = csv.writer(accounts)
        writer.writerow(["run", "seconds", "peak_memory_mib", "ended"])
        writer.writerows([folder, *_account(RESULTS / folder)] for folder in runs)
    provenance = {
        "commit": _commit(),
        "kept": datetime.now(UTC).date().isoformat(),
        **read_json(machine),
    }
    (REFERENCE / "provenance.json").write_text(json.dumps(provenance, indent=2) + "\n")
    seals.list_all(REFERENCE, _files())


def _clear(of_a_gpu: bool) -> None:
    """Remove what was kept, but for the timings of a GPU where this study has none."""
    profiles = REFERENCE / "profiles"
    for file in [*profiles.glob("*")]:
        if file.name == GPU and not of_a_gpu:
            continue
        if file.is_dir():
            shutil.rmtree(file)
        else:
            file.unlink()
    for part in PARTS[1:]:
        shutil.rmtree(REFERENCE / part, ignore_errors=True)


def _files() -> Iterator[Path]:
    """All that is kept, but for what a machine with a GPU wrote, which is put there by hand."""
    for part in PARTS:
        for file in (REFERENCE / part).rglob("[!.]*"):
            if file.is_file() and file.parent.name != GPU:
                yield file
    for name in ("config.yaml", "provenance.json", "report.pdf", "runs.csv"):
        yield REFERENCE / name


def _kept(file: Path) -> Path:
    """Place of a file among the kept ones; its folder is made."""
    place = REFERENCE / file.relative_to(RESULTS)
    place.parent.mkdir(parents=True, exist_ok=True)
    return place


def _account(folder: Path) -> tuple[str, str, str]:
    """Seconds, peak memory (MiB) and the day of the end of a training, from Snakemake's account."""
    account = folder / "benchmark.tsv"
    (row,) = read_rows(account, ("s", "max_rss"), delimiter="\t")
    ended = datetime.fromtimestamp(account.stat().st_mtime, UTC)
    return row["s"], row["max_rss"], ended.date().isoformat()


def _commit() -> str:
    """Commit that is checked out, marked where files differ from it, but for what is kept."""
    head = _git("rev-parse", "HEAD")
    if head is None:
        return "unknown"
    elsewhere = ("--", ".", f":!{REFERENCE}")
    changed = _git("status", "--porcelain", "--untracked-files=no", *elsewhere)
    return f"{head}-dirty" if changed else head


def _git(*arguments: str) -> str | None:
    """What git prints; None where there is no repository, or no git."""
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


if __name__ == "__main__":
    run(keep_reference, globals())
