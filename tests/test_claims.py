"""Claims: every test can pass and fail, and says so with the numbers."""

import re

import pandas as pd
import pytest
import yaml
from conftest import ROOT

from study.claims import NOT_REPRODUCED, NOT_TESTED, REPRODUCED, TESTS, judge
from study.contracts import MEASUREMENT

CLAIMS = yaml.safe_load((ROOT / "config/claims.yaml").read_text())["claims"]


def tidy(column: str, values: dict, metric: str = "elbo", **fixed) -> pd.DataFrame:
    """Final measurements: a value of the column -> a value per seed."""
    rows = [
        {
            **dict.fromkeys(MEASUREMENT.columns, "x"),
            "epoch": 5,
            "epochs": 5,
            "split": "test",
            "metric": metric,
            "unit": "nats/image",
            column: key,
            "seed": seed,
            "value": value,
            **fixed,
        }
        for key, seeds in values.items()
        for seed, value in enumerate(seeds)
    ]
    return pd.DataFrame(rows)


def networks(loss: float, floor: float = 100.0) -> dict[str, pd.DataFrame]:
    floors = pd.DataFrame([{"dataset": "n", "class": "sparse", "floor": floor}])
    rows = tidy("seed", {0: [loss]}, metric="reconstruction_sparse", dataset="n")
    return {"networks_published": rows, "entropy_floors": floors}


def timings(numpy: float, tensorflow: float | None) -> dict[str, pd.DataFrame]:
    rows = [{"backend": "numpy", "status": "measured", "seconds": numpy, "note": ""}]
    if tensorflow is None:
        rows.append({"backend": "tensorflow", "status": "not measured", "note": "no such thing"})
    else:
        rows.append({"backend": "tensorflow", "status": "measured", "seconds": tensorflow})
    return {"backends": pd.DataFrame(rows)}


def ranking(*seeds: tuple[float, float, float]) -> dict[str, pd.DataFrame]:
    rows = [
        {
            "model": model,
            "protocol": "published",
            "metric": "reconstruction_error",
            "seed": seed,
            "value": value,
        }
        for seed, values in enumerate(seeds, start=1)
        for model, value in zip(("rbm", "vae", "dbn", "mean_image"), (*values, 1.0), strict=True)
    ]
    return {"reconstruction": pd.DataFrame(rows)}


def profile(optimize: float, backward: float) -> dict[str, pd.DataFrame]:
    rows = [("optimize", optimize), ("backward", backward), ("run_epoch", 3.0), ("BCE", 1.0)]
    return {"published_epoch": pd.DataFrame(rows, columns=["function", "own_seconds"])}


def trainings(adam: float, sgd: float, adagrad: float | None) -> dict[str, pd.DataFrame]:
    values = {"report": [adam], "sgd_xavier": [sgd]}
    values |= {} if adagrad is None else {"adagrad_xavier": [adagrad]}
    return {"ablation": tidy("training", values, split="train")}


def faces(
    dense: float, convolutional: float | None, metric: str = "elbo"
) -> dict[str, pd.DataFrame]:
    values = {"two_layer_200": [dense]}
    values |= {} if convolutional is None else {"convolutional_frey_face": [convolutional]}
    return {"images": tidy("architecture", values, metric, dataset="frey_face")}


ERROR = "reconstruction_error"

