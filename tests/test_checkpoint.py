"""Checkpoints: a killed training ends as an unbroken one does, and no other file misleads."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from damage import DAMAGES, damaged, many

from vae import checkpoint
from vae.architecture import Architecture
from vae.backends import BACKENDS, facts, unavailable
from vae.training import Training, train

ARCHITECTURE = Architecture(12, 2, encoder_sizes=(16,), decoder_sizes=(16,))
EPOCHS = 30

SCRIPT = """
import sys
from pathlib import Path
from test_checkpoint import slow_training
slow_training(sys.argv[1], Path(sys.argv[2]))
"""


def data() -> np.ndarray:
    return np.random.default_rng(5).integers(0, 256, (90, 12), np.uint8)


def run(backend: str, path: Path | None, epochs: int = EPOCHS, seed: int = 1, x=None, **settings):
    x = data() if x is None else x
    model, history = train(
        ARCHITECTURE,
        x[:70],
        x[70:],
        Training(backend=backend, batch_size=20, **settings),
        epochs=epochs,
        generator=np.random.default_rng(seed),
        checkpoint=path,
    )
    return model.parameters, [row for row in history if row.metric != "runtime"]


def slow_training(backend: str, path: Path) -> None:
    """Save after every epoch, and wait a little, to be killed between or during them."""
    checkpoint.SECONDS_BETWEEN = 0
    save = checkpoint.Checkpoint.save_if_due

    def save_and_wait(self, epoch, history):
        save(self, epoch, history)
        time.sleep(0.05)

    checkpoint.Checkpoint.save_if_due = save_and_wait
    run(backend, path)


@contextmanager
def killed_training(backend: str, path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Train slowly in a process of its own, which is killed at the end of the block."""
    here = Path(__file__).parent
    code = "import test_checkpoint as t; t.checkpoint.__name__ = 'no_package.checkpoint'\n" + SCRIPT
    process = subprocess.Popen(
        [sys.executable, "-c", code, backend, str(path)],
        env=os.environ | {"PYTHONPATH": f"{here}{os.pathsep}{here.parent / 'scripts'}"},
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def every_epoch(monkeypatch):
    monkeypatch.setattr(checkpoint, "SECONDS_BETWEEN", 0)


@pytest.fixture(autouse=True)
def same_modules(monkeypatch):
    """Whatever other tests have loaded, the code is the same here and in a killed process."""
    monkeypatch.setattr(checkpoint, "__name__", "no_package.checkpoint")


@pytest.mark.parametrize(
    "backend",
    [
        pytest.param(
            name,
            marks=[
                *([pytest.mark.gpu] if facts(name).needs_gpu else []),
                pytest.mark.skipif(
                    unavailable(name) is not None, reason=f"{name}: {unavailable(name)}"
                ),
            ],
        )
        for name in BACKENDS
    ],
)
def test_a_killed_training_ends_as_an_unbroken_one(backend, tmp_path, every_epoch, monkeypatch):
    path = tmp_path / "checkpoint.npz"
    with killed_training(backend, path) as process:
        deadline = time.monotonic() + 120
        while not path.exists():
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.02)
        time.sleep(0.2)
    assert process.returncode == -signal.SIGKILL, "it was still training"
    (tmp_path / "unbroken").mkdir()
    unbroken, history = run(backend, tmp_path / "unbroken" / "checkpoint.npz")
    resumed_at = []
    resume = checkpoint.Checkpoint.resume

    def resume_and_tell(self, epochs):
        done, before = resume(self, epochs)
        resumed_at.append(done)
        return done, before

    monkeypatch.setattr(checkpoint.Checkpoint, "resume", resume_and_tell)
    continued, continued_history = run(backend, path)
    assert 0 < resumed_at[0] < EPOCHS
    np.testing.assert_array_equal(continued, unbroken)
    assert continued_history == history


def test_more_epochs_go_on_from_a_checkpoint(tmp_path, every_epoch):
    path = tmp_path / "checkpoint.npz"
    run("numpy", path, epochs=4)
    np.testing.assert_array_equal(run("numpy", path, epochs=9)[0], run("numpy", None, epochs=9)[0])


@pytest.mark.parametrize(
    "other",
    [{"seed": 2}, {"learning_rate": 2e-3}, {"x": 255 - data()}, {"dtype": "float64"}],
    ids=["seed", "setting", "data", "dtype"],
)
def test_another_trainings_checkpoint_is_not_gone_on_from(tmp_path, every_epoch, capsys, other):
    path = tmp_path / "checkpoint.npz"
    run("numpy", path, **other)
    np.testing.assert_array_equal(run("numpy", path)[0], run("numpy", None)[0])
    assert "is of other settings, data or code: training from the start" in capsys.readouterr().err


