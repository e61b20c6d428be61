"""RBM and DBN: the way up and down, what training does with the rows, the file, the errors."""

import itertools
import json
import pickle
from copy import copy, deepcopy

import numpy as np
import pytest
from scipy.special import expit
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import estimator_checks_generator

from study.dataset import Dataset, save_dataset
from study.reconstruction import mean_image_errors
from train_baseline import train_baseline
from vae.boltzmann import estimators
from vae.boltzmann.estimators import (
    DBN,
    RBM,
    LayerMeasurement,
    _centred_step,
    _contrastive_step,
    _pseudo_likelihood,
    load_boltzmann_machine,
    reconstruct_through,
)
from vae.boltzmann.layer import Layer, log_odds, sample_units
from vae.history import TrainingDiverged
from vae.objective import binary_cross_entropy


def machine_of(path, layers) -> DBN:
    """Machine with given weights (hidden x visible), hidden and visible biases."""
    settings = {
        "hidden_sizes": [len(hidden_bias) for _, hidden_bias, _ in layers],
        "epochs": 1,
        "batch_size": 1,
        "learning_rate": 0.1,
    }
    arrays = {"settings": np.array(json.dumps(settings))}
    for number, values in enumerate(layers, start=1):
        for name, value in zip(("weights", "hidden_bias", "visible_bias"), values, strict=True):
            arrays[f"{name}_{number}"] = np.asarray(value, np.float32)
    np.savez(path, **arrays)
    return load_boltzmann_machine(path)


def random_machine(path, sizes) -> DBN:
    random = np.random.default_rng(0)
    return machine_of(
        path,
        [
            (
                random.normal(size=(hidden, visible)),
                random.normal(size=hidden),
                random.normal(size=visible),
            )
            for visible, hidden in itertools.pairwise(sizes)
        ],
    )


@pytest.fixture(scope="module")
def digits():
    return (load_digits().data[:500] / 16).astype(np.float32)


@pytest.fixture(scope="module")
def fitted(digits):
    return DBN((40, 30), epochs=20, batch_size=10, random_state=0).fit(digits[:400])


def test_layers_that_permute_give_binary_images_back(tmp_path):
    random = np.random.default_rng(0)
    orders = [random.permutation(6) for _ in range(3)]
    machine = machine_of(
        tmp_path / "model.npz",
        [(100 * np.eye(6)[order], np.full(6, -50), np.full(6, -50)) for order in orders],
    )
    images = random.integers(2, size=(20, 6)).astype(np.float32)
    top = images[:, orders[0]][:, orders[1]][:, orders[2]]
    np.testing.assert_allclose(machine.transform(images), top, atol=1e-6)
    np.testing.assert_allclose(machine.inverse_transform(top), images, atol=1e-6)
    np.testing.assert_allclose(machine.reconstruct(images), images, atol=1e-6)


def test_reconstruction_passes_every_layer_up_and_down(tmp_path):
    machine = random_machine(tmp_path / "model.npz", [5, 4, 3, 6])
    x = np.random.default_rng(1).random((7, 5), np.float32)
    (w1, c1, b1), (w2, c2, b2), (w3, c3, b3) = (
        (layer.weights, layer.hidden_bias, layer.visible_bias) for layer in machine.layers_
    )
    second = expit(expit(x @ w1.T + c1) @ w2.T + c2)
    top = expit(second @ w3.T + c3)
    np.testing.assert_allclose(machine.transform(x), top, rtol=1e-5)
    down = expit(expit(expit(top @ w3 + b3) @ w2 + b2) @ w1 + b1)
    np.testing.assert_allclose(machine.reconstruct(x), down, rtol=1e-5)
    without_top = expit(expit(second @ w2 + b2) @ w1 + b1)
    np.testing.assert_allclose(reconstruct_through(machine.layers_[:-1], x), without_top, rtol=1e-5)
    assert np.abs(down - without_top).max() > 0.01


