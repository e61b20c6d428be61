"""Runs: experiments become runs in a stable order, and runs become paths and back."""

import json
import re
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from snakemake.io import regex_from_filepattern, update_wildcard_constraints
from snakemake.iocontainers import Wildcards

from planning.catalogue import laid_over
from planning.runs import (
    EXPERIMENTS,
    RUN_PATTERN,
    WILDCARD_CONSTRAINTS,
    Run,
    architecture_settings,
    baseline_runs,
    compared_families,
    compared_runs,
    experiment_runs,
    has_filters,
    leave_out_experiments,
    planned_datasets,
    planned_experiments,
    shown_runs,
    training_settings,
)
from vae.architecture import NETWORKS, Architecture

ROOT = Path(__file__).parents[1]
RUN = Run(
    dataset="digits",
    architecture="two_layer",
    training="report",
    latent_dimension=2,
    train_size="all",
    epochs=100,
    backend="numpy",
    seed=1,
)
BASELINE = Run(family="rbm", dataset="digits", train_size=300, seed=2)


@pytest.fixture(scope="module")
def default() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "config/config.yaml").read_text())


@pytest.fixture
def config(default: dict[str, Any]) -> dict[str, Any]:
    return deepcopy(default)


def matched(pattern: str, folder: str) -> Wildcards | None:
    """Wildcards that Snakemake finds in a folder, if the pattern matches it."""
    constrained = update_wildcard_constraints(pattern, {}, WILDCARD_CONSTRAINTS)
    match = re.match(regex_from_filepattern(constrained), folder)
    return Wildcards(fromdict=match.groupdict()) if match else None


def test_folder_is_the_runs_parameters() -> None:
    assert RUN.folder == "models/digits/two_layer/report/z2-nall-e100/numpy-seed1"
    assert BASELINE.folder == "models/digits/rbm/n300/seed2"


@pytest.mark.parametrize(
    "run",
    [
        RUN,
        replace(RUN, dataset="photo_patches_grey", train_size=1000, backend="cupy", seed=12),
        BASELINE,
        replace(BASELINE, family="dbn", train_size="all"),
    ],
)
def test_run_comes_back_from_its_folder(run: Run) -> None:
    assert Run.from_wildcards(matched(run.pattern, run.folder)) == run


def test_parameters_are_what_the_folder_says() -> None:
    """In its order, which the names of streams of random numbers have."""
    assert list(RUN.parameters.values()) == [
        *("digits", "two_layer", "report", 2, "all", 100, "numpy", 1)
    ]
    assert list(BASELINE.parameters.values()) == ["digits", "rbm", 300, 2]


@pytest.mark.parametrize(
    "folder",
    [
        RUN.folder.replace("-nall", "-nsome"),
        RUN.folder.replace("z2", "z2.5"),
        RUN.folder.replace("digits/", "digits/extra/"),
        f"{RUN.folder}-copy",
        BASELINE.folder,
    ],
)
def test_pattern_matches_nothing_else(folder: str) -> None:
    assert matched(RUN_PATTERN, folder) is None


def test_every_run_of_the_default_comes_back(config: dict[str, Any]) -> None:
    runs = [run for name in EXPERIMENTS for run in experiment_runs(config, name)]
    for run in runs + baseline_runs(config):
        assert Run.from_wildcards(matched(run.pattern, run.folder)) == run


def test_experiment_is_the_product_of_its_lists_with_seeds_fastest(config: dict[str, Any]) -> None:
    config["seeds"] = [1, 2]
    config["experiments"]["training_size"] |= {"train_sizes": [100, "all"], "epochs": [5]}
    runs = experiment_runs(config, "training_size")
    assert [(run.train_size, run.seed) for run in runs] == [
        (100, 1),
        (100, 2),
        ("all", 1),
        ("all", 2),
    ]
    assert runs[0] == replace(
        RUN, architecture="two_layer_200", latent_dimension=10, train_size=100, epochs=5
    )


def test_every_list_has_its_part_in_the_product(config: dict[str, Any]) -> None:
    lists = {
        "datasets": ["digits", "photo_patches_grey"],
        "architectures": ["one_layer", "two_layer"],
        "trainings": ["report", "batches_of_6"],
        "latent_dimensions": [2, 3],
        "train_sizes": [10, "all"],
        "epochs": [1, 2],
        "backends": ["numpy", "cupy"],
        "seeds": [8, 9],
    }
    config["experiments"]["images"] = lists
    runs = experiment_runs(config, "images")
    assert len(set(runs)) == 2**8
    for values, field in zip(lists.values(), RUN.parameters, strict=True):
        assert list(dict.fromkeys(getattr(run, field) for run in runs)) == values


def test_seeds_of_an_experiment_replace_those_at_the_top(config: dict[str, Any]) -> None:
    config["experiments"]["comparison"]["seeds"] = [7]
    assert {run.seed for run in experiment_runs(config, "comparison")} == {7}
    assert {run.seed for run in baseline_runs(config)} == {7}
    assert {run.seed for run in experiment_runs(config, "manifold")} == {1, 2, 3}


def test_also_adds_products_that_differ_in_some_lists(config: dict[str, Any]) -> None:
    config["seeds"] = [1]
    config["experiments"]["training_size"] |= {
        "train_sizes": [100, 300],
        "epochs": [5],
        "also": {
            "repeated": {"train_sizes": [300], "seeds": [1, 2]},
            "longer": {"train_sizes": [300], "epochs": [9]},
        },
    }
    runs = experiment_runs(config, "training_size")
    assert [(run.train_size, run.epochs, run.seed) for run in runs] == [
        (100, 5, 1),
        (300, 5, 1),
        (300, 5, 2),
        (300, 9, 1),
    ]
    assert shown_runs(config, "training_size") == [run for run in runs if run.seed == 1]


