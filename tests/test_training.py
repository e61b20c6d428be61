"""Training: it is repeatable, what it measures is what it says, and it learns what is known."""

import numpy as np
import pytest

from study.run_data import training_rows
from vae.architecture import INITIALISATIONS, Architecture
from vae.history import read_history, write_history
from vae.training import Training, train

SMALL = Architecture(10, 2, encoder_sizes=(16,), decoder_sizes=(16,))


@pytest.fixture(scope="module")
def x() -> np.ndarray:
    """Two kinds of binary rows, each pixel of each kind on with its own probability."""
    generator = np.random.default_rng(0)
    probability = generator.uniform(0.05, 0.95, (2, 10))
    return (generator.random((600, 10)) < probability[generator.integers(0, 2, 600)]).astype("f4")


def fit(x, seed=0, epochs=5, **settings):
    training = Training(**{"batch_size": 50, "learning_rate": 1e-2} | settings)
    random = np.random.default_rng(seed)
    return train(SMALL, x[:500], x[500:], training, epochs=epochs, generator=random)


def test_same_seed_same_run_and_another_seed_another(x):
    (first, history), (again, _), (other, _) = fit(x), fit(x), fit(x, seed=1)
    np.testing.assert_array_equal(first.parameters, again.parameters)
    assert (first.parameters != other.parameters).any()
    assert [row.epoch for row in history if row.metric == "runtime"] == [1, 2, 3, 4, 5]


def test_more_epochs_continue_the_same_run(x):
    def short_of_times(history):
        return [row for row in history if row.metric != "runtime" and row.epoch <= 2]

    assert short_of_times(fit(x, epochs=2)[1]) == short_of_times(fit(x, epochs=4)[1])


def test_elbo_is_minus_its_parts_and_rises(x):
    history = fit(x, epochs=20)[1]
    values = {(row.epoch, row.split, row.metric): row.value for row in history}
    for split in ("train", "test"):
        for epoch in range(1, 21):
            parts = values[epoch, split, "reconstruction"] + values[epoch, split, "kl"]
            assert values[epoch, split, "elbo"] == pytest.approx(-parts)
        assert values[20, split, "elbo"] > values[1, split, "elbo"]


def test_learned_bound_approaches_the_entropy_of_known_data(x):
    """The data's entropy is known: a good model comes within a nat, none above but by chance."""
    generator = np.random.default_rng(0)
    p = generator.uniform(0.05, 0.95, (2, 10))
    rows = ((np.arange(1024)[:, None] >> np.arange(10)) & 1).astype(float)
    likelihood = np.mean(
        [np.prod(np.where(rows == 1, kind, 1 - kind), axis=1) for kind in p], axis=0
    )
    entropy = -np.sum(likelihood * np.log(likelihood))
    model, _ = fit(x, epochs=150)
    terms = model.elbo_terms(x[500:], np.random.default_rng(9), samples=20)
    elbo = -np.mean(np.add(*terms))
    assert -entropy - 1.0 < elbo < -entropy + 0.5


@pytest.mark.parametrize("samples", [1, 4])
def test_both_dtypes_train_alike(x, samples):
    single, double = (
        fit(x, dtype=dtype, samples=samples)[0].parameters for dtype in ("float32", "float64")
    )
    assert double.dtype == np.float64
    np.testing.assert_allclose(single, double, atol=2e-3)


@pytest.mark.parametrize("initialisation", INITIALISATIONS)
@pytest.mark.parametrize(
    ("optimizer", "learning_rate"), [("adam", 0.01), ("sgd", 0.1), ("adagrad", 0.1)]
)
def test_every_optimizer_learns_from_every_start(x, optimizer, learning_rate, initialisation):
    history = fit(
        x, 0, optimizer=optimizer, learning_rate=learning_rate, initialisation=initialisation
    )[1]
    elbo = [row.value for row in history if (row.split, row.metric) == ("train", "elbo")]
    assert elbo[-1] > elbo[0]


def test_optimizer_and_start_are_told_by_their_names(x):
    models = [
        fit(x, optimizer=optimizer, initialisation=initialisation)[0].parameters
        for optimizer, initialisation in (("adam", "xavier"), ("sgd", "xavier"), ("adam", "he"))
    ]
    np.testing.assert_array_equal(models[0], fit(x)[0].parameters)
    assert (models[0] != models[1]).any() and (models[0] != models[2]).any()
    with pytest.raises(ValueError, match=r"optimizer: 'adamw' is unknown; .* is adam"):
        fit(x, optimizer="adamw")
    with pytest.raises(ValueError, match=r"initialisation: 'hee' is unknown; .* is he"):
        fit(x, initialisation="hee")


@pytest.mark.parametrize("value", [0, -1, np.nan, np.inf, None, "many"])
def test_a_setting_out_of_range_is_named(x, value):
    for name in ("batch_size", "samples", "learning_rate"):
        with pytest.raises(ValueError, match=rf"{name}: expected a positive .*, got '?{value}"):
            Training(**{name: value})
    with pytest.raises(ValueError, match="epochs: expected a positive whole number"):
        fit(x, epochs=value)


def test_data_that_cannot_be_trained_on_are_named(x):
    random = np.random.default_rng(0)
    for wrong in (x[:, :9], x[0], x[:0], x - 1, 2 * x, x * np.nan, x.astype(str)):
        with pytest.raises(ValueError, match="x_train: expected"):
            train(SMALL, wrong, epochs=1, generator=random)
        with pytest.raises(ValueError, match="x_test: expected"):
            train(SMALL, x, wrong, epochs=1, generator=random)


def test_history_survives_its_file(x, tmp_path):
    history = fit(x)[1]
    write_history(history, tmp_path / "history.csv")
    assert read_history(tmp_path / "history.csv") == history


def test_smaller_subsets_lie_within_larger_ones():
    small, large = (set(training_rows(100, size, 0, "digits", 1)) for size in (10, 40))
    assert small < large
    assert list(training_rows(5, "all", 0, "digits", 1)) == [0, 1, 2, 3, 4]
    assert small != set(training_rows(100, 10, 0, "digits", 2))
    with pytest.raises(ValueError, match="101 images wanted, digits has 100"):
        training_rows(100, 101, 0, "digits", 1)
