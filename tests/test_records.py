"""What is read from Snakemake's own records of the steps that made a file."""

import base64
import json
from pathlib import Path

import pytest
from conftest import Project

from study.records import steps_behind


def record(folder: Path, file: str, rule: str, times: tuple[float, float], *taken: str) -> None:
    """Record a file as Snakemake does, in folders if its name is long."""
    name = base64.b64encode(file.encode()).decode()
    parts = [name[start : start + 200] for start in range(0, len(name), 200)]
    path = folder.joinpath(*(f"@{part}" for part in parts[:-1]), parts[-1])
    path.parent.mkdir(parents=True, exist_ok=True)
    fields = {"rule": rule, "log": [f"{rule}.log"], "input": taken}
    path.write_text(json.dumps(fields | dict(zip(("starttime", "endtime"), times, strict=True))))


def test_steps_are_those_that_the_files_come_from(tmp_path: Path):
    long = "results/" + "x" * 300
    record(tmp_path, long, "train", (0.0, 10.0))
    record(tmp_path, "history.csv", "train", (0.5, 12.0))
    record(tmp_path, "table.csv", "measure", (12.0, 13.0), long, "history.csv", "by-hand.csv")
    record(tmp_path, "other.csv", "elsewhere", (0.0, 1.0))
    assert steps_behind(["table.csv"], tmp_path) == [
        {"rule": "measure", "jobs": 1, "seconds": 1.0, "after": "train"},
        {"rule": "train", "jobs": 1, "seconds": 12.0, "after": ""},
    ]


def test_without_records_there_are_no_steps(tmp_path: Path):
    assert steps_behind(["table.csv"], tmp_path / "none") == []


@pytest.mark.xdist_group("study")
def test_a_study_records_its_steps_and_trainings(finished: Project):
    steps = (finished.root / "results/steps.csv").read_text().splitlines()
    rules = {line.split(",")[0] for line in steps[1:]}
    assert {"prepare_dataset", "train_vae", "evaluate_vae", "benchmark_implementations"} <= rules
    assert not any(rule.startswith(("figure_", "table_")) for rule in rules)
    provenance = json.loads((finished.root / "results/provenance.json").read_text())
    assert provenance["command"] == "snakemake --configfile tests/config/tiny.yaml"
