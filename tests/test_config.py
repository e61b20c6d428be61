"""The configuration: the default and the tiny one are valid, and a wrong one gets one sentence."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jsonschema import Draft202012Validator
from key_tables import with_tables
from snakemake.common.configfile import load_configfile
from snakemake.utils import update_config

from planning.catalogue import load_catalogue
from planning.datasets import files, input_dimension, raw_files, training_items
from planning.runs import EXPERIMENTS, OPTIONAL_EXPERIMENTS, leave_out_experiments
from planning.schema import CATALOGUE, CONFIG, load_schema
from planning.validation import ConfigError, check
from study.benchmark.cost import VARIED
from study.comparison import PROTOCOLS
from study.datasets import KINDS, cifar10, frey_face, mnist, module
from study.datasets.digits import COUNTS
from study.datasets.photo_patches import photo_patches
from study.models import BASELINES
from vae.backends import BACKENDS

ROOT = Path(__file__).parents[1]
OPTIONAL = {"edge_probability", "fixed_graph", "squash_mean", "also", "updates", "seeds"}
OPTIONAL |= {
    "encoder_filters",
    "decoder_filters",
    "kernel",
    "graph_convolutions",
    "sources",
    "mirror",
    "results",
    "algorithm",
    "binarisation",
    "baselines",
}
OPTIONAL |= {*OPTIONAL_EXPERIMENTS}
FURTHER = [name for name in BASELINES if name not in ("rbm", "dbn")]


def load(*overlays: str) -> dict[str, Any]:
    """Merge the default configuration with overlays as the workflow does."""
    config: dict[str, Any] = {}
    for path in ("config/config.yaml", *overlays):
        update_config(config, load_configfile(ROOT / path))
    leave_out_experiments(config)
    return config


@pytest.fixture(scope="module")
def default() -> dict[str, Any]:
    return load()


@pytest.fixture
def config(default: dict[str, Any]) -> dict[str, Any]:
    return deepcopy(default)


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return load_schema(CONFIG)


def asleep(*backends: str) -> Callable[[dict[str, Any]], None]:
    """Edit of a configuration: the images are learnt by wake-sleep, on these backends."""

    def edit(config: dict[str, Any]) -> None:
        settings = config["trainings"]["report"] | {"algorithm": "wake_sleep"}
        config["trainings"]["asleep"] = settings
        config["experiments"]["images"] |= {"trainings": ["asleep"], "backends": [*backends]}

    return edit


def put(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    """Edit of a configuration: the key of this dotted path gets this value."""

    def edit(config: dict[str, Any]) -> None:
        *parents, key = path.split(".")
        for parent in parents:
            config = config[parent]
        config[key] = value

    return edit


def drop(path: str) -> Callable[[dict[str, Any]], None]:
    """Edit of a configuration: the key of this dotted path goes."""

    def edit(config: dict[str, Any]) -> None:
        *parents, key = path.split(".")
        for parent in parents:
            config = config[parent]
        del config[key]

    return edit


def problems(config: Any) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        check(config)
    return str(raised.value).splitlines()


# Valid configurations


def test_default_is_valid(config: dict[str, Any]) -> None:
    check(config)


@pytest.mark.parametrize(
    "overlays",
    [
        ["tests/config/tiny.yaml"],
        ["config/paper.yaml"],
        ["config/aevb.yaml"],
        ["config/cifar10_jpeg.yaml"],
        ["config/paper.yaml", "config/aevb.yaml"],
    ],
)
def test_overlays_are_valid(overlays: list[str]) -> None:
    check(load(*overlays))


def test_overlay_of_one_network_dataset_leaves_the_other_alone(config: dict[str, Any]) -> None:
    """The two share their structures by a YAML alias, which Snakemake's merging undoes."""
    structures = {"sparse": {"parameters": {"m": 1}}}
    update_config(config, {"datasets": {"networks_published": {"structures": structures}}})
    assert config["datasets"]["networks_like_for_like"]["structures"]["sparse"]["parameters"] == {
        "m": 400
    }


def convolutional(*backends: str, **changed: Any) -> Callable[[dict[str, Any]], None]:
    """Edit of a configuration: the images are learnt with convolutions, on these backends."""

    def edit(config: dict[str, Any]) -> None:
        filters = {"encoder_filters": [16, 32], "decoder_filters": [32, 16], "kernel": 3}
        settings = config["architectures"]["two_layer_200"]
        config["architectures"]["convolutions"] = settings | filters | changed
        config["experiments"]["images"]["architectures"] = ["two_layer_200", "convolutions"]
        config["experiments"]["images"]["backends"] = list(backends)

    return edit


@pytest.mark.parametrize(
    "edit",
    [
        put("seeds", [0]),
        put("trainings.report.learning_rate", 1),
        put("experiments.images.seeds", [7]),
        put("experiments.training_size.train_sizes", [1347]),
        put("experiments.latent_dimension.latent_dimensions", [63]),
        put("architectures.two_layer_200.squash_mean", False),
        convolutional("tensorflow"),
        asleep("numpy"),
        put("datasets.networks_published.structures.community.parameters.sizes", [60, 8]),
    ],
)
def test_valid_variations(config: dict[str, Any], edit: Callable[[Any], None]) -> None:
    edit(config)
    check(config)


