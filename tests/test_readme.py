"""Every command of the README runs; every target of its table exists."""

import os
import re
import shlex
from pathlib import Path

import pytest
from conftest import ROOT, TINY, Project
from generated import assert_generated, pipe_table
from parsed import parsed_rules

from planning.steps import IMAGE

pytestmark = pytest.mark.xdist_group("study")

TEXT = (ROOT / "README.md").read_text()
CAPTIONS = {
    path.stem: path.read_text()
    for path in (ROOT / "workflow/report/captions").glob("*.rst")
    if path.stem != "report"
}


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


COMMANDS = [line for block in blocks("sh") for line in block.splitlines()]
SNAKEMAKE = [line for line in COMMANDS if "snakemake" in line and "|" not in line]
PIPED = [line for line in COMMANDS if "|" in line]
CONTAINERS = [line for line in COMMANDS if line.startswith(("apptainer", "podman"))]
"""What tests/test_containers.py is about."""


def test_the_first_block_is_the_two_commands():
    assert COMMANDS[:2] == ["make", "make test"]


@pytest.mark.parametrize("command", [line for line in COMMANDS if line.startswith("make")])
def test_make_commands_are_targets(command: str):
    """What they do is run in full by .ci/run; here, that make knows how."""
    Project(ROOT).run("make", "--dry-run", *shlex.split(command)[1:])


def test_every_command_is_of_a_kind_that_is_tested():
    others = [line for line in COMMANDS if line not in SNAKEMAKE + CONTAINERS + PIPED]
    assert all(line.startswith("make") for line in others)


APPTAINER = """#!/bin/sh
if [ "$1" = --version ]; then echo apptainer version 99.0.0; exit; fi
for last; do :; done
exec sh -c "$last"
"""
PROGRAMS = {
    "conda": """#!/bin/sh
case "$1" in
  --version) echo conda 99.0.0 ;;
  info) echo '{"conda_prefix": "/none", "platform": "linux-64"}' ;;
  *) echo '{"get": {"channel_priority": "strict"}}' ;;
esac
""",
    "apptainer": APPTAINER,
    "singularity": APPTAINER,  # Snakemake's name of it until it has looked
}
"""Answer what Snakemake asks of them before it plans, whether they are here or not."""


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in PROGRAMS.items():
        program = tmp_path / "programs" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(text)
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'programs'}{os.pathsep}{os.environ['PATH']}")


@pytest.mark.usefixtures("programs")
@pytest.mark.parametrize("command", SNAKEMAKE)
def test_snakemake_commands_run(command: str, edited: Project):
    """On the smallest configuration. What needs conda, a cluster or hours is planned, not run."""
    (edited.root / "my.yaml").write_text((ROOT / TINY).read_text())
    (edited.root / IMAGE).touch()
    words = [Path(word).name if "bin/" in word else word for word in shlex.split(command)]
    if "--configfile" not in words and "results=reference" not in words:
        words += ["--configfile", TINY]
    if {"--use-conda", "--sdm", "--profile", "config/aevb.yaml", "config/paper.yaml"} & {*words}:
        words += ["--dry-run"]
    if words == ["snakemake", "--config", "results=reference"]:  # test_reference.py runs it
        words += ["--dry-run"]
    edited.run(*words)


@pytest.mark.usefixtures("programs")
def test_the_image_of_the_conda_environments_has_a_pinned_base(edited: Project):
    (command,) = PIPED
    edited.run("bash", "-c", command)
    recipe = (edited.root / "vae-study.def").read_text()
    assert re.match(r"Bootstrap: docker\nFrom: \S+:[\d.-]+@sha256:[0-9a-f]{64}\n", recipe)
    kinds = {path.name for path in (ROOT / "envs").glob("*.yaml")} - {"peers.yaml"}
    assert {*re.findall(r"^ *envs/(\S+) /conda-envs/", recipe, re.MULTILINE)} == kinds


OVERLAYS = ("config/paper.yaml", "config/aevb.yaml")


def drawing_rules(*configs: str) -> dict[str, str]:
    """Rule of each figure and table of a configuration."""
    return {
        Path(file).stem: rule.name
        for rule in parsed_rules(*configs).values()
        for file in rule.output
        if Path(file).suffix in (".svg", ".csv") and Path(file).stem in CAPTIONS
    }


def number(name: str) -> str:
    """Say "Figure 6.3a" of figure_6_3a_elbo; of what has no number, "Figure"."""
    kind, _, rest = name.partition("_")
    numbered = re.match(r"(\d)_(\d\w?)_", rest)
    return f"{kind.capitalize()} {'.'.join(numbered.groups()) if numbered else ''}".strip()


def first_clause(caption: str) -> str:
    return re.split(r"[.:;](?: |$)", re.sub(r" \([^)]*\)", "", caption.strip()))[0]


def test_the_table_has_every_figure_and_table_with_the_first_words_of_its_caption():
    default, rows = drawing_rules(), []
    for overlay in OVERLAYS:
        rows += [
            (number(name), first_clause(CAPTIONS[name]), f"`{rule}`, `{overlay}`")
            for name, rule in drawing_rules(overlay).items()
            if name not in default
        ]
    rows += [(number(name), first_clause(CAPTIONS[name]), f"`{default[name]}`") for name in default]
    rows.sort(key=lambda row: (" " not in row[0], row[0].split()[-1], row[2]))
    header = ("", "What it shows", "Target")
    assert_generated(ROOT / "README.md", "targets", pipe_table(header, rows))
    assert {name for overlay in OVERLAYS for name in drawing_rules(overlay)} == CAPTIONS.keys()


def test_the_library_example_runs(tmp_path: Path):
    (example,) = blocks("python")
    namespace: dict = {}
    exec(compile(example.replace("epochs=20", "epochs=2"), "README.md", "exec"), namespace)
    assert namespace["z"].shape == (1797, 2)
    assert namespace["fresh"].shape == (16, 64)


def test_links_lead_somewhere():
    for link in re.findall(r"\]\((?!https?:)([^)\s]+)\)", TEXT):
        assert (ROOT / link).exists(), link