def test_probabilities_are_those_of_the_energy(tmp_path):
    """Against the sum over all states of exp(-E), E = -v b - h c - h W v, of a tiny RBM."""
    machine = random_machine(tmp_path / "model.npz", [3, 2])
    (layer,) = machine.layers_
    visible, hidden = (np.array(list(itertools.product([0, 1], repeat=n))) for n in (3, 2))
    weight = np.exp(
        visible @ layer.visible_bias
        + (hidden @ layer.hidden_bias)[:, np.newaxis]
        + hidden @ layer.weights @ visible.T
    ).T
    on = weight @ hidden / weight.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(machine.transform(visible), on, rtol=1e-5)
    down = weight.T @ visible / weight.T.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(layer.down(hidden), down, rtol=1e-5)

    probability = dict(zip(map(tuple, visible), weight.sum(axis=1), strict=True))
    for state, mass in probability.items():
        exact = []
        for unit in range(3):
            flipped = tuple(np.where(np.arange(3) == unit, 1 - np.array(state), state))
            exact.append(3 * np.log(mass / (mass + probability[flipped])))
        rows = np.tile(np.array(state, np.float32), (50, 1))
        scores = _pseudo_likelihood(layer, rows, np.random.RandomState(0))
        assert np.abs(scores[:, np.newaxis] - exact).min(axis=1).max() < 1e-4


@pytest.mark.parametrize("rng", [np.random.default_rng(0), np.random.RandomState(0)])
def test_units_are_on_with_their_probability(rng):
    probabilities = np.array([0.0, 0.3, 1.0], np.float32)
    drawn = sample_units(np.tile(probabilities, (20_000, 1)), rng)
    assert drawn.dtype == np.float32
    assert set(np.unique(drawn)) == {0, 1}
    error = 4 * np.sqrt(0.3 * 0.7 / 20_000)
    np.testing.assert_allclose(drawn.mean(axis=0), probabilities, rtol=0, atol=error)
    assert (drawn[:, 0] == 0).all()
    assert (drawn[:, 2] == 1).all()


def test_training_reconstructs_held_out_images_better_than_their_mean(digits):
    machine = RBM((60,), epochs=20, batch_size=10, random_state=0).fit(digits[:400])
    error = binary_cross_entropy(digits[400:], machine.reconstruct(digits[400:])).mean()
    assert error < 0.9 * mean_image_errors(digits[:400], digits[400:]).mean()


