"""The profile of an epoch: what was measured, and what it says of itself."""

import re
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest

import profile_operations
from profile_epoch import POLICY, profile_epoch
from study.benchmark import xla
from study.benchmark.xla import operations_of_an_epoch
from study.contracts import OPERATIONS, PROFILE
from study.results import read_table
from study.work import FUSED, OUTSIDE, REST, WORK, function_label, kind_of_work, phase_rows
from vae.backends import unavailable

SETTINGS = {
    "input_dimension": 20,
    "hidden_sizes": [50],
    "latent_dimension": 2,
    "batch_size": 5,
    "steps": 60,
    "published_steps": 20,
}


@pytest.fixture(scope="module", params=["published", "numpy"])
def profiled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    """Name of a backend, and the folder with its profile."""
    folder = tmp_path_factory.mktemp("profile")
    files = folder / "epoch.csv", folder / "epoch.txt", folder / "epoch.html"
    profile_epoch(*files, request.param, SETTINGS, 1)
    return request.param, folder


def test_a_profile_says_how_much_of_an_epoch_it_is(profiled: tuple[str, Path]):
    backend, folder = profiled
    profile = read_table(folder / "epoch.csv", PROFILE)
    steps, scale = (20, 3.0) if backend == "published" else (60, 1.0)
    assert set(profile["backend"]) == {backend}
    assert set(profile["steps"]) == {steps} and set(profile["scale"]) == {scale}
    assert profile["own_seconds"].is_monotonic_decreasing
    whole = profile[profile["function"] == "run_epoch"]
    assert whole["cumulative_seconds"].item() == pytest.approx(
        profile["own_seconds"].sum(), rel=0.1
    )
    if backend == "published":
        calls = profile.set_index("function")["calls"]
        assert calls["forward"] == calls["backward"] == calls["optimize"] == calls["BCE"] == steps


def test_the_listing_is_in_the_reports_format(profiled: tuple[str, Path]):
    backend, folder = profiled
    title, *listing = (folder / "epoch.txt").read_text().splitlines()
    if backend == "published":
        assert re.fullmatch(
            "published, one thread: 20 of the 60 steps of an epoch; "
            r"all of them take 3 times as long, [\d.]+ seconds",
            title,
        )
    else:
        assert title == "numpy, one thread: the 60 steps of an epoch"
    text = "\n".join(listing)
    assert re.search(r"\d+ function calls (\(\d+ primitive calls\) )?in [\d.]+ seconds", text)
    assert "Ordered by: internal time" in text
    header = "ncalls  tottime  percall  cumtime  percall filename:lineno(function)"
    assert header in text
    assert re.search(rf"_{backend}_trainer\.py:\d+\(run_epoch\)", text)


def test_kinds_of_work_are_told_apart(profiled: tuple[str, Path]):
    """By names that functions have now: a renamed one would leave its kind without time."""
    _, folder = profiled
    profile = read_table(folder / "epoch.csv", PROFILE)
    kinds = set(profile["function"].map(lambda name: kind_of_work([function_label(name)])))
    assert kinds == {*WORK} - {FUSED}


@pytest.fixture(scope="module")
def operations() -> list[dict[str, Any]]:
    """Rows of an epoch of TensorFlow."""
    return operations_of_an_epoch(SETTINGS, 1)


def test_operations_of_tensorflow_are_named_by_what_they_hold(operations: list[dict[str, Any]]):
    kinds = {row["operation"]: (row["kind"], row["calls"]) for row in operations}
    assert kinds["MatMul: 5 x 50, each a sum of 20"] == ("products", 60)
    assert kinds["MatMul: 20 x 50, each a sum of 5"] == ("products", 60)
    assert kinds["fusion of ResourceApplyAdam: 20 x 50"] == ("optimizer", 60)
    assert kinds["fusion of Relu, AddV2: 5 x 50"] == ("activations", 60)
    gathered = [kind for name, (kind, _) in kinds.items() if "GatherV2" in name]
    assert gathered == ["data movement"]
    assert {kind for kind, _ in kinds.values()} == {*WORK} - {FUSED}


def test_a_step_has_all_its_products(operations: list[dict[str, Any]]):
    """Three a layer, less one: the pixels need no gradient."""
    products = [row for row in operations if row["operation"].startswith("MatMul")]
    assert len(products) == 3 * 4 - 1 and all(row["own_seconds"] > 0 for row in products)


def test_the_listing_says_what_share_is_accounted_for(
    operations: list[dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A few steps stand for an epoch; the time in no operation is a row as well."""
    monkeypatch.setattr(profile_operations, "STEPS", 60)
    monkeypatch.setattr(profile_operations, "limit_threads", lambda *threads: None)
    monkeypatch.setattr(xla, "library", MagicMock())
    monkeypatch.setattr(xla, "operations_of_an_epoch", lambda *job: deepcopy(operations))
    files = tmp_path / "epoch.csv", tmp_path / "epoch.txt"
    profile_operations.profile_operations(*files, "tensorflow", SETTINGS | {"steps": 180}, 1)
    table = read_table(files[0], OPERATIONS).set_index("operation")
    seconds = 3 * sum(row["own_seconds"] for row in operations)
    assert table["own_seconds"].sum() == pytest.approx(seconds)
    assert table["calls"]["MatMul: 20 x 50, each a sum of 5"] == 180
    covered = 1 - table["own_seconds"][OUTSIDE] / seconds
    assert (
        files[1]
        .read_text()
        .startswith(
            f"tensorflow, one thread, 3 times 60 steps; an epoch of {seconds:.3f} seconds, "
            f"of which {covered:.1%} in operations\n"
        )
    )


@pytest.mark.skipif(unavailable("cupy") is None, reason="there is a GPU")
def test_without_a_gpu_the_profile_of_cupy_says_why(tmp_path: Path):
    files = tmp_path / "epoch.csv", tmp_path / "epoch.txt"
    profile_operations.profile_operations(*files, "cupy", SETTINGS, 1)
    (row,) = read_table(files[0], OPERATIONS).to_dict("records")
    assert (row["status"], row["note"]) == ("not measured", unavailable("cupy"))
    assert files[1].read_text() == f"cupy: not measured: {unavailable('cupy')}\n"


def test_phases_of_a_kernel_and_waiting_add_up_to_a_step():
    phases = [
        {"phase": "forward, a", "computing_us": "2.0", "step_us": "10.0"},
        {"phase": "backward, b; update, a", "computing_us": "5.0", "step_us": "10.0"},
    ]
    rows = phase_rows(phases, 600)
    assert [row["kind"] for row in rows] == ["products", FUSED, REST]
    assert [row["own_seconds"] for row in rows] == pytest.approx([1.2e-3, 3e-3, 1.8e-3])


def test_no_file_names_a_folder_of_the_machine(profiled: tuple[str, Path]):
    _, folder = profiled
    for file in folder.iterdir():
        text = file.read_text()
        for path in (sys.prefix, sys.base_prefix, str(Path.cwd()), str(Path(__file__).parents[1])):
            assert f"{path}/" not in text


def test_the_tree_of_calls_is_a_page_that_loads_nothing(profiled: tuple[str, Path]):
    backend, folder = profiled
    text = (folder / "epoch.html").read_text()
    assert text.index(f'content="{POLICY}"') < text.index("<script")
    assert "<script src" not in text
    assert '"identifier": "run_epoch' in text
    sampled = 5 if backend == "published" else 15
    title = f"{backend}, one thread: {sampled} of the 60 steps of an epoch"
    assert f'"target_description": "{title}"' in text
