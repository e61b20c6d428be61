"""Containers: recipes from a pinned base, and the study in the images that they make."""

import json
import os
import re
import shlex
import shutil
from pathlib import Path

import pytest
from conftest import ROOT, TINY, Project, copy_project

from planning.steps import IMAGE

BASE = os.environ.get("CONTAINER_BASE")
"""An archive to build from where no registry of images can be reached: oci-archive:/its/path."""

CONTAINERFILE = (ROOT / "envs/Containerfile").read_text()
DEFINITION = (ROOT / "envs/container.def").read_text()
COMMANDS = re.findall(r"^(?:podman|apptainer) .*", (ROOT / "README.md").read_text(), re.MULTILINE)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return copy_project(tmp_path / "my study")


def test_both_recipes_have_the_same_base_by_its_digest_and_the_lock():
    base = re.search(r"^ARG BASE=(.*)$", CONTAINERFILE, re.MULTILINE)
    assert base and re.fullmatch(r"python:3\.1[1-3]\.\d+-\S+@sha256:[0-9a-f]{64}", base[1])
    assert f"\nBootstrap: docker\nFrom: {base[1]}\n" in DEFINITION
    install = "pip install --no-cache-dir --require-hashes --requirement /requirements.lock\n"
    assert install in CONTAINERFILE and install in DEFINITION


def test_an_image_that_is_not_there_is_one_sentence(project: Project):
    printed = project.snakemake("--sdm", "apptainer", "--dry-run", status=1)
    assert printed.splitlines()[-1].startswith(f"--sdm apptainer: {IMAGE} is not here")


def needs(program: str) -> pytest.MarkDecorator:
    """Skip what builds an image, unless asked for it where that can be done."""
    reason = None if os.environ.get("TEST_CONTAINERS") else "minutes; with TEST_CONTAINERS=1"
    if shutil.which(program) is None:
        reason = "not installed"
    return pytest.mark.skipif(reason is not None, reason=f"{program}: {reason}")


def run(project: Project, program: str, *arguments: str) -> None:
    """Run the README's command of a program that begins with some words, and with more."""
    (command,) = (line for line in COMMANDS if line.startswith(program))
    words = shlex.split(command.replace("$PWD", str(project.root)))
    project.run(*words, *arguments)


@needs("podman")
def test_the_study_runs_in_one_image(project: Project):
    run(project, "podman build", *([f"--build-arg=BASE={BASE}"] if BASE else []))
    run(project, "podman run", "snakemake", "--cores", "2", "--configfile", TINY)
    assert (project.root / "results/report/report.pdf").exists()


@needs("apptainer")
def test_each_step_runs_in_the_image(project: Project):
    if BASE:
        transport, _, path = BASE.partition(":")
        source = f"Bootstrap: {transport}\nFrom: {path}\n"
        recipe = re.sub("Bootstrap: .*\nFrom: .*\n", source, DEFINITION)
        (project.root / "envs/container.def").write_text(recipe)
    run(project, f"apptainer build {IMAGE} envs/")
    before = {path.name for path in project.root.iterdir()}
    project.snakemake("--cores", "2", "--sdm", "apptainer")
    assert (project.root / "results/report/report.pdf").exists()
    assert {path.name for path in project.root.iterdir()} - before == {".snakemake"}
    machine = json.loads((project.root / "results/profiles/machine.json").read_text())
    version = project.run("apptainer", "exec", IMAGE, "python", "--version")
    assert machine["python"] in version