def test_every_epoch_takes_full_batches_of_reshuffled_rows(monkeypatch):
    batches, rates = [], []

    def record(layer, rows, chains, rate, rng):
        batches.append((rows @ 2 ** np.arange(5)).astype(int))
        rates.append(rate)
        return chains

    monkeypatch.setattr(estimators, "_contrastive_step", record)
    rows = np.arange(23)[:, np.newaxis] >> np.arange(5) & 1
    DBN((4,), epochs=4, batch_size=5, learning_rate=0.2, random_state=0).fit(rows)
    epochs = np.array(batches).reshape(4, 20)
    assert [len(batch) for batch in batches] == [5] * 16
    assert all(len(set(epoch)) == 20 for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 4
    assert rates[::4] == pytest.approx([0.2, 0.15, 0.1, 0.05])


def test_layers_learn_from_binary_draws_of_the_probabilities_below(monkeypatch):
    """Each epoch its own; their mean is the grey data, then the first layer's activations."""
    seen = {5: [], 3: []}

    def record(layer, rows, chains, rate, rng):
        seen[rows.shape[1]].append(rows)
        return chains

    monkeypatch.setattr(estimators, "_contrastive_step", record)
    grey = np.tile(np.array([0, 0.2, 0.5, 0.9, 1], np.float32), (400, 1))
    machine = DBN((3, 2), epochs=25, batch_size=400, random_state=0).fit(grey)
    for rows, expected in ((seen[5], grey[0]), (seen[3], machine.layers_[0].up(grey)[0])):
        assert set(np.unique(rows)) == {0, 1}
        assert rows[0].dtype == np.float32
        assert all((first != second).any() for first, second in itertools.pairwise(rows))
        error = 4 * np.sqrt(expected * (1 - expected) / 10_000)
        np.testing.assert_array_less(
            np.abs(np.concatenate(rows).mean(axis=0) - expected), error + 1e-6
        )


def test_a_step_follows_the_centred_gradient(monkeypatch):
    """Of the energy in (v - m) and (h - l), for a step whose data and chains are known."""
    random = np.random.default_rng(0)
    v_data, v_chains, h_data, h_chains = (
        random.integers(2, size=(6, units)).astype(np.float32) for units in (5, 5, 4, 4)
    )
    visible_mean, hidden_mean = random.random(5, np.float32), random.random(4, np.float32)
    layer = Layer(*(random.normal(0, 0.1, shape).astype(np.float32) for shape in ((4, 5), 4, 5)))

    def plain(layer, v, chains, rate, rng):
        layer.weights += 0.3 * (h_data.T @ v - h_chains.T @ v_chains) / 6
        layer.hidden_bias += 0.3 * (h_data.mean(axis=0) - h_chains.mean(axis=0))
        layer.visible_bias += 0.3 * (v.mean(axis=0) - v_chains.mean(axis=0))
        return h_chains

    monkeypatch.setattr(estimators, "_contrastive_step", plain)
    before, offset = deepcopy(layer), hidden_mean.copy()
    rng = np.random.RandomState(0)
    chains = _centred_step(layer, v_data, h_data, visible_mean, hidden_mean, 0.3, rng)
    assert chains is h_chains
    gradient = (h_data - offset).T @ (v_data - visible_mean)
    gradient -= (h_chains - offset).T @ (v_chains - visible_mean)
    np.testing.assert_allclose(
        layer.weights, before.weights + 0.3 * gradient / 6, rtol=0, atol=1e-6
    )
    for machine in (layer, before):
        machine.visible_bias += offset @ machine.weights
        machine.hidden_bias += machine.weights @ visible_mean
    for name, data, chains in (
        ("visible_bias", v_data, v_chains),
        ("hidden_bias", h_data, h_chains),
    ):
        change = getattr(layer, name) - getattr(before, name)
        expected = 0.3 * (data.mean(axis=0) - chains.mean(axis=0))
        np.testing.assert_allclose(change, expected, rtol=0, atol=1e-6)
    moved = offset + 0.01 * (h_data.mean(axis=0) - offset)
    np.testing.assert_allclose(hidden_mean, moved, rtol=0, atol=1e-6)


def test_a_step_is_that_of_contrastive_divergence():
    """Expectations given the data, less those given what the chains' hidden units drew."""
    random = np.random.default_rng(0)
    v, chains = (random.integers(2, size=(6, n)).astype(np.float32) for n in (5, 4))
    layer = Layer(*(random.normal(0, 1, shape).astype(np.float32) for shape in ((4, 5), 4, 5)))
    before = deepcopy(layer)
    states = _contrastive_step(layer, v, chains, 0.3, np.random.RandomState(1))
    rng = np.random.RandomState(1)
    v_chains = (rng.uniform(size=(6, 5)) < before.down(chains)).astype(np.float32)
    h, h_chains = before.up(v), before.up(v_chains)
    np.testing.assert_array_equal(states, rng.uniform(size=(6, 4)) < h_chains)
    for new, old, gradient in (
        (layer.weights, before.weights, (h.T @ v - h_chains.T @ v_chains) / 6),
        (layer.hidden_bias, before.hidden_bias, h.mean(axis=0) - h_chains.mean(axis=0)),
        (layer.visible_bias, before.visible_bias, v.mean(axis=0) - v_chains.mean(axis=0)),
    ):
        np.testing.assert_allclose(new, old + 0.3 * gradient, rtol=0, atol=1e-6)


def test_training_starts_from_the_mean_image(monkeypatch, digits):
    """Before any step, with small weights, every reconstruction is close to the mean."""
    monkeypatch.setattr(
        estimators, "_contrastive_step", lambda layer, rows, chains, rate, rng: chains
    )
    machine = RBM((4,), epochs=1, random_state=0).fit(digits)
    mean = (digits.sum(axis=0) + 1) / (len(digits) + 2)
    np.testing.assert_allclose(machine.reconstruct(digits).mean(axis=0), mean, atol=0.02)


def test_log_odds_are_those_of_the_mean_and_finite():
    x = np.array([[0, 1, 0.25], [0, 1, 0.75], [0, 1, 0.5], [0, 1, 0.5]], np.float32)
    np.testing.assert_allclose(log_odds(x), [-np.log(5), np.log(5), 0])
    many = np.tile(np.array([[0.0], [0.0], [0.0], [1.0]]), (1000, 1))
    np.testing.assert_allclose(expit(log_odds(many)), 0.25, atol=1e-3)


def test_fewer_rows_than_a_batch_make_one_batch():
    x = np.random.default_rng(0).random((6, 5))
    first = RBM((4,), epochs=3, batch_size=6, random_state=0).fit(x)
    second = RBM((4,), epochs=3, batch_size=100, random_state=0).fit(x)
    np.testing.assert_array_equal(first.reconstruct(x), second.reconstruct(x))


def test_history_has_both_metrics_of_every_epoch_of_every_layer(fitted):
    assert [(row.layer, row.epoch, row.metric) for row in fitted.history_] == [
        (layer, epoch, metric)
        for layer in (1, 2)
        for epoch in range(1, 21)
        for metric in ("reconstruction_error", "pseudo_likelihood")
    ]
    assert {row.unit for row in fitted.history_} == {"nats/image"}
    for metric, better in (("reconstruction_error", -1), ("pseudo_likelihood", 1)):
        values = [row.value for row in fitted.history_ if row.layer == 1 and row.metric == metric]
        assert better * values[-1] > better * values[0]


def test_a_seed_decides_everything_and_leaves_the_global_generator_alone(digits):
    machine = DBN((8, 6), epochs=2, random_state=3)
    np.random.seed(0)
    first = machine.fit(digits).reconstruct(digits)
    history = machine.history_
    np.random.seed(1)
    untouched = np.random.get_state()[1].copy()
    np.testing.assert_array_equal(clone(machine).fit(digits).reconstruct(digits), first)
    np.testing.assert_array_equal(machine.fit(digits).reconstruct(digits), first)
    assert machine.history_ == history
    np.testing.assert_array_equal(np.random.get_state()[1], untouched)
    assert (
        clone(machine).set_params(random_state=4).fit(digits).reconstruct(digits) != first
    ).any()


def test_the_dtype_of_the_data_is_that_of_the_computation(digits):
    for x in (digits, digits.astype(np.float64)):
        machine = DBN((8, 6), epochs=1, random_state=0).fit(x)
        arrays = [machine.transform(x), machine.reconstruct(x)]
        for layer in machine.layers_:
            arrays += [layer.weights, layer.hidden_bias, layer.visible_bias]
        assert {array.dtype for array in arrays} == {x.dtype}
    top = machine.transform(x)
    np.testing.assert_allclose(machine.transform(x[:3]), top[:3], rtol=1e-12)
    assert DBN((8,), epochs=1).fit(digits).transform(x).dtype == np.float64


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("learning_rate", [1e30, 1e38, 1e300])
@pytest.mark.filterwarnings("error")
def test_divergence_never_leaves_a_fit(digits, learning_rate, dtype):
    for machine in (RBM((5,), epochs=1), DBN((5, 4), epochs=2)):
        with pytest.raises(TrainingDiverged, match=r"in epoch 1 of layer 1 at a learning_rate of"):
            machine.set_params(learning_rate=learning_rate).fit(digits.astype(dtype))
        assert not hasattr(machine, "layers_")


def test_saved_and_loaded_is_the_same_machine(fitted, digits, tmp_path):
    fitted.save(tmp_path / "model.npz")
    loaded = load_boltzmann_machine(tmp_path / "model.npz")
    np.testing.assert_array_equal(loaded.reconstruct(digits), fitted.reconstruct(digits))
    np.testing.assert_array_equal(loaded.transform(digits), fitted.transform(digits))
    assert loaded.get_params() == fitted.get_params() | {
        "hidden_sizes": [40, 30],
        "random_state": None,
    }


def test_settings_changed_after_the_fit_do_not_change_what_is_saved(digits, tmp_path):
    machine = DBN((5, 4), epochs=1).fit(digits).set_params(hidden_sizes=(7,))
    machine.save(tmp_path / "model.npz")
    loaded = load_boltzmann_machine(tmp_path / "model.npz")
    np.testing.assert_array_equal(loaded.transform(digits), machine.transform(digits))


def test_a_copy_is_the_same_machine(fitted, digits):
    for copied in (copy(fitted), deepcopy(fitted), pickle.loads(pickle.dumps(fitted))):
        np.testing.assert_array_equal(copied.transform(digits), fitted.transform(digits))
        history = list(fitted.history_)
        copied.set_params(hidden_sizes=(3,), epochs=1).fit(digits)
        assert fitted.history_ == history and len(fitted.layers_) == 2


def test_pandas_output_and_a_grid_search_through_a_pipeline(digits):
    pandas = pytest.importorskip("pandas")
    machine = RBM((3,), epochs=1, random_state=0).set_output(transform="pandas")
    assert list(machine.fit_transform(pandas.DataFrame(digits)).columns) == ["rbm0", "rbm1", "rbm2"]
    labels = load_digits().target[:500]
    pipeline = make_pipeline(RBM((3,), epochs=1), LogisticRegression())
    search = GridSearchCV(pipeline, {"rbm__hidden_sizes": [(2,), (3,)]}, cv=2).fit(digits, labels)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


@pytest.mark.parametrize(
    "wrong",
    [
        {"weights_1": np.full((4, 6), np.nan)},
        {"weights_1": np.ones((4, 6), int)},
        {"weights_1": np.full((4, 6), "text")},
        {"weights_1": np.ones((6, 4))},
        {"hidden_bias_2": np.ones(2)},
        {"weights_2": np.ones((3, 5)), "visible_bias_2": np.ones(5)},
        {"settings": np.array(json.dumps({"hidden_sizes": [4, 9]}))},
        {"settings": np.array(json.dumps({"hidden_sizes": [4, 3], "epochs": 0}))},
        {"settings": np.array("[" * 100_000)},
    ],
)
def test_a_file_with_layers_that_cannot_be_is_named(tmp_path, wrong):
    path = tmp_path / "model.npz"
    random_machine(path, [6, 4, 3])
    np.savez(path, **{**np.load(path), **wrong})
    with pytest.raises(ValueError, match=r"model\.npz is not a Boltzmann machine saved by this"):
        load_boltzmann_machine(path)


def test_one_layer_is_loaded_as_an_rbm(digits, tmp_path):
    DBN((5,), epochs=1).fit(digits).save(tmp_path / "model.npz")
    assert isinstance(load_boltzmann_machine(tmp_path / "model.npz"), RBM)


def test_a_file_of_another_kind_is_named(tmp_path):
    path = tmp_path / "model.npz"
    np.savez(path, weights_1=np.zeros((2, 2)))
    with pytest.raises(ValueError, match=r"model\.npz is not a Boltzmann machine"):
        load_boltzmann_machine(path)
    path.write_text("text")
    with pytest.raises(ValueError, match=r"model\.npz is not a Boltzmann machine"):
        load_boltzmann_machine(path)
    with pytest.raises(FileNotFoundError):
        load_boltzmann_machine(tmp_path / "nothing.npz")


@pytest.mark.parametrize(
    ("machine", "message"),
    [
        (DBN((5, True)), "hidden_sizes: expected a whole number of at least 1"),
        (DBN((5, 0)), r"hidden_sizes: expected a whole number of at least 1 .* got \[5, 0\]"),
        (DBN(()), r"hidden_sizes: expected a whole number of at least 1 .* got \[\]"),
        (DBN((5.5,)), "hidden_sizes: expected a whole number"),
        (RBM((5, 5)), r"hidden_sizes: expected one size, got \[5, 5\]; more make a DBN"),
        (DBN((5,), epochs=0), "'epochs' parameter of DBN must be an int"),
        (DBN((5,), learning_rate=0.0), "'learning_rate' parameter of DBN must be a float"),
        (DBN((5,), learning_rate=np.inf), "'learning_rate' parameter of DBN must be a float"),
        (DBN((5,), batch_size=0), "'batch_size' parameter of DBN must be an int"),
    ],
)
def test_an_unusable_parameter_is_named(machine, message, digits):
    with pytest.raises(ValueError, match=message):
        machine.fit(digits)


def test_unusable_data_are_refused(fitted, digits):
    with pytest.raises(ValueError, match=r"X has values from 0 to 16, .* need \[0, 1\]: scale X"):
        DBN((5,)).fit(16 * digits)
    with pytest.raises(ValueError, match="X has values from -1 to 0"):
        fitted.reconstruct(digits - 1)
    with pytest.raises(ValueError, match="63 features"):
        fitted.transform(digits[:, 1:])
    with pytest.raises(ValueError, match="X has 29 columns, the top layer 30 units"):
        fitted.inverse_transform(np.zeros((1, 29)))
    with pytest.raises(ValueError, match="X has values from -1 to -1"):
        fitted.inverse_transform(np.full((1, 30), -1.0))
    with pytest.raises(NotFittedError):
        DBN().reconstruct(digits)


def _checks():
    """Every check of scikit-learn's."""
    for machine in (RBM((4,), epochs=1), DBN((4, 3), epochs=1)):
        yield from estimator_checks_generator(machine)


@pytest.mark.parametrize(
    "pair", list(_checks()), ids=lambda pair: f"{type(pair[0]).__name__}-{pair[1].func.__name__}"
)
def test_scikit_learns_checks(pair, monkeypatch):
    """Every check, on data that are brought into [0, 1] where they would be refused."""
    monkeypatch.setattr(estimators, "_in_unit_interval", expit)
    estimator, check = pair
    check(estimator)


def test_the_step_writes_the_machine_and_its_history(digits, tmp_path, capsys):
    dataset = Dataset(
        x_train=digits[:60],
        y_train=np.zeros(60, np.int64),
        x_test=digits[60:80],
        y_test=np.zeros(20, np.int64),
        image_shape=np.array([8, 8]),
        label_names=np.array(["digit"]),
    )
    save_dataset(tmp_path / "digits.npz", dataset)
    settings = {"hidden_sizes": [6, 5], "epochs": 2, "batch_size": 10, "learning_rate": 0.1}

    def train(train_size, seed):
        train_baseline(
            dataset=tmp_path / "digits.npz",
            model=tmp_path / "model.npz",
            history=tmp_path / "history.csv",
            run_parameters={
                "dataset": "digits",
                "family": "dbn",
                "train_size": train_size,
                "seed": seed,
            },
            settings=settings,
            root_seed=663,
        )
        return load_boltzmann_machine(tmp_path / "model.npz").reconstruct(dataset.pixels("test"))

    first = train("all", 1)
    np.testing.assert_array_equal(train("all", 1), first)
    assert (train("all", 2) != first).any()
    assert (train(30, 1) != first).any()
    header, *rows = (tmp_path / "history.csv").read_text().splitlines()
    assert header == ",".join(LayerMeasurement._fields) == "layer,epoch,metric,value,unit"
    assert len(rows) == 8
    assert "100%" in capsys.readouterr().err