CASES = [
    # what a study may have too little of
    (
        "small_latent_space_restricts",
        {"latent_dimension": tidy("latent_dimension", {2: [-9, -8]})},
        None,
        "two of latent dimension",
    ),
    (
        "latent_space_saturates",
        {"latent_dimension": tidy("latent_dimension", {2: [-9, -8]})},
        None,
        "two of latent dimension",
    ),
    (
        "networks_separate",
        networks(100),
        None,
        "the metric knn accuracy in the experiment networks_published",
    ),
    (
        "networks_reconstructed",
        networks(100, floor=0.0),
        None,
        "networks that are not certain",
    ),
    (
        "small_latent_space_restricts",
        {"latent_dimension": tidy("latent_dimension", {2: [-9], 3: [-8, -8], 20: [-7, -9]})},
        True,
        "higher in 1 of 1 seeds",
    ),
    (
        "small_latent_space_restricts",
        {"latent_dimension": tidy("latent_dimension", {2: [-9, -8], 20: [-7, -7]})},
        True,
        "higher in 2 of 2 seeds",
    ),
    (
        "small_latent_space_restricts",
        {"latent_dimension": tidy("latent_dimension", {2: [-9, -6], 20: [-7, -7]})},
        False,
        "higher in 1 of 2 seeds",
    ),
    (
        "latent_space_saturates",
        {"latent_dimension": tidy("latent_dimension", {2: [-10], 10: [-5], 20: [-4.9]})},
        True,
        "0.10 come after 10",
    ),
    (
        "latent_space_saturates",
        {"latent_dimension": tidy("latent_dimension", {2: [-10], 10: [-5], 20: [-3]})},
        False,
        "2.00 come after 10",
    ),
    (
        "few_images_less_stable",
        {"training_size": tidy("train_size", {100: [-9, -5], 1000: [-4, -4.1]})},
        True,
        "2.83 at train size 100, 0.07 at 1000",
    ),
    (
        "few_images_less_stable",
        {"training_size": tidy("train_size", {100: [-5, -5], 1000: [-4, -9]})},
        False,
        "0.00 at train size 100",
    ),
    (
        "few_images_less_stable",
        {"training_size": tidy("train_size", {100: [-5], 1000: [-4]})},
        None,
        "at least two seeds",
    ),
    (
        "few_images_less_stable",
        {"training_size": tidy("train_size", {100: [-9, -5], 1000: [-4]})},
        None,
        "at least two seeds at two of train size",
    ),
    (
        "few_images_less_stable",
        {"training_size": tidy("train_size", {50: [-8], 100: [-9, -5], 1000: [-4, -4.1]})},
        True,
        "2.83 at train size 100, 0.07 at 1000",
    ),
    (
        "networks_separate",
        {"networks_published": tidy("seed", {0: [0.99]}, metric="knn_accuracy")},
        True,
        "Knn accuracy 0.99",
    ),
    (
        "networks_separate",
        {"networks_published": tidy("seed", {0: [0.5]}, metric="knn_accuracy")},
        False,
        "0.95 asked for",
    ),
    (
        "networks_reconstructed",
        networks(105),
        True,
        r"Loss 105.0, floor 100.0 nats a network: \+5.0%",
    ),
    ("networks_reconstructed", networks(120), False, r"\+20.0%"),
    ("ranking_published", ranking((1, 2, 3), (1, 4, 5)), True, "RBM 1.00 < VAE 3.00 < DBN 4.00"),
    ("ranking_published", ranking((2, 1, 3)), False, "VAE 1.00 < RBM 2.00 < DBN 3.00"),
    (
        "ranking_published",
        ranking((1, 2, 5), (1, 3, 2)),
        False,
        "the report's order in 1 of 2 seeds",
    ),
    ("ranking_published", ranking((1, float("nan"), 3)), None, "a seed with rbm, vae, dbn"),
    ("tensorflow_faster_than_numpy", timings(4, 2), True, "2.00 times"),
    ("tensorflow_faster_than_numpy", timings(2, 4), False, "0.50 times"),
    (
        "tensorflow_faster_than_numpy",
        timings(2, None),
        None,
        "tensorflow was not measured: no such thing",
    ),
    ("adam_helps", trainings(-98, -120, -150), True, "report -98.00; sgd xavier -120.00"),
    ("adam_helps", trainings(-98, -120, -97), False, "adagrad xavier -97.00 nats/image"),
    (
        "adam_helps",
        trainings(-98, -120, None),
        None,
        "a seed with the training report and adagrad_xavier",
    ),
    ("adam_helps", {}, None, "Would need the experiment ablation"),
    ("hot_spots", profile(4, 2), True, "60% of the whole: optimize 40%, backward 20%"),
    ("hot_spots", profile(3, 0.5), False, "47% of the whole"),
    ("convolutions_help_on_faces", faces(-350, -340), True, "two layer 200 -350.00"),
    ("convolutions_help_on_faces", faces(-350, -360), False, "frey face -360.00"),
    ("convolutions_help_on_faces", faces(-350, None), None, "Would need a seed"),
    ("convolutions_reconstruct_faces", faces(350, 340, ERROR), True, "two layer 200 350.00"),
    ("convolutions_reconstruct_faces", faces(350, 360, ERROR), False, "frey face 360.00"),
    ("convolutions_reconstruct_faces", faces(350, None, ERROR), None, "Would need a seed"),
    ("graph_convolutions_help_on_faces", faces(-350, -340), None, "graph_frey_face"),
    ("convolutions_help_on_objects", faces(-350, -340), None, "need the dataset cifar10 grey"),
]


@pytest.mark.parametrize(("name", "tables", "holds", "finding"), CASES)
def test_verdicts_follow_the_numbers(name, tables, holds, finding):
    verdict = judge(name, CLAIMS[name], tables, ["ablation"])
    outcome = {True: REPRODUCED, False: NOT_REPRODUCED, None: NOT_TESTED}[holds]
    assert verdict.outcome == outcome
    assert re.search(finding, verdict.finding), verdict.finding


def test_every_test_of_the_file_is_covered_here():
    covered = {CLAIMS[name]["test"] for name, *_ in CASES}
    assert covered == {claim["test"] for claim in CLAIMS.values()} == set(TESTS)


@pytest.mark.parametrize(
    ("claim", "sentence"),
    [
        ({"test": "rise"}, r"claims\.mine\.test: 'rise' is unknown; .* nearest is rises"),
        (
            {"test": "near_floor", "table": "x"},
            r"claims\.mine: missing a required argument: 'at_most'",
        ),
        (
            {"test": "near_floor", "table": "x", "at_most": 1, "along": "y"},
            "unexpected keyword argument 'along'",
        ),
    ],
)
def test_a_wrong_claim_is_one_sentence(claim, sentence):
    with pytest.raises(ValueError, match=sentence):
        judge("mine", {"section": "1", "statement": "s", **claim}, {})