# Wrong configurations

NETWORKS = "datasets.networks_published.structures"
WRONG = [
    # keys
    (put("seedz", 1), "seedz is not a key; did you mean seed?"),
    (
        put("experiments.latent_dimension.epoch", [1]),
        "experiments.latent_dimension.epoch is not a key; did you mean epochs?",
    ),
    (
        put("experiments.latent_dimensions", {}),
        "experiments.latent_dimensions is not a key; did you mean latent_dimension?",
    ),
    (
        put("datasets.digits.patch", 8),
        "datasets.digits.patch is not a key; expected one of kind, test_fraction",
    ),
    (
        put("trainings.report.momentum", 0.9),
        "trainings.report.momentum is not a key; "
        f"expected one of {', '.join(load_schema(CONFIG)['$defs']['training']['properties'])}",
    ),
    (put("benchmark.step", 1), "benchmark.step is not a key; did you mean steps?"),
    (
        put("boltzmann_machines.rbm.epoch", 1),
        "boltzmann_machines.rbm.epoch is not a key; did you mean epochs?",
    ),
    (
        put(f"{NETWORKS}.small_world.parameters.n", 68),
        f"{NETWORKS}.small_world.parameters.n is not a key; expected one of k, p",
    ),
    (drop("benchmark"), "benchmark is missing; expected a mapping with the benchmark's settings"),
    (
        drop("experiments.images.epochs"),
        "experiments.images.epochs is missing; "
        "expected a list of whole numbers of 1 or more, or mappings {updates: N}, each once",
    ),
    (
        put("experiments.images.epochs", [{"updates": 0}]),
        "experiments.images.epochs has the entry a mapping; "
        "expected a whole number from 1 to 999999999, or a mapping {updates: N} with one",
    ),
    (
        put("experiments.images.also", {"more": {"epoch": [3]}}),
        "experiments.images.also.more.epoch is not a key; did you mean epochs?",
    ),
    (
        put("experiments.comparison.also", {"more": {"epochs": [3]}}),
        "experiments.comparison.also is a mapping; expected no key, since one VAE is compared",
    ),
    (
        drop("experiments.images"),
        "experiments.images is missing; expected a mapping of the experiment's lists",
    ),
    (
        drop("datasets.digits.kind"),
        f"datasets.digits.kind is missing; expected one of {', '.join(KINDS)}",
    ),
    (
        drop(f"{NETWORKS}.small_world.parameters.p"),
        f"{NETWORKS}.small_world.parameters.p is missing; expected a probability from 0 to 1",
    ),
    (
        put("datasets.Digits-2", {"kind": "digits", "test_fraction": 0.5}),
        "datasets.Digits-2 has a wrong name; "
        "expected a name of at most 64 small letters, digits and underscores that begins with a "
        "letter",
    ),
    # single values, as a file or --config may give them
    (put("seed", "abc"), 'seed is "abc"; expected a whole number from 0 to 999999999'),
    (put("seed", "12"), 'seed is "12"; expected a whole number from 0 to 999999999, written 12'),
    (put("seed", -1), "seed is -1; expected a whole number from 0 to 999999999"),
    (put("seed", 1.0), "seed is 1.0; expected a whole number from 0 to 999999999"),
    (put("seed", True), "seed is true; expected a whole number from 0 to 999999999"),
    (
        put("seed", None),
        "seed is null (nothing is given); expected a whole number from 0 to 999999999",
    ),
    (put("seed", {}), "seed is an empty mapping; expected a whole number from 0 to 999999999"),
    (
        put("seed", "9" * 99 + "a"),
        f'seed is "{"9" * 56}...; expected a whole number from 0 to 999999999',
    ),
    (
        put("trainings.report.learning_rate", "1e-3"),
        'trainings.report.learning_rate is "1e-3"; '
        "expected a number above 0, to 999999999, written 0.001",
    ),
    (
        put("trainings.report.learning_rate", float("nan")),
        "trainings.report.learning_rate is nan; expected a number above 0, to 999999999",
    ),
    (
        put("trainings.report.learning_rate", float("inf")),
        "trainings.report.learning_rate is inf; expected a number above 0, to 999999999",
    ),
    (
        put("trainings.report.learning_rate", 0),
        "trainings.report.learning_rate is 0; expected a number above 0, to 999999999",
    ),
    (
        put("trainings.report.optimizer", "adams"),
        'trainings.report.optimizer is "adams"; '
        "expected one of adam, sgd, adagrad; the nearest is adam",
    ),
    (
        put("trainings.report.initialisation", "glorot"),
        'trainings.report.initialisation is "glorot"; expected one of xavier, he, normal',
    ),
    (
        put("trainings.report.algorithm", "wake-sleep"),
        'trainings.report.algorithm is "wake-sleep"; '
        "expected one of aevb, wake_sleep; the nearest is wake_sleep",
    ),
    (
        drop("trainings.report.optimizer"),
        "trainings.report.optimizer is missing; expected one of adam, sgd, adagrad",
    ),
    (
        put("datasets.digits.test_fraction", 1),
        "datasets.digits.test_fraction is 1; expected a number above 0 and below 1",
    ),
    (
        put("datasets.digits.kind", "digit"),
        'datasets.digits.kind is "digit"; '
        f"expected one of {', '.join(KINDS)}; the nearest is digits",
    ),
    (
        put("datasets.photo_patches_rgb.colour", "colour"),
        'datasets.photo_patches_rgb.colour is "colour"; expected one of grey, rgb',
    ),
    (
        put("datasets.photo_patches_rgb.patch", 161),
        "datasets.photo_patches_rgb.patch is 161; "
        "expected a whole number from 1 to 160, so that a photograph has room for both sets",
    ),
    (
        put("datasets.networks_published.protocol", "publish"),
        'datasets.networks_published.protocol is "publish"; '
        "expected one of published, like_for_like; the nearest is published",
    ),
    (
        put(f"{NETWORKS}.sparse.fixed_graph", "yes"),
        f'{NETWORKS}.sparse.fixed_graph is "yes"; expected true or false',
    ),
    (
        put("architectures.two_layer_200.likelihood", "gauss"),
        'architectures.two_layer_200.likelihood is "gauss"; '
        "expected one of bernoulli, gaussian; the nearest is gaussian",
    ),
    # mappings and lists
    (
        put("experiments", "manifold"),
        'experiments is "manifold"; expected a mapping from the experiments\' names to their lists',
    ),
    (
        put("experiments.manifold", None),
        "experiments.manifold is null (nothing is given); "
        "expected a mapping of the experiment's lists",
    ),
    (
        put("datasets", {}),
        "datasets is an empty mapping; expected a mapping from names to datasets",
    ),
    (
        put("datasets.digits", "digits"),
        'datasets.digits is "digits"; expected a mapping with a kind and the settings of that kind',
    ),
    (put("seeds", 1), "seeds is 1; expected a list of whole numbers of 0 or more, each once"),
    (
        put("seeds", []),
        "seeds is an empty list; expected a list of whole numbers of 0 or more, each once",
    ),
    (
        put("seeds", [1, 2, 1, 1]),
        "seeds has the entry 1 twice; expected a list of whole numbers of 0 or more, each once",
    ),
    (
        put("experiments.images.datasets", ["digits", "digits"]),
        'experiments.images.datasets has the entry "digits" twice; '
        "expected a list of names, each once",
    ),
    (
        put("experiments.images.latent_dimensions", ["two"]),
        'experiments.images.latent_dimensions has the entry "two"; '
        "expected a whole number from 1 to 999999999",
    ),
    (
        put("experiments.images.latent_dimensions", [None]),
        "experiments.images.latent_dimensions has the entry null (nothing is given); "
        "expected a whole number from 1 to 999999999",
    ),
    (
        put("experiments.images.train_sizes", ["every"]),
        'experiments.images.train_sizes has the entry "every"; '
        "expected a whole number from 1 to 999999999, or all",
    ),
    (
        put("experiments.images.train_sizes", ["100"]),
        'experiments.images.train_sizes has the entry "100"; '
        "expected a whole number from 1 to 999999999, or all, written 100",
    ),
    (
        put("experiments.images.backends", ["nump"]),
        'experiments.images.backends has the entry "nump"; '
        f"expected one of {', '.join(BACKENDS)}; the nearest is numpy",
    ),
    (
        put("experiments.manifold.latent_dimensions", [3]),
        "experiments.manifold.latent_dimensions has the entry 3; "
        "expected 2, since the figure shows a plane",
    ),
    (
        put("boltzmann_machines.rbm.hidden_sizes", [5, 5]),
        "boltzmann_machines.rbm.hidden_sizes is [5, 5]; "
        "expected a list of one size, since an RBM has one hidden layer",
    ),
    (
        put("experiments.comparison.latent_dimensions", [10, 20]),
        "experiments.comparison.latent_dimensions is [10, 20]; "
        "expected a list of one entry, since models are compared on one thing",
    ),
    # names of other parts
    (
        put("experiments.images.architectures", ["two_layr"]),
        'experiments.images.architectures: "two_layr" is not an architecture; '
        "expected one of one_layer, two_layer, simulation, two_layer_200, "
        "convolutional_patches, graph_patches; "
        "the nearest is two_layer",
    ),
    (
        put("experiments.images.datasets", ["digit"]),
        'experiments.images.datasets: "digit" is not a dataset; expected one of digits, '
        "photo_patches_grey, photo_patches_rgb, networks_published, networks_like_for_like, "
        "networks_upper_triangle; "
        "the nearest is digits",
    ),
    (
        put("experiments.images.trainings", ["Report"]),
        'experiments.images.trainings: "Report" is not a training; '
        "expected one of report, batches_of_6, binarised_fixed, binarised_dynamic, batches_of_20; "
        "the nearest is report",
    ),
    (
        put("baselines", {"pcb": {}}),
        f"baselines.pcb is not a model; expected one of {', '.join(FURTHER)}; the nearest is pca",
    ),
    (
        put("baselines.pca.components", 5),
        "baselines.pca.components is not a setting of the model; expected none",
    ),
    (
        put("experiments.marginal_likelihood.trainings", ["report"]),
        "experiments.marginal_likelihood.trainings has the entry report; expected trainings with a "
        "binarisation, since grey images have no probability",
    ),
    (
        put("experiments.marginal_likelihood.datasets", ["photo_patches_grey"]),
        'experiments.marginal_likelihood.datasets is ["photo_patches_grey"]; expected ["digits"], '
        "that of experiments.comparison, whose Boltzmann machines are compared",
    ),
    (
        put("architectures.two_layer_200.likelihood", "gaussian"),
        "experiments.marginal_likelihood.architectures has the entry two_layer_200; expected "
        "architectures of a bernoulli likelihood",
    ),
    (
        drop("marginal_likelihood"),
        "marginal_likelihood is missing; expected it, since experiments.marginal_likelihood "
        "needs its settings",
    ),
    (
        put("protocols", ["published"]),
        'protocols is ["published"]; expected a list of protocols, like_for_like among them',
    ),
    (
        put("protocols", ["like_for_like"]),
        'protocols is ["like_for_like"]; expected a list of protocols, published among them',
    ),
    (
        put("experiments.networks_published.datasets", ["networks_like_for_like"]),
        "experiments.networks_published.datasets has the entry networks_like_for_like; "
        "expected datasets of kind networks and protocol published",
    ),
    (
        put("experiments.networks_like_for_like.datasets", ["digits"]),
        "experiments.networks_like_for_like.datasets has the entry digits; "
        "expected datasets of kind networks and protocol like_for_like",
    ),
    (
        put("experiments.networks_upper_triangle.datasets", ["networks_like_for_like"]),
        "experiments.networks_upper_triangle.datasets has the entry networks_like_for_like; "
        "expected datasets of kind networks and protocol like_for_like, "
        "whose entries are upper_triangle",
    ),
    (
        lambda config: config["experiments"]["networks_upper_triangle"].update(
            architectures=["graph_patches"], backends=["tensorflow"]
        ),
        "experiments.networks_upper_triangle.architectures has the entry graph_patches; "
        "expected one without filters, since the items of networks_upper_triangle are no images",
    ),
    (
        put("experiments.networks_upper_triangle.latent_dimensions", [2278]),
        "experiments.networks_upper_triangle.latent_dimensions has the entry 2278; "
        "expected less than 2278, the input dimension of networks_upper_triangle",
    ),
    (
        put("datasets.networks_published.entries", "upper_triangle"),
        "datasets.networks_published.entries is upper_triangle; expected all where the protocol is "
        "published, whose networks are not symmetric",
    ),
    (
        put("datasets.networks_upper_triangle.entries", "upper_triangel"),
        'datasets.networks_upper_triangle.entries is "upper_triangel"; expected one of all, '
        "upper_triangle; the nearest is upper_triangle",
    ),
    (
        put("experiments.images.also", {"more": {"datasets": ["digit"]}}),
        'experiments.images.also.more.datasets: "digit" is not a dataset; expected one of digits, '
        "photo_patches_grey, photo_patches_rgb, networks_published, networks_like_for_like, "
        "networks_upper_triangle; "
        "the nearest is digits",
    ),
    # sizes that depend on one another
    (
        put("experiments.training_size.also", {"more": {"train_sizes": [1348]}}),
        "experiments.training_size.also.more.train_sizes has the entry 1348; "
        "expected at most 1347, the training items of digits, or all",
    ),
    (
        put("experiments.comparison.latent_dimensions", [64]),
        "experiments.comparison.latent_dimensions has the entry 64; "
        "expected less than 64, the input dimension of digits",
    ),
    (
        put("experiments.training_size.train_sizes", [1348]),
        "experiments.training_size.train_sizes has the entry 1348; "
        "expected at most 1347, the training items of digits, or all",
    ),
    (
        put("experiments.networks_like_for_like.train_sizes", [202]),
        "experiments.networks_like_for_like.train_sizes has the entry 202; "
        "expected at most 201, the training items of networks_like_for_like, or all",
    ),
    (
        put("benchmark.latent_dimension", 784),
        "benchmark.latent_dimension is 784; "
        "expected less than benchmark.input_dimension, which is 784",
    ),
    (
        put("benchmark.cost.latent_dimensions", [2, 784]),
        "benchmark.cost.latent_dimensions has the entry 784; "
        "expected less than benchmark.input_dimension, which is 784",
    ),
    (
        put(f"{NETWORKS}.community.parameters.sizes", [34, 33]),
        f"{NETWORKS}.community.parameters.sizes is [34, 33]; "
        "expected a list of positive whole numbers that add up to 68 nodes",
    ),
    (
        put(f"{NETWORKS}.sparse.parameters.m", 2279),
        f"{NETWORKS}.sparse.parameters.m is 2279; expected a whole number, 0 to 2278 for 68 nodes",
    ),
    (
        put(f"{NETWORKS}.small_world.parameters.k", 69),
        f"{NETWORKS}.small_world.parameters.k is 69; expected a whole number, 0 to 68 for 68 nodes",
    ),
    (
        put("architectures.two_layer_200.squash_mean", True),
        "architectures.two_layer_200.squash_mean is true; expected it only where "
        "architectures.two_layer_200.likelihood is gaussian, which is bernoulli",
    ),
    (
        put("architectures.two_layer_200.kernel", 5),
        "architectures.two_layer_200.kernel is 5; "
        "expected it only beside encoder_filters or decoder_filters",
    ),
    (
        put("architectures.two_layer_200.graph_convolutions", True),
        "architectures.two_layer_200.graph_convolutions is true; "
        "expected it only beside encoder_filters or decoder_filters",
    ),
    (
        convolutional("tensorflow", graph_convolutions=True),
        "architectures.convolutions.kernel is 3; "
        "expected none where architectures.convolutions.graph_convolutions is true",
    ),
    (
        convolutional("tensorflow", "numpy"),
        "experiments.images.backends has the entry numpy, which does not train with filters; "
        "expected tensorflow (architecture convolutions, training report)",
    ),
    (
        asleep("tensorflow", "cupy"),
        "experiments.images.backends has the entry cupy, which does not train with the algorithm "
        "wake_sleep; expected numpy or tensorflow (architecture two_layer_200, training asleep)",
    ),
    (
        put("architectures.two_layer_200.encoder_filters", [16, 0]),
        "architectures.two_layer_200.encoder_filters has the entry 0; "
        "expected a whole number from 1 to 999999999",
    ),
]