def test_other_code_is_another_training(monkeypatch, tmp_path):
    monkeypatch.undo()
    module = sys.modules["vae.optimizer"]
    before = checkpoint.training_key({}, [])
    edited = tmp_path / "optimizer.py"
    edited.write_text(Path(module.__file__).read_text() + "# edited\n")
    monkeypatch.setattr(module, "__file__", str(edited))
    assert checkpoint.training_key({}, []) != before


@pytest.mark.parametrize("kept", [0, 10, 500])
def test_a_damaged_checkpoint_is_said_and_left_aside(tmp_path, every_epoch, capsys, kept):
    path = tmp_path / "checkpoint.npz"
    run("numpy", path, epochs=2)
    path.write_bytes(path.read_bytes()[:kept])
    np.testing.assert_array_equal(run("numpy", path)[0], run("numpy", None)[0])
    assert "is damaged" in capsys.readouterr().err


def rewritten(path: Path, **changes) -> None:
    """Change what a checkpoint says: arrays by name, or fields of `about`; None takes one away."""
    with np.load(path) as arrays:
        kept = dict(arrays)
    about = json.loads(str(kept["about"]))
    for name, value in changes.items():
        where = about if name in about else kept
        where[name] = value
    kept["about"] = np.array(json.dumps(about))
    np.savez(path, **{name: array for name, array in kept.items() if array is not None})


@pytest.mark.parametrize(
    "changes",
    [
        {"parameters": None},
        {"parameters": np.zeros(3, np.float32)},
        {"parameters": np.array(["text"])},
        {"first_moment": np.float32(0)},
        {"step": np.array([1, 2])},
        {"epoch": "two"},
        {"epoch": 1},
        {"epoch": None},
        {"history": []},
        {"history": [[1, 2]]},
        {"generators": []},
        {"generators": [{}, {}, {}]},
        {"generators": [{"bit_generator": "MT19937"}] * 3},
        {"key": None},
    ],
    ids=str,
)
def test_whatever_is_wrong_with_a_checkpoint_nothing_of_it_is_taken(
    tmp_path, every_epoch, capsys, changes
):
    path = tmp_path / "checkpoint.npz"
    run("numpy", path, epochs=2)
    rewritten(path, **changes)
    np.testing.assert_array_equal(run("numpy", path, 3)[0], run("numpy", None, 3)[0])
    assert "training from the start" in capsys.readouterr().err


@pytest.mark.parametrize("kind", DAMAGES)
def test_a_checkpoint_of_random_damage_leads_to_the_same_numbers(
    tmp_path, every_epoch, monkeypatch, kind
):
    """Either the damage is noticed, or it hit nothing that counts."""
    path = tmp_path / "checkpoint.npz"
    expected = run("numpy", path, epochs=3)[0]
    whole = path.read_bytes()
    monkeypatch.setattr(checkpoint, "SECONDS_BETWEEN", 1e9)
    for seed in range(many(5, 300)):
        path.write_bytes(damaged(whole, kind, seed))
        np.testing.assert_array_equal(run("numpy", path, epochs=3)[0], expected, f"seed {seed}")


def test_a_longer_training_is_not_cut_short(tmp_path, every_epoch, capsys):
    path = tmp_path / "checkpoint.npz"
    run("numpy", path, epochs=6)
    model, history = run("numpy", path, epochs=3)
    assert max(row.epoch for row in history) == 3
    np.testing.assert_array_equal(model, run("numpy", None, epochs=3)[0])
    assert "is of 6 epochs, more than 3: training from the start" in capsys.readouterr().err


def test_what_a_kill_left_behind_goes(tmp_path):
    for name in (".checkpoint.npz.unfinished", ".checkpoint.npz.4711"):
        (tmp_path / name).touch()
    run("numpy", tmp_path / "checkpoint.npz", epochs=1)
    assert not os.listdir(tmp_path)


def test_a_full_disk_leaves_the_last_checkpoint_whole(tmp_path, every_epoch, monkeypatch):
    path = tmp_path / "checkpoint.npz"
    run("numpy", path, epochs=2)
    before = path.read_bytes()

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint.np, "savez", full)
    with pytest.raises(OSError, match="No space left"):
        run("numpy", path, epochs=4)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["checkpoint.npz"]


def test_short_trainings_leave_none(tmp_path):
    run("numpy", tmp_path / "checkpoint.npz")
    assert not os.listdir(tmp_path)
