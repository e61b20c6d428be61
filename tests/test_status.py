"""What `make status` and the end of a run tell."""

import base64
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, TINY, Project

from study import failures, verdicts

pytestmark = pytest.mark.xdist_group("study")


def status(project: Project) -> list[str]:
    script = str(ROOT / "workflow/status.py")
    return project.run(sys.executable, script, "--configfile", TINY).splitlines()


def test_a_finished_study_is_done(finished: Project):
    (line,) = status(finished)
    total = line.split()[-2]
    assert line == f"done {total}, begun 0, failed 0, left 0 of {total} steps"
    assert int(total) > 100


def test_what_is_left_running_and_failed_is_named(edited: Project):
    (edited.root / "results/report/report.html").unlink()
    snakemake = edited.root / ".snakemake"
    for folder in ("incomplete", "locks"):
        (snakemake / folder).mkdir(exist_ok=True)
    begun = "results/report/report.html"
    (snakemake / "incomplete" / base64.b64encode(begun.encode()).decode()).touch()
    (snakemake / "locks/0.output.lock").write_text(begun)
    failing = "results/figures/figure_6_1_network_structures"
    code = f"from study import failures; failures.leave('x: why', '{failing}.log', True)"
    subprocess.run(
        [sys.executable, "-c", code],
        cwd=edited.root,
        env={"PYTHONPATH": str(ROOT / "scripts")},
        check=True,
    )
    first, *named = status(edited)
    total = int(first.split()[-2])
    assert first == f"done {total - 2}, running 1, failed 1, left 2 of {total} steps"
    assert named == [f"  running: {begun}", f"  failed: x: why (log: {failing}.log)"]


def test_what_cannot_be_planned_is_one_sentence(edited: Project):
    (edited.root / TINY).write_text("epochz: 3\n")
    printed = edited.run(
        sys.executable, str(ROOT / "workflow/status.py"), "--configfile", TINY, status=1
    )
    assert printed.count("\n") == 1 and "epochz is not a key" in printed


def test_a_study_ends_with_its_verdicts_and_the_report(edited: Project):
    (edited.root / "results/report/report.html").unlink()
    printed = edited.snakemake("--cores", "1")
    assert "The report: results/report/report.html and results/report/report.pdf" in printed
    assert re.search(r"Not measured: \d+ of \d+ \(", printed)
    assert max(map(len, printed.splitlines())) < 600
    assert "The report" not in edited.snakemake(
        "--cores", "1", "--forcerun", "table_datasets", "--until", "table_datasets"
    )


def test_verdicts_are_counted_and_those_that_do_not_hold_are_named(tmp_path: Path):
    claims = {
        "a_holds": {"verdict": "holds"},
        "b_holds": {"verdict": "holds"},
        "c_does_not": {"verdict": "does not hold"},
    }
    (tmp_path / "claims.json").write_text(json.dumps(claims))
    assert verdicts.told(str(tmp_path)).splitlines() == [
        "Holds: 2 of 3",
        "Does not hold: 1 of 3 (c does not)",
        f"The report: {tmp_path}/report/report.html and {tmp_path}/report/report.pdf",
    ]


def test_failures_are_told_in_the_order_in_which_they_came(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    for number in range(3):
        failures.leave(f"step {number}", f"{number}.log", final=number == 1)
    assert failures.told().splitlines() == [f"step {n} (log: {n}.log)" for n in range(3)]
    assert [failures.is_final(f"{n}.log") for n in range(3)] == [False, True, False]
