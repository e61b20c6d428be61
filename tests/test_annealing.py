"""Partition functions and likelihoods against sums over all states of tiny machines."""

import numpy as np
import pytest
from scipy.special import expit, logsumexp
from test_boltzmann import machine_of, random_machine
from test_gibbs import directed, distribution, joint, states

from vae.boltzmann.annealing import (
    exact_log_partition,
    forward_log_partition,
    inverse_temperatures,
    log_likelihood,
    log_likelihood_bound,
    log_unnormalised,
    reverse_log_partition,
)


@pytest.fixture
def layer(tmp_path):
    """RBM of 8 visible and 5 hidden units, with weights of about 1."""
    (layer,) = random_machine(tmp_path / "model.npz", [8, 5]).layers_
    return layer


def exact_samples(layer, n, generator) -> np.ndarray:
    visible = len(layer.visible_bias)
    return states(visible)[generator.choice(2**visible, size=n, p=joint(layer).sum(axis=1))]


def test_unnormalised_is_the_sum_over_hidden_states(layer):
    weights = layer.weights.astype(np.float64)
    v, h = states(8), states(5)
    energy = -(
        (v @ layer.visible_bias)[:, np.newaxis] + h @ layer.hidden_bias + v @ weights.T @ h.T
    )
    np.testing.assert_allclose(log_unnormalised(layer, v), logsumexp(-energy, axis=1), rtol=1e-12)


def test_unnormalised_is_finite_where_its_exponential_is_not(tmp_path):
    (layer,) = machine_of(tmp_path / "model.npz", [([[1e4, -2e4]], [0], [3, 5])]).layers_
    v = np.array([[1, 0], [0, 1], [0, 0]], np.float32)
    np.testing.assert_allclose(log_unnormalised(layer, v), [10_003, 5, np.log(2)])


@pytest.mark.parametrize("sizes", [[6, 3], [3, 6], [13, 14]])
def test_probabilities_of_all_images_sum_to_one(sizes, tmp_path):
    """With the sum over either side; 13 units have more states than are summed at a time."""
    (layer,) = random_machine(tmp_path / "model.npz", sizes).layers_
    log_p = log_likelihood(layer, states(sizes[0]), exact_log_partition(layer))
    assert logsumexp(log_p) == pytest.approx(0, abs=1e-10)
    assert log_p.shape == (2 ** sizes[0],)


def test_both_estimates_agree_with_the_exact_sum(layer):
    generator = np.random.default_rng(0)
    base, schedule = np.zeros(8), inverse_temperatures(100)
    start = generator.integers(2, size=(500, 8))
    exact = exact_log_partition(layer)
    forward = forward_log_partition(layer, base, schedule, 500, generator)
    reverse = reverse_log_partition(layer, base, schedule, start, 100, generator)
    for estimate in (forward, reverse):
        assert 0 < estimate.standard_error < 0.05
        assert abs(estimate.log_z - exact) < 4 * estimate.standard_error
        assert estimate.log_weights.shape == (500,)
        assert estimate.log_weights.dtype == np.float64
        assert 250 < estimate.effective_sample_size <= 500


def test_the_mean_weight_is_unbiased_at_any_schedule(layer):
    """E w = Z / Z_base forward, Z_base / Z in reverse: here with three temperatures."""
    generator = np.random.default_rng(0)
    base, schedule = generator.normal(size=8), np.array([0, 0.3, 1])
    log_ratio = exact_log_partition(layer) - (5 * np.log(2) + np.logaddexp(0, base).sum())
    start = exact_samples(layer, 50_000, generator)
    forward = forward_log_partition(layer, base, schedule, 50_000, generator)
    reverse = reverse_log_partition(layer, base, schedule, start, 0, generator)
    for estimate, expected in ((forward, log_ratio), (reverse, -log_ratio)):
        weights = np.exp(estimate.log_weights - expected)
        assert weights.std() > 0.1
        assert abs(weights.mean() - 1) < 4 * weights.std() / np.sqrt(len(weights))


