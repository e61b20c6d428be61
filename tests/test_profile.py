"""The profile of an epoch: what was measured, and what it says of itself."""

import re
import sys
from pathlib import Path

import pytest

from profile_epoch import POLICY, profile_epoch
from study.contracts import PROFILE
from study.results import read_table

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