@pytest.mark.parametrize(("edit", "sentence"), WRONG, ids=[sentence for _, sentence in WRONG])
def test_wrong_configuration_gets_one_sentence(
    config: dict[str, Any], edit: Callable[[Any], None], sentence: str
) -> None:
    edit(config)
    assert problems(config) == [f"config: {sentence}"]


# What no figure or table could show after the training


def ablation(**changes: Any) -> Callable[[dict[str, Any]], None]:
    """Edit of a configuration: an ablation of two trainings on digits, with these lists."""

    def edit(config: dict[str, Any]) -> None:
        lists = config["experiments"]["training_size"] | {"train_sizes": [100]} | changes
        config["experiments"]["ablation"] = lists

    return edit


@pytest.mark.parametrize(
    ("edit", "beginning"),
    [
        (
            put("experiments.images.latent_dimensions", [5, 6]),
            "experiments.images has 2 runs of dataset photo_patches_grey, "
            "architecture two_layer_200; expected one, since Figure 6.5 shows one",
        ),
        (
            put("experiments.images.also", {"more": {"epochs": [3]}}),
            "experiments.images has 2 runs of dataset photo_patches_grey",
        ),
        (
            put("experiments.marginal_likelihood.epochs", [1, 2]),
            "experiments.marginal_likelihood has 2 runs of latent dimension 20, "
            "binarisation dynamic, seed 1; expected one",
        ),
        (
            ablation(train_sizes=[100, 200]),
            "experiments.ablation has 2 runs of optimizer adam, initialisation xavier, seed 1",
        ),
        (
            ablation(trainings=["report", "batches_of_6"]),
            "experiments.ablation has 2 runs of optimizer adam, initialisation xavier, seed 1",
        ),
        (
            put("architectures.two_layer_200.likelihood", "gaussian"),
            "experiments.latent_dimension.architectures has the entry two_layer_200; expected "
            "architectures.two_layer_200.squash_mean to be true",
        ),
        (
            put("experiments.manifold.datasets", ["networks_published"]),
            "experiments.manifold.datasets has the entry networks_published; "
            "expected a dataset of images",
        ),
        (
            put("experiments.images.datasets", ["networks_upper_triangle"]),
            "experiments.images.datasets has the entry networks_upper_triangle; "
            "expected a dataset of images",
        ),
        (
            drop("datasets.networks_like_for_like.structures.sparse"),
            "datasets.networks_like_for_like.structures has community, small_world; "
            "expected community, small_world, sparse, those of networks_published",
        ),
        (
            put("experiments.comparison.train_sizes", [20]),
            "experiments.comparison.latent_dimensions has the entry 20; expected less than 20, "
            "the images that as many principal components are fitted to",
        ),
        (
            put("marginal_likelihood.mixtures.components", [1348]),
            "marginal_likelihood.mixtures.components has the entry 1348; "
            "expected at most 1347, the training items of digits",
        ),
        (
            put("marginal_likelihood.mixtures.smoothing", 1e-9),
            "marginal_likelihood.mixtures.smoothing is 1e-09; "
            "expected a number from 0.000001 to 999999999",
        ),
        (
            put("datasets.digits.test_fraction", 0.001),
            "datasets.digits.test_fraction is 0.001; expected one that leaves images of every "
            "digit to train and to test on",
        ),
        (
            put("datasets.networks_published.test_fraction", 0.001),
            "datasets.networks_published.test_fraction is 0.001; expected one that leaves some of "
            "100 graphs to train and to test on",
        ),
    ],
)
def test_what_would_fail_after_training_is_refused_before(
    config: dict[str, Any], edit: Callable[[Any], None], beginning: str
) -> None:
    if "squash_mean" in beginning or "principal" in beginning:
        del config["experiments"]["marginal_likelihood"]  # which refuses these as well
    edit(config)
    assert problems(config)[0].startswith(f"config: {beginning}")


