"""The study at its smallest, run once for all the tests that look at what came out."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TINY = "tests/config/tiny.yaml"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write", action="store_true", help="write the tables of config/README.md")


@dataclass(frozen=True)
class Project:
    """A copy of the project in a folder of its own."""

    root: Path
    printed: str = ""
    """What the study said when it was run here."""

    def run(self, *command: str, status: int | None = 0) -> str:
        """Run a command there; return what it printed, both streams together."""
        environment = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": "",
        }
        done = subprocess.run(
            command,
            cwd=self.root,
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            timeout=900,
        )
        if status is not None:
            assert done.returncode == status, done.stdout
        return done.stdout

    def snakemake(self, *arguments: str, config: str = TINY, status: int | None = 0) -> str:
        """Run Snakemake on the smallest configuration, or on another."""
        return self.run("snakemake", *arguments, "--configfile", config, status=status)

    def planned(self, *arguments: str) -> set[str]:
        """Rules that a run would run now."""
        printed = self.snakemake("--dry-run", *arguments)
        return set() if "Nothing to be done" in printed else rules_in(printed)


def rules_in(printed: str) -> set[str]:
    """Rules in the table of jobs that Snakemake prints before it runs them."""
    table = printed.split("Job stats:", 1)[1].split("total", 1)[0]
    return {line.split()[0] for line in table.splitlines() if line[-1:].isdigit()}


def copy_project(target: Path) -> Project:
    """Copy what git tracks or would track; outside git, everything but what was made."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        text=True,
        capture_output=True,
    )
    files: Sequence[Path]
    if listed.returncode == 0:
        files = [Path(line) for line in listed.stdout.splitlines()]
    else:
        folders = ("config", "envs", "scripts", "tests", "workflow")
        files = [path.relative_to(ROOT) for name in folders for path in (ROOT / name).rglob("*")]
        files += [path.relative_to(ROOT) for path in ROOT.iterdir() if path.is_file()]
    for file in files:
        if (ROOT / file).is_file():
            (target / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / file, target / file)
    return Project(target)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The whole study, run on the smallest configuration."""
    project = copy_project(tmp_path_factory.mktemp("study"))
    return Project(project.root, printed=project.snakemake())


@pytest.fixture
def edited(finished: Project, tmp_path: Path) -> Project:
    """A copy of the finished study that a test may change."""
    shutil.copytree(finished.root, tmp_path / "project", symlinks=True)
    return Project(tmp_path / "project")