def test_forward_errs_below_and_reverse_above(layer):
    """On average over repetitions, with few chains and a coarse schedule."""
    generator = np.random.default_rng(0)
    base, schedule = np.zeros(8), inverse_temperatures(3)
    exact = exact_log_partition(layer)
    forward = [forward_log_partition(layer, base, schedule, 2, generator).log_z for _ in range(300)]
    reverse = [
        reverse_log_partition(
            layer, base, schedule, exact_samples(layer, 2, generator), 0, generator
        ).log_z
        for _ in range(300)
    ]
    error = np.std([forward, reverse], axis=1) / np.sqrt(300)
    assert np.mean(forward) < exact - 4 * error[0]
    assert np.mean(reverse) > exact + 4 * error[1]


def test_the_standard_error_is_the_spread_of_repetitions(layer):
    generator = np.random.default_rng(0)
    estimates = [
        forward_log_partition(layer, np.zeros(8), inverse_temperatures(10), 200, generator)
        for _ in range(200)
    ]
    spread = np.std([estimate.log_z for estimate in estimates], ddof=1)
    assert np.mean([e.standard_error for e in estimates]) == pytest.approx(spread, rel=0.2)


def test_a_machine_without_weights_is_known_exactly(tmp_path):
    """Its units are independent, and all weights the same, whatever the chains do."""
    hidden_bias, visible_bias = np.array([0.5, -2]), np.array([1.0, -1, 3])
    (layer,) = machine_of(
        tmp_path / "model.npz", [(np.zeros((2, 3)), hidden_bias, visible_bias)]
    ).layers_
    exact = np.logaddexp(0, hidden_bias).sum() + np.logaddexp(0, visible_bias).sum()
    assert exact_log_partition(layer) == pytest.approx(exact)
    generator = np.random.default_rng(0)
    for estimate in (
        forward_log_partition(layer, visible_bias, inverse_temperatures(4), 7, generator),
        reverse_log_partition(
            layer, visible_bias, inverse_temperatures(4), np.ones((7, 3)), 1, generator
        ),
    ):
        assert estimate.log_z == pytest.approx(exact, rel=1e-6)
        assert estimate.standard_error == pytest.approx(0, abs=1e-6)
        assert estimate.effective_sample_size == pytest.approx(7)


def test_the_schedule_is_the_papers():
    schedule = inverse_temperatures(14_500)
    np.testing.assert_allclose(np.diff(schedule)[:500], 1e-3)
    np.testing.assert_allclose(np.diff(schedule)[500:4_500], 1e-4)
    np.testing.assert_allclose(np.diff(schedule)[4_500:], 1e-5, rtol=1e-5)
    np.testing.assert_array_equal(inverse_temperatures(1), [0, 1])


def expected_bound(machine, v) -> float:
    """The bound of one image, with the expectation over q by the sum over all states."""

    def from_layer(number, lower):
        layer = machine.layers_[number]
        if number == len(machine.layers_) - 1:
            return np.log(joint(layer).sum(axis=1)[index_of(lower)])
        on = expit(layer.weights.astype(np.float64) @ lower + layer.hidden_bias)
        total = 0.0
        for index, upper in enumerate(states(len(on))):
            q = np.where(upper == 1, on, 1 - on).prod()
            down = directed(layer)[index, index_of(lower)]
            total += q * (np.log(down) - np.log(q) + from_layer(number + 1, upper))
        return total

    return from_layer(0, v)


def index_of(state) -> int:
    return int(state @ 2 ** np.arange(len(state)))


def mean_bound(machine, v, log_z) -> np.ndarray:
    """The bound of every image, from 10,000 samples of q each."""
    copies = np.repeat(v, 500, axis=0)
    bounds = log_likelihood_bound(machine, copies, log_z, np.random.default_rng(0), 20)
    return bounds.reshape(len(v), 500).mean(axis=1)