# Downloaded data and files of one's own

HERE = {"kind": "files", "test_fraction": 0.2}
SOURCE = {"source": "here", "licence": "free", "citation": "us"}
FILE = {"urls": ["https://a.example/b"], "sha256": "0" * 64, "bytes": 3}


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of one's own in the folder where the tests of their settings run."""
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b"):
        Path(name).write_text("")
    for name in ("photos/cat", "nothing"):
        Path(name).mkdir(parents=True)
    Path("photos/cat/1.png").write_text("")


@pytest.mark.usefixtures("own")
@pytest.mark.parametrize(
    "dataset",
    [
        {"kind": "mnist"},
        {"kind": "frey_face", "test": 200},
        {"kind": "cifar10", "colour": "rgb", "source": "cifar10"},
        {**HERE, "format": "idx", "train_images": "a"},
        {**HERE, "format": "idx", "train_images": "a", "train_labels": "b", "licence": "free"},
        {"kind": "files", "format": "idx", "train_images": "a", "test_images": "b"},
        {
            "kind": "files",
            "format": "idx",
            "train_images": "a",
            "train_labels": "b",
            "test_images": "a",
            "test_labels": "b",
        },
        {"kind": "files", "format": "npz", "path": "a"},
        {**HERE, "format": "npz", "path": "a"},
        {**HERE, "format": "images", "path": "photos", "colour": "grey"},
    ],
)
def test_valid_datasets(config: dict[str, Any], dataset: dict[str, Any]) -> None:
    config["datasets"]["mine"] = dataset
    config["experiments"]["latent_dimension"]["datasets"] = ["mine"]
    config["experiments"]["training_size"] |= {"datasets": ["mine"], "train_sizes": [1000]}
    check(config)


