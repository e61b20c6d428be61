"""Whoever has installed Snakemake, and nothing else, can plan the study."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from bare_environment import bare_environment
from conftest import ROOT, Project, copy_project

from planning.imports import SCRIPTS

PLANNING = ROOT / "workflow/planning"

HEAVY = (
    "matplotlib",
    "networkx",
    "numpy",
    "pandas",
    "PIL",
    "pooch",
    "scipy",
    "sklearn",
    "tensorflow",
    "threadpoolctl",
    "tqdm",
)
"""What steps import and Snakemake does not bring."""

IMPORT_WITHOUT = """
import sys
from importlib import import_module

heavy, *modules = sys.argv[1:]

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in heavy.split():
            raise ImportError(
                f"{name} is imported while the workflow is read, and Snakemake does not bring it: "
                "import it in the function that needs it"
            )

sys.meta_path.insert(0, Refuse())
for module in modules:
    import_module(module)
"""
"""Imports modules, and refuses them the libraries that the first argument names."""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return copy_project(tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="module")
def snakemake_alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Interpreter of an environment with Snakemake and what it needs."""
    return bare_environment(tmp_path_factory.mktemp("snakemake"), ["snakemake"])


def test_planning_imports_nothing_heavy():
    modules = sorted(f"planning.{path.stem}" for path in PLANNING.glob("[!_]*.py"))
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_WITHOUT, " ".join(HEAVY), *modules],
        env={"PYTHONPATH": os.pathsep.join([str(PLANNING.parent), str(SCRIPTS)])},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_snakemake_brings_nothing_heavy(snakemake_alone: Path):
    code = f"from importlib.util import find_spec; print([m for m in {HEAVY} if find_spec(m)])"
    printed = subprocess.run(
        [snakemake_alone, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert printed.strip() == "[]"


@pytest.mark.parametrize(
    "study",
    [[], ["--configfile", "config/paper.yaml"], ["--config", "results=reference"]],
    ids=["default", "paper", "reference"],
)
def test_a_study_is_planned_with_snakemake_alone(
    project: Project, snakemake_alone: Path, study: list[str]
):
    printed = project.run(str(snakemake_alone), "-m", "snakemake", "--dry-run", *study)
    assert "This was a dry-run" in printed