@pytest.mark.parametrize("sizes", [[4, 3, 3], [4, 2, 3, 2]])
def test_the_bound_is_its_sum_over_all_states_and_below_the_log_likelihood(sizes, tmp_path):
    machine = random_machine(tmp_path / "model.npz", sizes)
    v = states(4)
    exact = np.log(distribution(machine))
    expected = np.array([expected_bound(machine, image) for image in v])
    assert (expected < exact).all()
    log_z = exact_log_partition(machine.layers_[-1])
    bound = mean_bound(machine, v, log_z)
    assert (bound < exact).all()
    np.testing.assert_allclose(bound, expected, rtol=0, atol=0.05)


def test_the_bound_is_tight_where_the_top_is_the_layer_below_upside_down(tmp_path):
    """There q is the posterior (Hinton, Osindero & Teh 2006, Sec. 2), and the DBN the RBM."""
    (layer,) = random_machine(tmp_path / "rbm.npz", [5, 4]).layers_
    w, c, b = layer.weights, layer.hidden_bias, layer.visible_bias
    machine = machine_of(tmp_path / "dbn.npz", [(w, c, b), (w.T, b, c)])
    v = states(5)
    log_z = exact_log_partition(machine.layers_[-1])
    bound = mean_bound(machine, v, log_z)
    exact = log_likelihood(layer, v, exact_log_partition(layer))
    np.testing.assert_allclose(bound, exact, rtol=0, atol=0.05)


def test_the_bound_of_one_layer_is_the_log_likelihood(tmp_path):
    machine = random_machine(tmp_path / "model.npz", [5, 4])
    log_z = exact_log_partition(machine.layers_[0])
    np.testing.assert_array_equal(
        log_likelihood_bound(machine, states(5), log_z, np.random.default_rng(0)),
        log_likelihood(machine.layers_[0], states(5), log_z),
    )


def test_unusable_input_is_named(layer, tmp_path):
    generator = np.random.default_rng(0)
    base, schedule, start = np.zeros(8), inverse_temperatures(3), np.zeros((4, 8))
    (large,) = random_machine(tmp_path / "large.npz", [22, 21]).layers_
    with pytest.raises(ValueError, match="at most 20 units on the smaller side, got 21"):
        exact_log_partition(large)
    with pytest.raises(ValueError, match=r"v: expected n x 8 numbers, got .* of shape \(4, 7\)"):
        log_unnormalised(layer, start[:, 1:])
    with pytest.raises(ValueError, match="v: expected binary values, 0 or 1"):
        log_unnormalised(layer, start + 0.5)
    with pytest.raises(ValueError, match="start: expected binary values, 0 or 1"):
        reverse_log_partition(layer, base, schedule, start + np.nan, 1, generator)
    with pytest.raises(ValueError, match="start: expected the states of at least 2 chains, got 1"):
        reverse_log_partition(layer, base, schedule, start[:1], 1, generator)
    with pytest.raises(ValueError, match="chains: expected a whole number of at least 2, got 1"):
        forward_log_partition(layer, base, schedule, 1, generator)
    with pytest.raises(ValueError, match="steps: expected a whole number of at least 0, got -1"):
        reverse_log_partition(layer, base, schedule, start, -1, generator)
    with pytest.raises(
        ValueError, match=r"base_bias: expected 8 finite numbers, got 7 in shape \(7,\)"
    ):
        forward_log_partition(layer, base[1:], schedule, 2, generator)
    with pytest.raises(ValueError, match="base_bias: expected 8 finite numbers, got 0 in shape"):
        forward_log_partition(layer, base - np.inf, schedule, 2, generator)
    for bad in ([0, 0.5], [0.1, 1], [0, 0.5, 0.5, 1], [[0, 1]], [1]):
        with pytest.raises(ValueError, match="temperatures: expected one row that increases"):
            forward_log_partition(layer, base, np.array(bad), 2, generator)
    with pytest.raises(ValueError, match="count: expected a positive whole number, got 0"):
        inverse_temperatures(0)
    machine = random_machine(tmp_path / "dbn.npz", [8, 5, 4])
    with pytest.raises(ValueError, match="samples: expected a positive whole number, got 0"):
        log_likelihood_bound(machine, start, 0.0, generator, 0)
