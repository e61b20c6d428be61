"""Gibbs sampling against the exact distributions of machines small enough to sum."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit
from test_boltzmann import random_machine

from vae.boltzmann.estimators import RBM
from vae.boltzmann.gibbs import gibbs_chains, gibbs_samples, sampled_reconstruction, states_above
from vae.boltzmann.layer import Layer


def states(units) -> np.ndarray:
    """All binary states of so many units, one a row."""
    return (np.arange(2**units)[:, np.newaxis] >> np.arange(units) & 1).astype(np.float64)


def joint(layer) -> np.ndarray:
    """p(v, h) of an RBM from its energy -b v - c h - h W v; states of v x states of h."""
    weights = layer.weights.astype(np.float64)
    v, h = states(weights.shape[1]), states(weights.shape[0])
    mass = np.exp(
        (v @ layer.visible_bias)[:, np.newaxis] + h @ layer.hidden_bias + v @ weights.T @ h.T
    )
    return mass / mass.sum()


def directed(layer) -> np.ndarray:
    """p(v | h) of a sigmoid layer; states of h x states of v."""
    weights = layer.weights.astype(np.float64)
    v, h = states(weights.shape[1]), states(weights.shape[0])
    on = expit(h @ weights + layer.visible_bias)[:, np.newaxis]
    return np.where(v == 1, on, 1 - on).prod(axis=2)


def distribution(machine) -> np.ndarray:
    """p(v) of a DBN, over the states of v."""
    *below, top = machine.layers_
    p = joint(top).sum(axis=1)
    for layer in reversed(below):
        p = p @ directed(layer)
    return p


def test_chains_leave_the_models_distribution_as_it_is(tmp_path):
    """Exact samples, some steps later, have the exact frequencies of all states (chi-square)."""
    (layer,) = random_machine(tmp_path / "model.npz", [4, 3]).layers_
    exact = joint(layer).sum(axis=1)
    generator = np.random.default_rng(0)
    start = states(4)[generator.choice(16, size=20_000, p=exact)]
    end = gibbs_chains(layer, start, 3, generator)
    assert (end != start).any()
    counts = np.bincount((end @ 2 ** np.arange(4)).astype(int), minlength=16)
    assert stats.chisquare(counts, 20_000 * exact).pvalue > 0.01


def test_no_step_gives_the_start_back(tmp_path):
    (layer,) = random_machine(tmp_path / "model.npz", [4, 3]).layers_
    start = states(4)
    np.testing.assert_array_equal(gibbs_chains(layer, start, 0, np.random.default_rng(0)), start)


@pytest.mark.parametrize("sizes", [[4, 3], [4, 3, 2], [4, 2, 3, 3]])
def test_samples_have_the_exact_marginals(sizes, tmp_path):
    machine = random_machine(tmp_path / "model.npz", sizes)
    samples = gibbs_samples(machine, 20_000, 30, np.random.default_rng(0))
    assert samples.shape == (20_000, 4)
    assert samples.dtype == np.float32
    error = samples.std(axis=0) / np.sqrt(len(samples))
    exact = distribution(machine) @ states(4)
    assert (np.abs(samples.mean(axis=0) - exact) < 4 * error).all()


def test_samples_are_activations_of_sampled_units(tmp_path):
    """A single step shows one of the few rows that binary hidden units can give."""
    machine = random_machine(tmp_path / "model.npz", [4, 2])
    (layer,) = machine.layers_
    rows = expit(states(2) @ layer.weights + layer.visible_bias)
    samples = gibbs_samples(machine, 200, 1, np.random.default_rng(0))
    distances = np.abs(samples[:, np.newaxis] - rows).max(axis=2)
    assert distances.min(axis=1).max() < 1e-6
    assert len(np.unique(distances.argmin(axis=1))) == 4


def test_a_generator_decides_the_samples(tmp_path):
    machine = random_machine(tmp_path / "model.npz", [4, 3, 2])
    first, again, other = (
        gibbs_samples(machine, 5, 3, np.random.default_rng(seed)) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_unusable_numbers_are_named(tmp_path):
    machine = random_machine(tmp_path / "model.npz", [4, 3])
    generator = np.random.default_rng(0)
    with pytest.raises(ValueError, match="n: expected a positive whole number, got 0"):
        gibbs_samples(machine, 0, 3, generator)
    with pytest.raises(ValueError, match="steps: expected a positive whole number, got 0"):
        gibbs_samples(machine, 3, 0, generator)
    with pytest.raises(ValueError, match="steps: expected a whole number of at least 0, got -1"):
        gibbs_chains(machine.layers_[0], states(4), -1, generator)


def test_a_sampled_reconstruction_averages_over_the_states_of_the_hidden_units():
    """Exactly, over all 2^3 states, for the probabilities given by a large sample."""
    random = np.random.default_rng(0)
    weights = random.normal(size=(3, 4)).astype(np.float32)
    layer = Layer(weights, random.normal(size=3), random.normal(size=4))
    machine = RBM((3,))
    machine.layers_ = [layer]
    x = np.array([[1, 0, 1, 1]], np.float32)
    on = expit(x @ layer.weights.T + layer.hidden_bias)[0]
    hidden = states(3)
    probability = np.prod(np.where(hidden, on, 1 - on), axis=1)
    expected = probability @ expit(hidden @ layer.weights + layer.visible_bias)
    drawn = sampled_reconstruction(machine, np.repeat(x, 20000, axis=0), random)
    np.testing.assert_allclose(drawn.mean(axis=0), expected, atol=0.01)


def test_states_above_are_drawn_layer_by_layer():
    bias = np.full(2, -50.0)
    layer = Layer(100 * np.eye(2, dtype=np.float32)[::-1], bias, bias)
    x = np.array([[1, 0], [0, 1]], np.float32)
    random = np.random.default_rng(0)
    np.testing.assert_array_equal(states_above([layer], x, random), x[:, ::-1])
    np.testing.assert_array_equal(states_above([layer, layer], x, random), x)
    np.testing.assert_array_equal(states_above([], x, random), x)
