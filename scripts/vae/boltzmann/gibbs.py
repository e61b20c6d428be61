"""Gibbs sampling of Boltzmann machines: what a trained machine draws by itself."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vae.boltzmann.estimators import DBN
from vae.boltzmann.layer import Layer, sample_units
from vae.names import require_whole


def gibbs_chains(
    layer: Layer, v: NDArray[Any], steps: int, generator: np.random.Generator
) -> NDArray[Any]:
    """Run the Markov chains of an RBM from given visible states.

    A step draws all hidden units given the visible ones, then all visible units given the hidden
    ones (Hinton 2002), and leaves the model's distribution as it is.

    Parameters
    ----------
    layer
        The RBM.
    v
        n x visible units; 0 or 1, one chain a row.
    steps
        At least 0; after 0 the states are the given ones.
    generator
        Source of the samples.

    Returns
    -------
    array of v's shape
        0 or 1.

    Raises
    ------
    ValueError
        If there are fewer than 0 steps.
    """
    require_whole("steps", steps, 0)
    for _ in range(steps):
        v = layer.draw_down(layer.draw_up(v, generator), generator)
    return v


def states_above(
    layers: Sequence[Layer], v: NDArray[Any], generator: np.random.Generator
) -> NDArray[Any]:
    """Draw the hidden units of each layer in turn, given those below.

    Parameters
    ----------
    layers
        From the data upwards; without any, the states are the given ones.
    v
        n x visible units of the first, in [0, 1].
    generator
        Source of the samples.

    Returns
    -------
    array of shape (n, hidden units of the last)
        0 or 1.
    """
    for layer in layers:
        v = layer.draw_up(v, generator)
    return v


def sampled_reconstruction(
    dbn: DBN, x: NDArray[Any], generator: np.random.Generator
) -> NDArray[Any]:
    """Up through every layer and down again, every hidden unit drawn.

    Parameters
    ----------
    dbn
        A trained RBM or DBN.
    x
        n x visible units, in [0, 1].
    generator
        Source of the samples.

    Returns
    -------
    array of x's shape
        Activation probabilities of the visible units, given the states of those above.
    """
    hidden = states_above(dbn.layers_, x, generator)
    *above, first = reversed(dbn.layers_)
    for layer in above:
        hidden = layer.draw_down(hidden, generator)
    return first.down(hidden)


def gibbs_samples(
    dbn: DBN, n: int, steps: int, generator: np.random.Generator
) -> NDArray[np.float32]:
    """Draw images from a machine.

    Chains of the top RBM start where every unit is on with probability 1/2. From where they end,
    one pass leads down through the layers below, which draws the units of each but the visible
    ones (Hinton, Osindero & Teh 2006). An RBM has no layers below.

    Parameters
    ----------
    dbn
        A trained RBM or DBN.
    n
        Images, each from a chain of its own.
    steps
        Gibbs steps of a chain, at least 1.
    generator
        Source of the samples.

    Returns
    -------
    float32 array of shape (n, visible units)
        Activation probabilities of the visible units, given the last state of those above.

    Raises
    ------
    ValueError
        If there is no image to draw or no step to take.
    """
    require_whole("n", n)
    require_whole("steps", steps)
    *below, top = dbn.layers_
    start = sample_units(np.full((n, len(top.visible_bias)), 0.5), generator)
    v = gibbs_chains(top, start, steps - 1, generator)
    probabilities = top.down(top.draw_up(v, generator))
    for layer in reversed(below):
        probabilities = layer.down(sample_units(probabilities, generator))
    return probabilities
