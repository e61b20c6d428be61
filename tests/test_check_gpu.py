"""The check of a GPU: what can be proven of it on a machine that has none."""

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from bare_environment import bare_environment
from conftest import ROOT
from cuda_on_host import COMPILER, HostCupy, compile_for_host

import check_gpu
from study.benchmark import gpu
from study.contracts import TIMINGS
from vae.backends import unavailable
from vae.backends._cupy_trainer import CupyTrainer

SCRIPT = ROOT / "scripts/check_gpu.py"
NEEDED = ("numpy", "threadpoolctl", "pyyaml", "psutil", "tqdm")
"""What the script says that it needs beside CuPy."""

PARTS = """
import sys
sys.path.insert(0, sys.argv[1])
import check_gpu, describe_machine, study.benchmark.gpu, study.benchmark.rounds, study.contracts
import study.benchmark.worker, study.datasets.mnist, vae.backends.numpy, vae.training
check_gpu._benchmark()
"""
SETTINGS: dict[str, Any] = {
    "input_dimension": 12,
    "hidden_sizes": [6],
    "latent_dimension": 2,
    "batch_size": 4,
    "steps": 5,
}


def read(path: Path) -> list[dict[str, str]]:
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.skipif(unavailable("cupy") is None, reason="there is a GPU")
def test_without_a_gpu_it_says_so_in_a_sentence(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, SCRIPT, tmp_path / "out"], capture_output=True, text=True, cwd=tmp_path
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"cupy: {unavailable('cupy')}\n"


def test_it_needs_what_it_says_and_nothing_else(tmp_path: Path) -> None:
    """No Snakemake, TensorFlow, SciPy, scikit-learn or pandas."""
    text = SCRIPT.read_text().split('"""')[1].lower().replace(" and cupy", "")
    assert all(name in text for name in NEEDED)
    python = bare_environment(tmp_path / "bare", NEEDED)
    subprocess.run([python, "-c", PARTS, SCRIPT.parent], check=True, cwd=tmp_path)


def test_phases_add_up_to_a_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the imitated device, whose clock ticks whenever it is read."""
    if COMPILER is None:
        pytest.skip("no C++ compiler, with which the CUDA text could run on the host")
    cupy = HostCupy(compile_for_host("float", tmp_path))
    monkeypatch.setattr(gpu, "trainer", lambda *settings: CupyTrainer(cupy, *settings))
    monkeypatch.setattr(check_gpu, "_benchmark", lambda: (SETTINGS, 1))
    check_gpu.time_phases(tmp_path / "phases.csv")
    rows = read(tmp_path / "phases.csv")
    assert tuple(rows[0]) == gpu.PHASE_COLUMNS
    assert rows[0]["phase"] == "forward, encoder.0"
    assert rows[-1]["phase"] == "update, encoder.head; update, encoder.0"
    times = [[float(row[name]) for name in gpu.PHASE_COLUMNS[1:]] for row in rows]
    for computing, slowest, waiting, step in times:
        assert 0 < computing <= slowest < step and waiting > 0
    spent = sum(computing + waiting for computing, _, waiting, _ in times)
    assert spent == pytest.approx(times[0][-1], rel=0.5)


SAMPLE = """
import pytest

def test_passes(): pass
def test_fails(): assert 1 == 2, "no, it does not"
@pytest.mark.skip(reason="not today")
def test_rests(): pass
"""


def test_every_test_has_a_row_and_a_failure_is_no_success(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "test_sample.py").write_text(SAMPLE)
    monkeypatch.setattr(check_gpu, "PROJECT", tmp_path)
    monkeypatch.setattr(check_gpu, "TESTS", (("test_sample.py",),))
    assert not check_gpu._succeeds(lambda: check_gpu.run_tests(tmp_path / "tests.csv"))
    assert [(row["status"], row["note"][:20]) for row in read(tmp_path / "tests.csv")] == [
        ("passed", ""),
        ("failed", "AssertionError: no, "),
        ("skipped", "not today"),
    ]
    assert "check_gpu: ValueError: 1 tests failed, 1 passed" in capfd.readouterr().err


def test_timings_have_the_form_of_table_5_1b(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    settings = SETTINGS | {"repeats": 2, "published_steps": 1}
    monkeypatch.setattr(check_gpu, "_benchmark", lambda: (settings, 1))
    monkeypatch.setattr(check_gpu, "IMPLEMENTATIONS", ("numpy", "pytorch_graphs"))
    check_gpu.time_implementations(tmp_path / "timings.csv")
    rows = read(tmp_path / "timings.csv")
    assert tuple(rows[0]) == tuple(TIMINGS.columns)
    assert [row["repeat"] for row in rows if row["backend"] == "numpy"] == ["1", "2"]
    assert "ms an epoch" in capfd.readouterr().out


def test_without_mnist_it_says_that_nothing_was_trained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    check_gpu.train_on_mnist(None, tmp_path / "history.csv")
    assert "not done, since --mnist names no folder" in capsys.readouterr().out
    assert not (tmp_path / "history.csv").exists()


def test_what_is_kept_of_a_gpu_is_whole() -> None:
    """Rows of every implementation in every round, phases that add up, the published loss."""
    folder = ROOT / "results/reference/profiles/gpu"
    assert json.loads((folder / "machine.json").read_text())["gpu"] != "none"
    timings = read(folder / "timings.csv")
    names = {row["backend"] for row in timings}
    assert names == {*check_gpu.IMPLEMENTATIONS} and len(timings) == 5 * len(names)
    phases = read(folder / "phases.csv")
    assert tuple(phases[0]) == gpu.PHASE_COLUMNS
    spent = sum(float(row["computing_us"]) + float(row["waiting_us"]) for row in phases)
    assert spent == pytest.approx(float(phases[0]["step_us"]), rel=0.05)
    published = check_gpu._yaml("config/claims.yaml")["reported"]["notebooks"]["latent_20"]
    last = [row for row in read(folder / "history.csv") if row["epoch"] == str(published["epoch"])]
    loss = {row["split"]: -float(row["value"]) for row in last if row["metric"] == "elbo"}
    assert loss["train"] < published["train"] and loss["test"] < published["test"]