@pytest.mark.parametrize(("size", "epochs"), [(100, 40), (150, 20), (1000, 4), ("all", 3), (1, 40)])
def test_equal_updates_are_whole_epochs(
    config: dict[str, Any], size: int | str, epochs: int
) -> None:
    """Of batches of 100; all of the digits are 14 of them."""
    config["experiments"]["training_size"] |= {"train_sizes": [size], "epochs": [{"updates": 40}]}
    assert {run.epochs for run in experiment_runs(config, "training_size")} == {epochs}


def test_at_least_one_epoch_is_trained(config: dict[str, Any]) -> None:
    config["experiments"]["training_size"] |= {"train_sizes": ["all"], "epochs": [{"updates": 1}]}
    assert {run.epochs for run in experiment_runs(config, "training_size")} == {1}


def test_only_the_experiments_and_datasets_that_are_used_are_planned(
    config: dict[str, Any],
) -> None:
    networks = "networks_upper_triangle"
    assert planned_experiments(config) == [*EXPERIMENTS, networks, "marginal_likelihood"]
    assert planned_datasets(config) == list(config["datasets"])
    config["experiments"]["aevb"] = config["experiments"]["manifold"]
    config["experiments"]["images"]["datasets"] = ["photo_patches_grey"]
    config["experiments"]["images"]["also"] = {"more": {"datasets": ["digits"]}}
    assert planned_experiments(config) == [*EXPERIMENTS, networks, "aevb", "marginal_likelihood"]
    assert planned_datasets(config) == [
        name for name in config["datasets"] if name != "photo_patches_rgb"
    ]


def test_the_overlay_for_a_gpu_leaves_nothing_to_the_processor_but_filters() -> None:
    config: dict[str, Any] = {}
    for name in ("config", "paper", "gpu"):
        config = laid_over(config, yaml.safe_load((ROOT / f"config/{name}.yaml").read_text()))
    leave_out_experiments(config)
    names = planned_experiments(config)
    trained = {run for name in names for run in experiment_runs(config, name)}
    assert len(trained) > 100
    for run in trained:
        filters = has_filters(architecture_settings(config, run.architecture))
        assert run.backend == ("tensorflow" if filters else "cupy"), run


def test_experiments_share_runs(config: dict[str, Any]) -> None:
    """The manifold and the comparison train nothing that Fig. 6.3a has not trained."""
    latent_dimension = set(experiment_runs(config, "latent_dimension"))
    assert set(experiment_runs(config, "manifold")) < latent_dimension
    assert set(experiment_runs(config, "comparison")) < latent_dimension


def test_different_runs_have_different_folders(config: dict[str, Any]) -> None:
    runs = {run for name in EXPERIMENTS for run in experiment_runs(config, name)}
    assert len(runs) == len({run.folder for run in runs})


def test_an_overlay_leaves_an_optional_experiment_out_by_null(config: dict[str, Any]) -> None:
    config["experiments"] |= {"marginal_likelihood": None, "comparison": None}
    config["experiments"]["images"]["also"] = None
    config["experiments"]["manifold"]["also"] = {"one": None, "two": {"seeds": [2]}}
    config["experiments"]["training_size"]["also"] = {"one": None}
    leave_out_experiments(config)
    assert "marginal_likelihood" not in config["experiments"]
    assert "also" not in config["experiments"]["images"]
    assert config["experiments"]["manifold"]["also"] == {"two": {"seeds": [2]}}
    assert "also" not in config["experiments"]["training_size"]
    assert "comparison" in config["experiments"], "one that must be there is left to be refused"


def test_shown_runs_are_those_of_the_first_seed(config: dict[str, Any]) -> None:
    config["seeds"] = [4, 2]
    del config["experiments"]["images"]["also"]
    runs = experiment_runs(config, "images")
    assert shown_runs(config, "images") == [run for run in runs if run.seed == 4]


def test_baselines_are_trained_on_what_the_comparison_compares(config: dict[str, Any]) -> None:
    config["seeds"] = [1, 2]
    config["baselines"] = {}
    runs = baseline_runs(config)
    assert [run.parameters for run in runs] == [
        {"dataset": "digits", "family": family, "train_size": "all", "seed": seed}
        for family in ("rbm", "dbn")
        for seed in (1, 2)
    ]
    assert baseline_runs(config, "dbn") == runs[2:]
    assert compared_families(config) == ["vae", "rbm", "dbn"]
    assert compared_runs(config) == experiment_runs(config, "comparison") + runs


@pytest.mark.parametrize("name", [*NETWORKS, "two_layer_200"])
def test_architecture_settings_are_plain_and_complete(config: dict[str, Any], name: str) -> None:
    """Snakemake keeps params as JSON, in which a tuple would come back as a list."""
    settings = architecture_settings(config, name)
    assert json.loads(json.dumps(settings)) == settings
    architecture = Architecture.named(settings, input_dimension=64, latent_dimension=2)
    if name in NETWORKS:
        assert architecture == Architecture.named(name, 64, 2)
    else:
        assert architecture.encoder_sizes == (200, 200)


def test_training_settings(config: dict[str, Any]) -> None:
    settings = training_settings(config, "batches_of_6")
    assert settings == {
        "batch_size": 6,
        "learning_rate": 0.001,
        "samples": 1,
        "optimizer": "adam",
        "initialisation": "xavier",
    }
    settings["batch_size"] = 7
    assert config["trainings"]["batches_of_6"]["batch_size"] == 6


def test_unknown_names_raise(config: dict[str, Any]) -> None:
    with pytest.raises(KeyError, match="three_layer"):
        architecture_settings(config, "three_layer")
    with pytest.raises(KeyError, match="slow"):
        training_settings(config, "slow")
