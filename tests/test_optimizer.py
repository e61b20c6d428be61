"""Optimizers: their steps as their papers write them, and what is refused."""

import numpy as np
import pytest

from vae.backends._numpy_optimizers import block_step
from vae.optimizer import OPTIMIZERS, Adagrad, Adam, Sgd, create_optimizer

GRADIENTS = np.random.default_rng(0).normal(0, [[1], [1e-3], [10], [1], [0.1]], (5, 40))
START = np.random.default_rng(1).standard_normal(40)


def adam_by_hand(theta, gradients):
    """Kingma & Ba (2015), Algorithm 1."""
    m = v = 0
    for t, g in enumerate(gradients, start=1):
        m, v = 0.8 * m + 0.2 * g, 0.99 * v + 0.01 * g**2
        theta = theta - 0.01 * (m / (1 - 0.8**t)) / (np.sqrt(v / (1 - 0.99**t)) + 1e-7)
    return theta, m, v


def sgd_by_hand(theta, gradients):
    for g in gradients:
        theta = theta - 0.3 * g
    return (theta,)


def adagrad_by_hand(theta, gradients):
    """Duchi et al. (2011): the root of the diagonal of the sum of all outer products."""
    for t, g in enumerate(gradients, start=1):
        outer = sum(np.outer(each, each) for each in gradients[:t])
        theta = theta - 0.02 * g / (1e-10 + np.sqrt(np.diag(outer)))
    return theta, np.diag(outer)


BY_HAND = [
    pytest.param(Adam(0.01, 0.8, 0.99, 1e-7), adam_by_hand, id="adam"),
    pytest.param(Sgd(0.3), sgd_by_hand, id="sgd"),
    pytest.param(Adagrad(0.02), adagrad_by_hand, id="adagrad"),
]


@pytest.mark.parametrize("steps", [1, 2, 5])
@pytest.mark.parametrize(("optimizer", "by_hand"), BY_HAND)
def test_steps_are_those_of_the_paper(optimizer, by_hand, steps):
    """Epochs of two steps and of what is left."""
    theta, scratch = START.copy(), np.empty_like(START)
    arrays = [np.zeros_like(START) for _ in optimizer.arrays]
    for start in range(0, steps, 2):
        epoch = GRADIENTS[start : min(start + 2, steps)]
        for index, gradient in enumerate(epoch):
            step = block_step(optimizer, start, index, index == len(epoch) - 1)
            step.take(theta, gradient * step.gradient_scale, arrays, scratch)
    for actual, expected in zip((theta, *arrays), by_hand(START, GRADIENTS[:steps]), strict=True):
        np.testing.assert_allclose(actual, expected, rtol=1e-12)


@pytest.mark.parametrize("optimizer", [Adam(), Adagrad(0.02)])
def test_what_has_no_gradient_stays_where_it_is(optimizer):
    theta = START.copy()
    step = block_step(optimizer, 0, 0, True)
    arrays = [np.zeros_like(theta) for _ in optimizer.arrays]
    step.take(theta, np.zeros_like(theta), arrays, np.empty_like(theta))
    np.testing.assert_array_equal(theta, START)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizer_is_made_by_its_name(name):
    optimizer = create_optimizer(name, 0.02)
    assert (optimizer.name, optimizer.learning_rate) == (name, 0.02)


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("learning_rate", [0, -1, float("nan")])
def test_a_learning_rate_is_positive(name, learning_rate):
    with pytest.raises(ValueError, match="learning_rate: expected a positive number, got"):
        create_optimizer(name, learning_rate)


def test_an_unknown_name_is_one_sentence():
    with pytest.raises(ValueError, match=r"'adagrat' is unknown; .* nearest is adagrad"):
        create_optimizer("adagrat", 0.1)
