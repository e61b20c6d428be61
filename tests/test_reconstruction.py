"""Reconstruction error: its formula, its floor, the two protocols, and the table of Sec. 6.3."""

import csv
import math
from collections import defaultdict

import numpy as np
import pytest

from compare_reconstructions import compare_reconstructions
from study.comparison import PROTOCOLS, corrupt, like_for_like_errors, published_errors
from study.dataset import Dataset, save_dataset
from study.models import MODELS
from study.pixels import grey_levels
from study.reconstruction import entropy_floor, mean_image_errors
from study.results import classes_in_turn
from vae.architecture import Architecture
from vae.boltzmann.estimators import DBN, RBM
from vae.model import Model
from vae.objective import binary_cross_entropy


class Answer:
    """A model that gives back the same images whatever it is shown, and keeps what it was shown."""

    def __init__(self, images):
        self.images = images

    def reconstruct(self, x):
        self.shown = x
        return self.images[: len(x)]


@pytest.fixture(scope="module")
def images():
    """Grey, black and white pixels."""
    random = np.random.default_rng(0)
    return random.integers(-8, 25, size=(300, 9)).clip(0, 16).astype(np.float32) / 16


@pytest.fixture(scope="module")
def machines(images):
    settings = {"epochs": 2, "batch_size": 10, "random_state": 0}
    return RBM((7,), **settings).fit(images), DBN((7, 6, 5), **settings).fit(images)


