"""A study that is killed or told to end, at random moments: it goes on, and nothing is left."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psutil
import pytest
from conftest import TINY, Project, copy_project
from damage import FULL
from test_checkpoint import killed_training, run

from vae.backends import BACKENDS, unavailable

pytestmark = [
    pytest.mark.skipif(not FULL, reason="minutes; with TEST_DAMAGE=1"),
    pytest.mark.xdist_group("study"),
]

SEED = 20
"""Of the moments."""

KILLS = 20

LONG = [f"results/models/digits/tiny/report/z2-nall-e3000/numpy-seed{n}/model.npz" for n in (1, 2)]
"""Two trainings of a minute."""


@contextmanager
def started(project: Project, *targets: str) -> Iterator[subprocess.Popen[str]]:
    """Snakemake in a process group of its own."""
    command = [Path(sys.executable).parent / "snakemake", *targets, "--configfile", TINY]
    with open(project.root / "terminal.txt", "w") as terminal:
        running = subprocess.Popen(
            command, cwd=project.root, stdout=terminal, stderr=terminal, process_group=0, text=True
        )
        try:
            yield running
        finally:
            if running.poll() is None:
                os.killpg(running.pid, signal.SIGKILL)
            running.wait()


def of_group(group: int) -> list[psutil.Process]:
    """Processes of a group that still run."""
    found = []
    for process in psutil.process_iter():
        try:
            if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (ProcessLookupError, psutil.NoSuchProcess):
            continue
    return found


def wait_until(condition, seconds: float = 300) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def numbers(results: Path) -> dict[str, bytes]:
    """All that is measured, drawn and tabulated of it, but for times and what comes of them."""
    found = {}
    for folder in ("datasets", "models", "evaluations"):
        for file in (results / folder).rglob("[!.]*"):
            if file.suffix in (".npz", ".json"):
                found[str(file.relative_to(results))] = file.read_bytes()
            elif file.suffix == ".csv":
                lines = file.read_bytes().splitlines()
                kept = b"\n".join(line for line in lines if b",runtime," not in line)
                found[str(file.relative_to(results))] = kept
    for file in (results / "figures").glob("figure_[67]*.svg"):
        found[file.name] = file.read_bytes()
    return found


def test_a_study_killed_twenty_times_ends_with_the_unbroken_numbers(
    finished: Project, tmp_path: Path
):
    project, draw = copy_project(tmp_path / "project"), random.Random(SEED)
    kills = 0
    while kills < KILLS:
        moment = draw.uniform(0, 8)
        with started(project) as running:
            wait_until(lambda: (project.root / ".snakemake/locks").exists())
            time.sleep(moment)
            over = running.poll() is not None
        if over:
            shutil.rmtree(project.root / "results/models")
            continue
        kills += 1
        print(f"kill {kills}, seed {SEED}: {moment:.2f} s after the lock", flush=True)
        # As --unlock does, which plans all anew before.
        shutil.rmtree(project.root / ".snakemake/locks")
    project.snakemake()
    expected, found = numbers(finished.root / "results"), numbers(project.root / "results")
    assert found.keys() == expected.keys() and len(found) > 150
    assert [name for name in expected if found[name] != expected[name]] == []
    assert left_behind(project) == []


@pytest.mark.parametrize("backend", [name for name in BACKENDS if unavailable(name) is None])
def test_a_training_killed_again_and_again_ends_with_the_unbroken_numbers(
    backend: str, tmp_path: Path
):
    path, draw = tmp_path / "checkpoint.npz", random.Random(f"{SEED} {backend}")
    for kill in range(KILLS // 3 + 1):
        before = path.stat().st_mtime_ns if path.exists() else 0
        moment = draw.uniform(0, 0.1)
        with killed_training(backend, path) as training:
            wait_until(lambda before=before: path.exists() and path.stat().st_mtime_ns > before)
            time.sleep(moment)
            assert training.poll() is None
        print(f"kill {kill + 1}, seed {SEED}: {moment:.3f} s after a checkpoint", flush=True)
    unbroken, history = run(backend, None)
    continued, continued_history = run(backend, path)
    np.testing.assert_array_equal(continued, unbroken)
    assert continued_history == history


def left_behind(project: Project) -> list[Path]:
    """Files of work that was under way."""
    names = (".running", ".unfinished.*", "checkpoint.npz", ".checkpoint.npz.*")
    return [file for name in names for file in (project.root / "results").rglob(name)]


@pytest.mark.parametrize(
    ("number", "to_all"),
    [
        (signal.SIGINT, True),
        (signal.SIGINT, False),
        (signal.SIGTERM, True),
        (signal.SIGKILL, False),
    ],
    ids=["Ctrl-C", "interrupted", "told to end", "killed alone"],
)
def test_whoever_ends_snakemake_ends_its_steps(
    tmp_path: Path, number: signal.Signals, to_all: bool
):
    """Clean: no orphan, nothing half done, no traceback; and but for a kill no lock."""
    project = copy_project(tmp_path / "project")
    with started(project, *LONG) as running:
        logs = [(project.root / target).with_name("train.log") for target in LONG]
        wait_until(lambda: any(log.exists() and "epochs" in log.read_text() for log in logs))
        (os.killpg if to_all else os.kill)(running.pid, number)
        running.wait(60)
        wait_until(lambda: not of_group(running.pid), 20)
    assert "Traceback" not in (project.root / "terminal.txt").read_text()
    assert left_behind(project) == []
    assert not any((project.root / target).exists() for target in LONG)
    if number != signal.SIGKILL:
        assert not [*(project.root / ".snakemake/locks").glob("*")]


@pytest.mark.parametrize("seed", range(6))
def test_ctrl_c_at_any_moment_is_clean(tmp_path: Path, seed: int):
    project, moment = copy_project(tmp_path / "project"), random.Random(seed).uniform(0, 8)
    print(f"seed {seed}: {moment:.2f} s after the lock")
    with started(project) as running:
        wait_until(lambda: (project.root / ".snakemake/locks").exists())
        time.sleep(moment)
        os.killpg(running.pid, signal.SIGINT)
        running.wait(60)
        wait_until(lambda: not of_group(running.pid), 20)
    told = (project.root / "terminal.txt").read_text()
    assert ".snakemake/scripts" not in told or "Traceback" not in told, "a step's"
    assert left_behind(project) == []
    assert not [*(project.root / ".snakemake/locks").glob("*")]