@pytest.mark.usefixtures("own")
@pytest.mark.parametrize(
    ("dataset", "sentence"),
    [
        ({"kind": "mnist", "test": 3}, ".test is not a key; expected one of kind"),
        (
            {"kind": "frey_face", "test": 1965},
            ".test is 1965; "
            "expected a whole number from 1 to 1964, so that frames are left to train on",
        ),
        (
            {"kind": "cifar10", "colour": "rgb", "source": "cifar"},
            '.source: "cifar" is not a source; expected one of mnist, frey_face, cifar10; '
            "the nearest is cifar10",
        ),
        (
            {"kind": "cifar10", "colour": "rgb", "source": "mnist"},
            None,
        ),
        ({**HERE, "path": "a"}, ".format is missing; expected one of idx, npz, images"),
        (
            {**HERE, "format": "nzp", "path": "a"},
            '.format is "nzp"; expected one of idx, npz, images; the nearest is npz',
        ),
        (
            {**HERE, "format": "npz"},
            ".path is missing; expected a path, from the project's folder or from the root",
        ),
        ({**HERE, "format": "npz", "path": "c"}, '.path is "c"; expected a file that exists'),
        (
            {**HERE, "format": "idx", "train_images": "photos"},
            '.train_images is "photos"; expected a file that exists',
        ),
        (
            {**HERE, "format": "images", "path": "a", "colour": "rgb"},
            '.path is "a"; expected a folder that exists',
        ),
        (
            {**HERE, "format": "images", "path": "nothing", "colour": "rgb"},
            '.path is "nothing"; expected a folder with images in it',
        ),
        (
            {**HERE, "format": "idx", "train_images": "a", "test_images": "b"},
            " is a mapping; expected either test_images or test_fraction in it",
        ),
        (
            {"kind": "files", "format": "idx", "train_images": "a"},
            " is a mapping; expected either test_images or test_fraction in it",
        ),
        (
            {
                "kind": "files",
                "format": "idx",
                "train_images": "a",
                "train_labels": "b",
                "test_images": "b",
            },
            " is a mapping; expected test_labels in it just where there are train_labels and "
            "test_images",
        ),
    ],
)
def test_wrong_datasets(
    config: dict[str, Any], dataset: dict[str, Any], sentence: str | None
) -> None:
    config["datasets"]["mine"] = dataset
    if sentence is None:
        sentences = [
            "config: sources.mnist.files.cifar-10-binary.tar.gz is missing; "
            "expected it, since datasets.mine needs it"
        ]
    else:
        sentences = [f"config: datasets.mine{sentence}"]
    assert problems(config) == sentences


