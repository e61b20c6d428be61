"""One layer of a Boltzmann machine: how its units are drawn, and what they start from."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.neural_network import BernoulliRBM


def layer_of(
    weights: NDArray[Any], hidden_bias: NDArray[Any], visible_bias: NDArray[Any]
) -> BernoulliRBM:
    """RBM of given weights (hidden x visible) and biases."""
    layer = BernoulliRBM(len(hidden_bias))
    layer.components_, layer.intercept_hidden_ = weights, hidden_bias
    layer.intercept_visible_, layer.n_features_in_ = visible_bias, len(visible_bias)
    return layer


def log_odds(x: NDArray[Any]) -> NDArray[np.float64]:
    """Logarithm of the odds that each unit is on, from its mean over the data.

    As visible biases of a machine without weights they fit its mean image. One row of zeros and
    one of ones are added, so that a pixel that is the same in all images has finite odds.

    Parameters
    ----------
    x
        n x units, in [0, 1].

    Returns
    -------
    float64 array of shape (units,)
    """
    on = x.sum(axis=0, dtype=np.float64)
    return np.log((on + 1) / (len(x) - on + 1))


def sample_units(
    probabilities: NDArray[Any], rng: np.random.Generator | np.random.RandomState
) -> NDArray[np.float32]:
    """Binary states of units that are on with these probabilities; float32 of their shape."""
    return (rng.uniform(size=probabilities.shape) < probabilities).astype(np.float32)


def visible_probabilities(layer: BernoulliRBM, hidden: NDArray[Any]) -> NDArray[Any]:
    """Activation probabilities of the visible units of an RBM, given its hidden ones.

    The way up is the layer's own `transform`.

    Parameters
    ----------
    layer
        The RBM.
    hidden
        n x its hidden units, in [0, 1].

    Returns
    -------
    array of shape (n, visible units) and of hidden's dtype
    """
    return expit(hidden @ layer.components_ + layer.intercept_visible_)
