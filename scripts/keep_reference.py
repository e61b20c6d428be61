"""Keep of a finished study what redraws its figures and tables, and where it came from."""

import gzip
import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from step import run
from study import seals
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
    provenance: Path,
    report: Path,
    settings: dict[str, Any],
) -> None:
    """Replace what results/reference keeps by this study.

    Measurements are kept as csv, those of experiments packed; beside them config.yaml (the study's
    settings), SHA256SUMS and, with the day of keeping, provenance.json.

    Parameters
    ----------
    evaluations
        The tidy tables of the experiments.
    others
        Files that are kept as they are, at their places within the results.
    provenance
        JSON of `record_study`.
    report
        The report as PDF, kept beside the folder in which it is made anew.
    settings
        The configuration.
    """
    _clear(of_a_gpu=any(file.parent.name == GPU for file in others))
    for table in evaluations:
        packed = _kept(table).with_suffix(".csv.gz")
        packed.write_bytes(gzip.compress(table.read_bytes(), mtime=0))
    for file in others:
        shutil.copy(file, _kept(file))
    shutil.copy(report, REFERENCE / report.name)
    text = yaml.safe_dump(settings, sort_keys=False, width=100)
    (REFERENCE / "config.yaml").write_text(HEADING + text, encoding="utf-8")
    kept = {"kept": datetime.now(UTC).date().isoformat(), **read_json(provenance)}
    (REFERENCE / provenance.name).write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
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
    for name in ("config.yaml", "provenance.json", "report.pdf", "runs.csv", "steps.csv"):
        yield REFERENCE / name


def _kept(file: Path) -> Path:
    """Place of a file among the kept ones; its folder is made."""
    place = REFERENCE / file.relative_to(RESULTS)
    place.parent.mkdir(parents=True, exist_ok=True)
    return place


if __name__ == "__main__":
    run(keep_reference, globals())
