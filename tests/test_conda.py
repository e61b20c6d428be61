"""Conda: the study from Snakemake alone, each step in an environment of its own."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from bare_environment import bare_environment
from conftest import ROOT, TINY, Project, copy_project

STANDIN = ROOT.parent / "shared/conda-standin/bin"
"""A program that stands in for conda where no channel can be reached, if it is there."""


def conda() -> str | None:
    """Folder of a conda to use."""
    if (STANDIN / "conda").exists():
        return str(STANDIN)
    found = shutil.which("conda")
    return str(Path(found).parent) if found else None


REASON = None if os.environ.get("TEST_CONDA") else "minutes; with TEST_CONDA=1"
if conda() is None:
    REASON = "not installed"

pytestmark = pytest.mark.skipif(REASON is not None, reason=f"conda: {REASON}")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """In a folder whose name has a blank, as some have."""
    return copy_project(tmp_path_factory.mktemp("my study") / "project")


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Interpreter of an environment with Snakemake and what it needs."""
    return bare_environment(tmp_path_factory.mktemp("snakemake"), ["snakemake"])


def run(project: Project, python: Path, *arguments: str) -> str:
    """Run Snakemake where nothing else of this environment can be seen."""
    path = os.pathsep.join([str(conda()), str(python.parent), "/usr/local/bin", "/usr/bin", "/bin"])
    passed_on = {
        name: os.environ[name]
        for name in ("HOME", "SSL_CERT_FILE", "PIP_CACHE_DIR")
        if name in os.environ
    }
    done = subprocess.run(
        [python, "-m", "snakemake", "--cores", "2", "--use-conda", *arguments],
        cwd=project.root,
        env={"PATH": path, "LANG": "C.UTF-8", **passed_on},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-20000:]
    return done.stdout


def test_the_study_and_the_kept_results_run_from_snakemake_alone(project: Project, alone: Path):
    run(project, alone, "--configfile", TINY)
    assert (project.root / "results/report/report.pdf").exists()
    tensorflow = "results/models/digits/tiny/report/z2-nall-e3/tensorflow-seed1/model.npz"
    run(project, alone, tensorflow, "--configfile", TINY)
    assert (project.root / tensorflow).exists()
    run(project, alone, "--config", "results=reference")
    assert (project.root / "results/reference/report/report.pdf").exists()