@pytest.mark.parametrize(
    ("sources", "sentence"),
    [
        ([], " is an empty list; expected a mapping from names to sources, to be laid over "),
        ({"mine": 3}, ".mine is 3; expected a mapping of a source's keys"),
        ({"mine": {**SOURCE, "file": {}}}, ".mine.file is not a key; did you mean files?"),
        (
            {"mine": {**SOURCE, "files": {"../b": FILE}}},
            ".mine.files.../b has a wrong name; "
            "expected a file's name of at most 128 letters, digits, dots, hyphens and underscores",
        ),
        (
            {"mine": {**SOURCE, "files": {"b": FILE | {"urls": ["ftp://a.example/b"]}}}},
            '.mine.files.b.urls has the entry "ftp://a.example/b"; '
            "expected an http or https address",
        ),
        (
            {"frey_face": {"files": {"frey_rawface.mat": {"sha256": "abc"}}}},
            '.frey_face.files.frey_rawface.mat.sha256 is "abc"; '
            "expected a SHA-256 checksum, 64 small hexadecimal digits",
        ),
        ({"mine": {**SOURCE, "files": {"b": FILE}}}, None),
        ({"frey_face": {"files": {"frey_rawface.mat": {"urls": []}}}}, None),
    ],
)
def test_sources_are_checked_as_laid_over_the_catalogue(
    config: dict[str, Any], sources: Any, sentence: str | None
) -> None:
    config["sources"] = sources
    if sentence is None:
        check(config)
    else:
        (found,) = problems(config)
        assert found.startswith(f"config: sources{sentence}")