def test_error_is_the_formula_of_the_report(images):
    given = np.random.default_rng(1).uniform(0.01, 0.99, images.shape)
    naive = [
        -sum(
            y * math.log(p) + (1 - y) * math.log(1 - p)
            for y, p in zip(targets.tolist(), answer.tolist(), strict=True)
        )
        for targets, answer in zip(images, given, strict=True)
    ]
    np.testing.assert_allclose(binary_cross_entropy(images, given), naive, rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_saturated_pixel_has_a_finite_error_in_either_dtype(dtype):
    certain = np.array([[0.0, 1.0]], dtype)
    assert binary_cross_entropy(certain, certain) == pytest.approx(0, abs=1e-6)
    epsilon = np.finfo(np.float32).eps
    assert binary_cross_entropy(certain, 1 - certain) == pytest.approx(-2 * math.log(epsilon))


def test_what_is_no_reconstruction_is_refused(images):
    with pytest.raises(ValueError, match=r"expected the targets' shape, \(300, 9\), got \(9,\)"):
        binary_cross_entropy(images, images[0])
    for wrong in (-0.1, 1.1, np.nan):
        with pytest.raises(ValueError, match=r"expected probabilities in \[0, 1\]"):
            binary_cross_entropy(images, np.full_like(images, wrong))


def test_floor_is_the_entropy_and_below_every_reconstruction(images):
    assert entropy_floor(np.array([[0.5, 0.0, 1.0]])) == pytest.approx(math.log(2), abs=1e-6)
    floor = entropy_floor(images)
    random = np.random.default_rng(1)
    for given in (
        random.random(images.shape),
        (images + random.normal(0, 1e-3, images.shape)).clip(0, 1),
        images.round(),
        np.zeros_like(images),
    ):
        assert (floor <= binary_cross_entropy(images, given)).all()


def test_mean_image_is_the_best_single_answer(images):
    best = mean_image_errors(images, images).mean()
    for shift in (-0.02, 0.02):
        other = np.broadcast_to(images.mean(axis=0) + shift, images.shape)
        assert best < binary_cross_entropy(images, other).mean()


def test_corruption_keeps_fewer_pixels_of_later_images_and_makes_them_brighter():
    corrupted = corrupt(np.ones((100, 4000), np.float32), np.random.default_rng(0))
    kept = 1 - np.arange(100) / 200
    np.testing.assert_allclose((corrupted > 0).mean(axis=1), kept, atol=0.05)
    np.testing.assert_allclose(corrupted.max(axis=1), 1 / kept, rtol=1e-6)
    assert corrupted[0].min() == 1
    assert corrupted.max() == pytest.approx(1.98, abs=0.005)


def test_published_errors_are_negative_where_models_give_bright_targets_back():
    """The reason for the RBM's low value in Table 6.1: no error of targets in [0, 1] is below 0."""
    white = np.ones((100, 50), np.float32)
    corrupted = corrupt(white, np.random.default_rng(0))
    errors = binary_cross_entropy(corrupted, corrupted.clip(0, 1))
    assert errors[-1] < 0
    assert (binary_cross_entropy(corrupted.clip(0, 1), corrupted.clip(0, 1)) >= 0).all()


def test_published_protocol_gives_every_model_what_the_authors_gave_it(images, machines):
    vae = Answer(np.full((100, 9), 0.5, np.float32))
    rbm, dbn = machines
    corrupted = corrupt(images[200:], np.random.default_rng(0))
    trained = {"vae": vae, "rbm": rbm, "dbn": dbn}
    models = {name: MODELS[name](model) for name, model in trained.items()}
    errors = published_errors(models, images[:200], corrupted)

    np.testing.assert_array_equal(vae.shown, images[:100])
    np.testing.assert_allclose(errors["vae"], 9 * math.log(2), rtol=1e-6)
    top = dbn.layers_.pop()
    for name, machine in (("rbm", rbm), ("dbn", dbn)):
        x = corrupted
        for layer in machine.layers_:
            x = layer.up(x)
        expected = binary_cross_entropy(corrupted, machine.inverse_transform(x))
        np.testing.assert_array_equal(errors[name], expected)
    dbn.layers_.append(top)


def test_like_for_like_gives_every_model_the_same_images(images, machines):
    vae, (rbm, dbn) = Answer(images), machines
    trained = {"vae": vae, "rbm": rbm, "dbn": dbn}
    models = {name: MODELS[name](model) for name, model in trained.items()}
    errors = like_for_like_errors(models, images)
    assert vae.shown is images
    np.testing.assert_array_equal(errors["vae"], entropy_floor(images))
    for name, machine in (("rbm", rbm), ("dbn", dbn)):
        expected = binary_cross_entropy(images, machine.reconstruct(images))
        np.testing.assert_array_equal(errors[name], expected)


@pytest.fixture
def compared(tmp_path, images):
    """Files of a comparison over two seeds."""
    x, y = images, np.arange(300) % 3
    dataset = Dataset(x[:150], y[:150], x[150:], y[150:], np.array([3, 3]), np.array(list("abc")))
    save_dataset(tmp_path / "grey.npz", dataset)
    architecture = Architecture(9, 2, encoder_sizes=(4,), decoder_sizes=(4,))
    for seed in (1, 2):
        settings = {"epochs": 2, "batch_size": 10, "random_state": seed}
        parameters = architecture.initial_parameters(np.random.default_rng(seed))
        Model(architecture, parameters).save(tmp_path / f"vae{seed}.npz")
        RBM((7,), **settings).fit(x[:150]).save(tmp_path / f"rbm{seed}.npz")
        DBN((7, 6), **settings).fit(x[:150]).save(tmp_path / f"dbn{seed}.npz")

    def compare(*seeds):
        trained = [(family, seed) for family in ("vae", "rbm", "dbn") for seed in seeds]
        compare_reconstructions(
            dataset=tmp_path / "grey.npz",
            models=[tmp_path / f"{family}{seed}.npz" for family, seed in trained],
            evaluation=tmp_path / "reconstruction.csv",
            images=tmp_path / "reconstruction.npz",
            name="grey",
            train_size="all",
            families=[family for family, _ in trained],
            seeds=[seed for _, seed in trained],
            protocols=list(PROTOCOLS),
            root_seed=663,
        )
        values = defaultdict(dict)
        with open(tmp_path / "reconstruction.csv", newline="") as file:
            for row in csv.DictReader(file):
                assert (row["dataset"], row["unit"]) == ("grey", "nats/image")
                key = (row["model"], row["protocol"], row["metric"])
                values[key][row["seed"]] = float(row["value"])
        return dataset, values, dict(np.load(tmp_path / "reconstruction.npz", allow_pickle=False))

    return compare


def test_the_step_writes_both_protocols_of_every_model_and_seed(compared):
    dataset, values, arrays = compared(1, 2)
    for model in ("vae", "rbm", "dbn"):
        for protocol in ("published", "like_for_like"):
            for metric in ("reconstruction_error", "reconstruction_error_std"):
                assert set(values[model, protocol, metric]) == {"1", "2"}
        error = values[model, "like_for_like", "reconstruction_error"]
        floor = entropy_floor(dataset.x_test).mean()
        assert values["entropy_floor", "like_for_like", "reconstruction_error"]["1"] == floor
        assert floor < min(error.values())
        assert error["1"] != error["2"]
        sampled = values[model, "like_for_like_sampled", "reconstruction_error"]
        assert sampled["1"] != error["1"]
        deviation = values[model, "like_for_like", "reconstruction_error_std"]["1"]
        interval = values[model, "like_for_like", "reconstruction_error_interval"]["1"]
        assert interval == pytest.approx(1.96 * deviation / len(dataset.x_test) ** 0.5)
    for protocol in ("like_for_like", "like_for_like_sampled"):
        for model, other in (("vae", "rbm"), ("vae", "dbn"), ("rbm", "dbn")):
            difference = values[other, protocol, f"difference_from_{model}"]["1"]
            error, others = (
                values[name, protocol, "reconstruction_error"]["1"] for name in (model, other)
            )
            assert difference == pytest.approx(others - error)
            assert values[other, protocol, f"difference_from_{model}_interval"]["1"] > 0
    assert ("rbm", "published", "difference_from_vae") not in values, "other images"
    assert not {key for key in values if key[1] == "published"} & {
        (mark, "published", metric)
        for mark in ("entropy_floor", "mean_image")
        for metric in ("reconstruction_error", "reconstruction_error_std")
    }

    shown = classes_in_turn(dataset.y_test, 10)
    np.testing.assert_array_equal(arrays["x"], grey_levels(dataset.x_test[shown]))
    np.testing.assert_array_equal(arrays["image_shape"], [3, 3])


def test_the_step_gives_the_same_numbers_again_and_for_each_seed_alone(compared):
    _, both, arrays = compared(1, 2)
    _, again, _ = compared(1, 2)
    assert again == both
    _, alone, others = compared(2)
    assert all(value["2"] == both[key]["2"] for key, value in alone.items())
    for model in ("vae", "rbm", "dbn"):
        assert arrays[model].shape == (10, 9)
        assert (arrays[model] != others[model]).any()
