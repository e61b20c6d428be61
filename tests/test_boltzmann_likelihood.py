"""The steps that measure and sample Boltzmann machines, on one small enough to sum exactly."""

import csv

import numpy as np
import pytest

from collect_boltzmann_training import collect_boltzmann_training
from draw_model_samples import draw_model_samples
from estimate_likelihood import estimate_likelihood
from study.dataset import Dataset, save_dataset
from study.run_data import binarised
from vae.architecture import Architecture
from vae.boltzmann.annealing import exact_log_partition, log_likelihood
from vae.boltzmann.estimators import DBN, RBM
from vae.model import Model

ANNEALING = {"chains": 200, "temperatures": 200, "gibbs_steps": 50, "bound_samples": 5}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Folder of a dataset of 3 x 3 pixels and the models trained on it."""
    folder = tmp_path_factory.mktemp("machines")
    random = np.random.default_rng(0)
    pixels = [random.integers(256, size=(n, 9), dtype=np.uint8) for n in (100, 40)]
    labels = [np.zeros(n, dtype=np.int64) for n in (100, 40)]
    data = Dataset(pixels[0], labels[0], pixels[1], labels[1], np.array([3, 3]), np.array(["a"]))
    save_dataset(folder / "grey.npz", data)
    settings = {"epochs": 2, "batch_size": 10, "random_state": 0}
    machines = {"rbm": RBM((5,), **settings), "dbn": DBN((6, 4), **settings)}
    for name, machine in machines.items():
        machine.fit(data.pixels("train")).save(folder / f"{name}.npz")
        with open(folder / f"{name}.csv", "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["layer", "epoch", "metric", "value", "unit"])
            writer.writerows(machine.history_)
    architecture = Architecture(9, 2, encoder_sizes=(4,), decoder_sizes=(4,))
    Model(architecture, architecture.initial_parameters(random)).save(folder / "vae.npz")
    return folder, data, machines


def measured(folder, machine) -> dict[tuple[str, str], float]:
    estimate_likelihood(
        folder / "grey.npz",
        folder / f"{machine}.npz",
        folder / "likelihood.csv",
        family=machine,
        run_parameters={"dataset": "grey", "family": machine, "train_size": "all", "seed": 1},
        binarisation="dynamic",
        settings={"annealing": ANNEALING},
        test_images=30,
        root_seed=663,
    )
    with open(folder / "likelihood.csv", newline="") as file:
        return {
            (row["estimator"], row["metric"]): float(row["value"]) for row in csv.DictReader(file)
        }


def test_an_rbms_likelihood_is_the_exact_one(study):
    folder, data, machines = study
    values = measured(folder, "rbm")
    (layer,) = machines["rbm"].layers_
    test = binarised(data, 663, "grey").pixels("test")[:30]
    exact = log_likelihood(layer, test, exact_log_partition(layer)).mean()
    for estimator in ("annealed_importance_sampling", "reverse_annealing"):
        error = 5 * values[estimator, "log_partition_standard_error"]
        assert values[estimator, "log_likelihood"] == pytest.approx(exact, abs=error + 1e-6)
    assert abs(values["both_ways", "partition_gap"]) < 0.1


def test_a_dbns_bound_is_below_no_more_than_noise(study):
    folder, _, _ = study
    values = measured(folder, "dbn")
    assert -9 * np.log(2) - 3 < values["annealed_importance_sampling", "log_likelihood"] < 0


def test_samples_stand_beside_training_images(study):
    folder, data, _ = study
    draw_model_samples(
        folder / "grey.npz",
        [folder / f"{model}.npz" for model in ("vae", "rbm", "dbn")],
        folder / "samples.npz",
        "grey",
        ["vae", "rbm", "dbn"],
        5,
        663,
    )
    train = {tuple(image) for image in binarised(data, 663, "grey").x_train}
    with np.load(folder / "samples.npz") as samples:
        for model in ("vae", "rbm", "dbn"):
            assert samples[model].shape == (36, 9) and samples[model].dtype == np.uint8
            assert {tuple(image) for image in samples[f"{model}_neighbours"]} <= train
        assert samples["test"].shape == (36, 9)


def test_trainings_are_brought_into_one_table(study):
    folder, _, machines = study
    collect_boltzmann_training(
        folder / "grey.npz",
        [folder / "rbm.csv", folder / "dbn.csv"],
        [folder / "rbm.npz", folder / "dbn.npz"],
        folder / "training.csv",
        folder / "filters.npz",
        "grey",
        ["rbm", "dbn"],
        [1, 1],
    )
    with open(folder / "training.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == sum(len(machine.history_) for machine in machines.values())
    assert {(row["model"], row["layer"]) for row in rows} == {
        ("rbm", "1"),
        ("dbn", "1"),
        ("dbn", "2"),
    }
    with np.load(folder / "filters.npz") as filters:
        weights = machines["dbn"].layers_[0].weights
        np.testing.assert_allclose(filters["dbn"], weights, rtol=1e-6)
        assert filters["image_shape"].tolist() == [3, 3]