def test_the_catalogue_has_what_kinds_of_datasets_are_made_of() -> None:
    catalogue = load_catalogue({})
    made_of = {kind: raw_files({"kind": kind}) for kind in KINDS}
    assert set(catalogue) == {kind for kind in KINDS if made_of[kind]}
    for kind, source in catalogue.items():
        assert set(source["files"]) == set(made_of[kind].values())
    assert files({"kind": "cifar10", "source": "copy", "colour": "rgb"}) == {
        "archive": "results/downloads/copy/cifar-10-binary.tar.gz"
    }


def test_a_length_in_updates_needs_a_known_number_of_items(
    config: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "own.npz"
    path.touch()
    config["datasets"]["own"] = {"kind": "files", "format": "npz", "path": str(path)}
    config["experiments"]["images"] |= {"datasets": ["own"], "epochs": [{"updates": 100}]}
    assert problems(config) == [
        "config: experiments.images.epochs counts in updates; expected numbers in "
        "experiments.images.train_sizes, since only the files of own tell how many items it has"
    ]
    config["experiments"]["images"]["train_sizes"] = [50]
    check(config)


def test_library_names_are_taken(config: dict[str, Any]) -> None:
    config["architectures"]["two_layer"] = config["architectures"]["two_layer_200"]
    assert problems(config) == [
        "config: architectures.two_layer has the name of one of the library's own architectures; "
        "expected a name other than one_layer, two_layer, simulation"
    ]


def test_misspelt_key_is_not_also_reported_missing(config: dict[str, Any]) -> None:
    images = config["experiments"]["images"]
    images["epoch"] = images.pop("epochs")
    assert problems(config) == [
        "config: experiments.images.epoch is not a key; did you mean epochs?"
    ]


def test_every_problem_is_listed_in_the_order_of_the_file(config: dict[str, Any]) -> None:
    config["benchmark"]["steps"] = 0
    config["trainings"]["report"]["samples"] = 0
    config["datasets"]["photo_patches_rgb"]["patch"] = 0
    config["datasets"]["digits"]["test_fraction"] = 0
    paths = [sentence.split()[1] for sentence in problems(config)]
    assert paths == [
        "datasets.digits.test_fraction",
        "datasets.photo_patches_rgb.patch",
        "trainings.report.samples",
        "benchmark.steps",
    ]


@pytest.mark.parametrize("wrong", [None, [], "config", 3])
def test_what_is_no_mapping_at_all(wrong: Any) -> None:
    (sentence,) = problems(wrong)
    assert sentence.startswith("config: the configuration is ")
    assert "expected a mapping" in sentence


def test_keys_that_are_no_text(config: dict[Any, Any]) -> None:
    """YAML reads `1:` and `on:` as a number and a truth value."""
    config[True] = 1
    config["datasets"][1] = {"kind": "digits", "test_fraction": 0.5}
    first, second = problems(config)
    assert first.startswith("config: True is not a key")
    assert second.startswith("config: datasets.1 has a wrong name")


# The schema against the files and the library that it speaks of


def test_schemas_are_schemas(schema: dict[str, Any]) -> None:
    Draft202012Validator.check_schema(schema)
    Draft202012Validator.check_schema(load_schema(CATALOGUE))


def subschemas(schema: Any) -> Iterator[dict[str, Any]]:
    """A schema and all within it, but for conditions."""
    if isinstance(schema, dict):
        yield schema
        schema = [part for key, part in schema.items() if key != "if"]
    if isinstance(schema, list):
        for part in schema:
            yield from subschemas(part)


def test_schema_rejects_unknown_keys_everywhere(schema: dict[str, Any]) -> None:
    """A mapping closes itself, or holds named things, or leaves that to a choice within it."""
    assert [
        part
        for part in subschemas(schema)
        if part.get("type") == "object"
        and "additionalProperties" not in part
        and "properties" in part
        and "allOf" not in part
    ] == []


def test_schema_has_no_defaults(schema: dict[str, Any]) -> None:
    assert not [part for part in subschemas(schema) if "default" in part]


def keys_of(schema: Mapping[str, Any], part: Mapping[str, Any]) -> set[str]:
    """Names of every key that a part of the schema allows, at any depth."""
    keys: set[str] = set()
    for subschema in subschemas(part):
        if isinstance(subschema.get("properties"), dict):
            keys |= subschema["properties"].keys()
        if isinstance(subschema.get("$ref"), str):
            keys |= keys_of(schema, schema["$defs"][subschema["$ref"].split("/")[-1]])
    return keys


def keys_in(config: Any) -> set[str]:
    if not isinstance(config, dict):
        return set()
    return set(config).union(*map(keys_in, config.values()))


def test_default_holds_every_key_of_the_schema_that_is_not_optional(
    schema: dict[str, Any], config: dict[str, Any]
) -> None:
    other_generators = {"p", "d"}
    other_kinds = set()
    for kind in ("frey_face", "cifar10", "files"):
        other_kinds |= keys_of(schema, module(kind).SETTINGS)
    named = {
        name
        for part in ("datasets", "architectures", "trainings", "baselines")
        for name in config.get(part, {})
    } | set(config["datasets"]["networks_published"]["structures"])
    named |= {name for part in config["experiments"].values() for name in part.get("also", {})}
    expected = keys_of(schema, schema)
    assert keys_in(config) - named <= expected
    assert expected - keys_in(config) <= OPTIONAL | other_generators | other_kinds


README = ROOT / "config/README.md"


def test_the_tables_of_the_readme_are_those_of_the_schemas(
    request: pytest.FixtureRequest,
) -> None:
    text = README.read_text(encoding="utf-8")
    written = with_tables(text)
    if request.config.getoption("--write"):
        README.write_text(written, encoding="utf-8")
    else:
        assert text == written, "write them: pytest tests/test_config.py --write"


def test_the_readme_explains_every_key(schema: dict[str, Any]) -> None:
    catalogue = load_schema(CATALOGUE)
    text = README.read_text(encoding="utf-8")
    sections = re.findall(r"^## `(\w+)`$", text, re.MULTILINE)
    explained = re.findall(r"^\| `(?:.*\.)?(\w+)` \|", with_tables(text), re.MULTILINE)
    in_words = {"updates"}
    expected = keys_of(schema, schema) | keys_of(catalogue, catalogue)
    assert {*sections, *explained} | in_words == expected


def test_schema_names_what_the_library_has(schema: dict[str, Any]) -> None:
    """Lists that cannot be read while the workflow is planned, since their modules need NumPy."""
    benchmark = schema["properties"]["benchmark"]["properties"]
    assert {f"{name}s" for name in VARIED} < set(benchmark["cost"]["properties"])
    assert tuple(schema["properties"]["protocols"]["items"]["enum"]) == PROTOCOLS


def test_schema_names_what_is_planned(schema: dict[str, Any]) -> None:
    experiments = schema["properties"]["experiments"]["properties"]
    assert tuple(experiments) == EXPERIMENTS + OPTIONAL_EXPERIMENTS
    assert set(schema["properties"]["boltzmann_machines"]["required"]) <= set(BASELINES)


def test_schema_knows_the_largest_patch() -> None:
    rng = np.random.default_rng(0)
    photo_patches("grey", 160, 2, 2, rng)
    with pytest.raises(ValueError, match="patch: expected at most 160"):
        photo_patches("grey", 161, 2, 2, rng)


# What is known of datasets before any data are read


@pytest.mark.parametrize(
    "settings",
    [
        *({"kind": "digits", "test_fraction": fraction} for fraction in (0.1, 0.25, 0.3333)),
        *(
            {"kind": "photo_patches", "colour": colour, "patch": 4, "train": 6, "test": 2}
            for colour in ("grey", "rgb")
        ),
        *(
            {
                "kind": "networks",
                "protocol": protocol,
                "nodes": 6,
                "graphs": 7,
                "structures": {
                    "sparse": {"generator": "gnm_random_graph", "parameters": {"m": 4}},
                    "ring": {"generator": "watts_strogatz_graph", "parameters": {"k": 2, "p": 0.5}},
                },
                "test_fraction": 0.3333,
            }
            for protocol in ("published", "like_for_like")
        ),
    ],
    ids=lambda settings: settings["kind"],
)
def test_data_have_the_planned_size(settings: dict[str, Any]) -> None:
    dataset, _ = module(settings["kind"]).prepare(settings, {}, np.random.default_rng(0))
    assert dataset.x_train.shape == (training_items(settings), input_dimension(settings))
    if settings["kind"] == "digits":
        assert sum(COUNTS) == len(dataset.x_train) + len(dataset.x_test)


def test_published_data_have_the_planned_size() -> None:
    """Their readers refuse any other; they are read in test_readers.py."""
    assert training_items({"kind": "mnist"}) == mnist.ITEMS["train"]
    assert input_dimension({"kind": "mnist"}) == mnist.SIDE**2
    film = {"kind": "frey_face", "test": 200}
    assert training_items(film) == frey_face.FRAMES - 200
    assert input_dimension(film) == frey_face.HEIGHT * frey_face.WIDTH
    for colour, channels in (("grey", 1), ("rgb", 3)):
        photographs = {"kind": "cifar10", "colour": colour, "source": "cifar10"}
        assert training_items(photographs) == len(cifar10.TRAIN) * cifar10.BATCH
        assert input_dimension(photographs) == channels * cifar10.SIDE**2


def test_only_files_of_ones_own_know_their_size() -> None:
    mine = {"kind": "files", "format": "npz", "path": "mine.npz"}
    assert (training_items(mine), input_dimension(mine)) == (None, None)


def test_planning_loads_no_heavy_library() -> None:
    """Every start of Snakemake pays for what planning imports."""
    heavy = ["matplotlib", "networkx", "pandas", "scipy", "sklearn", "tensorflow"]
    code = (
        "import sys, planning.imports, planning.runs, planning.validation\n"
        f"print(*[name for name in {heavy} if name in sys.modules])"
    )
    printed = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": f"{ROOT / 'workflow'}:{ROOT / 'scripts'}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert printed.stdout.strip() == ""
