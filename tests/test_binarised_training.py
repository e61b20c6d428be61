"""Training on black and white images: drawn once or anew, the same on every way to them."""

import csv

import numpy as np
import pytest

from estimate_likelihood import estimate_likelihood
from estimate_pixel_likelihood import estimate_pixel_likelihood
from evaluate_vae import evaluate_vae
from study.contracts import LIKELIHOOD
from study.dataset import Dataset, save_dataset
from study.run_data import binarised
from train_vae import train_vae
from vae.architecture import Architecture
from vae.binarisation import binarise
from vae.model import load_model
from vae.training import Training, train

RUN = {
    "dataset": "grey",
    "architecture": "small",
    "training": "binarised",
    "latent_dimension": 2,
    "train_size": "all",
    "epochs": 3,
    "backend": "numpy",
    "seed": 1,
}
SMALL = {
    "encoder_sizes": [8],
    "encoder_activation": "relu",
    "decoder_sizes": [8],
    "decoder_activation": "relu",
    "likelihood": "bernoulli",
}
TRAINING = {
    "batch_size": 10,
    "learning_rate": 0.01,
    "samples": 1,
    "optimizer": "adam",
    "initialisation": "xavier",
}


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    random = np.random.default_rng(0)
    pixels = [random.integers(256, size=(n, 9), dtype=np.uint8) for n in (60, 30)]
    labels = [np.zeros(n, dtype=np.int64) for n in (60, 30)]
    return Dataset(pixels[0], labels[0], pixels[1], labels[1], np.array([3, 3]), np.array(["a"]))


@pytest.fixture(scope="module", params=["fixed", "dynamic"])
def trained(request, dataset, tmp_path_factory):
    """Folder of a run on black and white images, with how they were drawn."""
    folder = tmp_path_factory.mktemp(request.param)
    save_dataset(folder / "grey.npz", dataset)
    train_vae(
        folder / "grey.npz",
        folder / "model.npz",
        folder / "history.csv",
        RUN,
        SMALL,
        TRAINING | {"binarisation": request.param},
        663,
        1,
    )
    return folder, request.param


def rows_of(path) -> list[dict[str, str]]:
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def test_the_draw_depends_on_the_dataset_alone_and_keeps_its_classes(dataset):
    drawn = binarised(dataset, 663, "grey")
    again = binarised(dataset, 663, "grey")
    other = binarised(dataset, 663, "other")
    for split in ("x_train", "x_test"):
        pixels = getattr(drawn, split)
        assert set(np.unique(pixels)) == {0, 255}
        np.testing.assert_array_equal(pixels, getattr(again, split))
        assert (pixels != getattr(other, split)).any()
    np.testing.assert_array_equal(drawn.y_train, dataset.y_train)


def test_only_fixed_images_are_the_same_in_every_epoch(dataset, monkeypatch):
    """A dynamic training loads other images every epoch, all drawn from the grey ones."""
    loaded = []

    class Spy:
        def __init__(self, trainer):
            self._trainer = trainer

        def load(self, x):
            loaded.append(x)
            self._trainer.load(x)

        def load_binarised(self, x, generator):
            self.load(binarise(x, generator))

        def __getattr__(self, name):
            return getattr(self._trainer, name)

    from vae import training

    create = training.create_trainer
    monkeypatch.setattr(training, "create_trainer", lambda *args: Spy(create(*args)))
    architecture = Architecture.named(SMALL, 9, 2)
    for dynamic, expected in ((False, 1), (True, 3)):
        loaded.clear()
        train(
            architecture,
            dataset.x_train,
            training=Training(dynamic_binarisation=dynamic),
            epochs=3,
            generator=np.random.default_rng(0),
        )
        assert len(loaded) == expected
    assert all(set(np.unique(x)) == {0, 255} for x in loaded)
    assert (loaded[0] != loaded[1]).any()
    for x in loaded:
        assert not x[dataset.x_train == 0].any()
        assert x[dataset.x_train == 255].all()


def test_the_test_bound_is_of_the_images_drawn_once(trained, dataset):
    """The loss that the evaluation measures again on them is that of the last epoch's model."""
    folder, binarisation = trained
    evaluate_vae(
        folder / "grey.npz",
        folder / "model.npz",
        folder / "history.csv",
        folder / "evaluation.csv",
        folder / "images.npz",
        folder / "codes.npz",
        RUN,
        binarisation,
        False,
        663,
    )
    with np.load(folder / "images.npz") as images:
        assert set(np.unique(images["x_test"])) == {0, 255}
    model = load_model(folder / "model.npz")
    test = binarised(dataset, 663, "grey").x_test
    losses = [
        sum(model.elbo_terms(test, np.random.default_rng(seed))).mean() for seed in range(200)
    ]
    (recorded,) = (
        -float(row["value"])
        for row in rows_of(folder / "evaluation.csv")
        if (row["epoch"], row["split"], row["metric"]) == ("3", "test", "elbo")
    )
    assert abs(recorded - np.mean(losses)) < 5 * np.std(losses)


def test_a_likelihood_is_above_the_bound_and_below_quadratures(trained):
    folder, binarisation = trained
    estimate_likelihood(
        folder / "grey.npz",
        folder / "model.npz",
        folder / "likelihood.csv",
        "vae",
        RUN,
        binarisation,
        {"importance_samples": [1, 200]},
        20,
        663,
    )
    rows = rows_of(folder / "likelihood.csv")
    assert list(rows[0]) == list(LIKELIHOOD.columns)
    assert {row["binarisation"] for row in rows} == {binarisation}
    values = {
        (row["estimator"], row["samples"], row["metric"]): float(row["value"]) for row in rows
    }
    exact = values["quadrature", "40401", "log_likelihood"]
    many = values["importance_sampling", "200", "log_likelihood"]
    one = values["importance_sampling", "1", "log_likelihood"]
    interval = values["importance_sampling", "1", "log_likelihood_interval"]
    assert many == pytest.approx(exact, abs=0.05)
    assert one < many + interval
    assert exact > -9 * np.log(2) - 3, "near noise's entropy"
    assert values["importance_sampling", "200", "effective_sample_size"] > 1
    assert values["mean_field", "", "reconstruction_error"] > 0


def test_pixel_models_are_rows_of_the_same_table(dataset, tmp_path):
    save_dataset(tmp_path / "grey.npz", dataset)
    estimate_pixel_likelihood(
        tmp_path / "grey.npz", tmp_path / "pixels.csv", "grey", [1, 2], [3], 0.1, 30, 663
    )
    rows = rows_of(tmp_path / "pixels.csv")
    found = {
        (row["model"], row["size"], row["seed"])
        for row in rows
        if row["metric"] == "log_likelihood"
    }
    assert found == {("independent_pixels", "9", "1"), ("mixture", "3", "1"), ("mixture", "3", "2")}
    assert all(float(row["value"]) < 0 for row in rows if row["metric"] == "log_likelihood")
