"""Where and how the project may lie, and what a caller's environment may hold."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import TINY, Project, copy_project

import describe_machine

STUB = """#!/bin/sh
case "$1 $2" in
  "-m venv") mkdir -p .venv/bin; printf '#!/bin/sh\\nenv >environment\\nexit 3\\n' >.venv/bin/python
             chmod +x .venv/bin/python;;
  *) echo Python;;
esac
"""
"""An interpreter whose virtual environment's, in turn, notes its environment and fails."""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return copy_project(tmp_path / "project")


def make(project: Project, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
    stub = project.root / "stub"
    stub.write_text(STUB)
    stub.chmod(0o755)
    return subprocess.run(
        ["make", "PYTHON=./stub", *arguments],
        cwd=project.root,
        env=os.environ | environment,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("name", ["my study", "reader's study", 'a "b" $c & d'])
def test_the_environment_may_lie_in_a_folder_of_any_name(tmp_path: Path, name: str):
    place = copy_project(tmp_path / name / "project")
    (tmp_path / name / ".venv").symlink_to(sys.prefix)
    python = str(tmp_path / name / ".venv/bin/python")
    target = "results/datasets/digits.npz"
    place.run(python, "-m", "snakemake", "--cores", "1", target, "--configfile", TINY)
    assert (place.root / target).exists()


def test_another_folder_than_the_projects_is_refused_by_its_name(project: Project, tmp_path: Path):
    printed = project.run(
        *("snakemake", "-n", "--directory", str(tmp_path / "elsewhere")),
        *("--configfile", str(project.root / TINY)),
        status=1,
    )
    assert printed.splitlines()[-1] == (
        f"config: {tmp_path / 'elsewhere'} has no config/config.yaml; expected Snakemake to run in "
        "the folder of the project, without --directory"
    )


def test_the_backend_of_a_notebook_draws_no_figures_here(
    project: Project, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("MPLBACKEND", "module://no_such_backend")
    project.snakemake("--cores", "1", "figure_6_1_network_structures")


def test_a_program_that_may_not_be_run_is_none(monkeypatch: pytest.MonkeyPatch):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied", "nvidia-smi")

    monkeypatch.setattr(describe_machine.subprocess, "run", refuse)
    assert describe_machine._gpu() == "none"


@pytest.mark.parametrize("kind", ["link", "folder"])
def test_make_empties_no_environment_that_it_did_not_make(project: Project, kind: str):
    theirs = project.root / ("theirs" if kind == "link" else ".venv")
    theirs.mkdir()
    (theirs / "kept").touch()
    if kind == "link":
        (project.root / ".venv").symlink_to(theirs)
        (theirs / "complete").touch()
        os.utime(theirs / "complete", (0, 0))
    done = make(project)
    assert done.returncode != 0
    assert done.stderr.startswith(".venv was not made by make, which would empty it.")
    assert (theirs / "kept").exists()


def test_make_begins_an_installation_of_its_own_again(project: Project):
    for _ in range(2):
        done = make(project)
        assert "Installing requirements.lock" in done.stdout
        assert (project.root / "environment").exists()
        (project.root / "environment").unlink()


def test_where_pip_installs_is_not_the_callers_to_choose(project: Project):
    make(project, PIP_USER="1", PIP_TARGET="/elsewhere", HOME="/dev/null/home")
    noted = dict(
        line.split("=", 1)
        for line in (project.root / "environment").read_text().splitlines()
        if "=" in line
    )
    assert noted["PIP_USER"] == "0" and "PIP_TARGET" not in noted
    assert noted["XDG_CACHE_HOME"] == str(project.root / ".snakemake/cache")
