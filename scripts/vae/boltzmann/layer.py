"""One layer of a Boltzmann machine: its energy, and how its units follow from one another."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from vae._arrays import require_floats

Randomness = np.random.Generator | np.random.RandomState


@dataclass(eq=False)
class Layer:
    """A restricted Boltzmann machine (RBM; Smolensky 1986) of binary units.

    p(v, h) is proportional to exp(-E(v, h)), with the energy E(v, h) = -b v - c h - h W v. Where
    units pass on probabilities in place of states (mean field), v and h are in [0, 1].

    Attributes
    ----------
    weights
        W; hidden x visible.
    hidden_bias, visible_bias
        c and b; (hidden,) and (visible,).

    Raises
    ------
    ValueError
        If the shapes do not fit, or the numbers are not all finite, in float32 or float64.
    """

    weights: NDArray[Any]
    hidden_bias: NDArray[Any]
    visible_bias: NDArray[Any]

    def __post_init__(self) -> None:
        shape = (*self.hidden_bias.shape, *self.visible_bias.shape)
        if self.hidden_bias.ndim != 1 or self.weights.ndim != 2 or self.weights.shape != shape:
            raise ValueError(
                "weights: expected hidden x visible units, as many as the biases have, got shapes "
                f"{self.weights.shape}, {self.hidden_bias.shape} and {self.visible_bias.shape}"
            )
        for name in ("weights", "hidden_bias", "visible_bias"):
            require_floats(name, getattr(self, name))

    def hidden_input(self, v: NDArray[Any]) -> NDArray[Any]:
        """Log-odds that hidden units are on, W v + c; n x hidden, of v n x visible."""
        return v @ self.weights.T + self.hidden_bias

    def visible_input(self, h: NDArray[Any]) -> NDArray[Any]:
        """Log-odds that visible units are on, h W + b; n x visible, of h n x hidden."""
        return h @ self.weights + self.visible_bias

    def up(self, v: NDArray[Any]) -> NDArray[Any]:
        """Activation probabilities of the hidden units, given the visible ones."""
        return expit(self.hidden_input(v))

    def down(self, h: NDArray[Any]) -> NDArray[Any]:
        """Activation probabilities of the visible units, given the hidden ones."""
        return expit(self.visible_input(h))

    def draw_up(self, v: NDArray[Any], rng: Randomness) -> NDArray[np.float32]:
        """States of the hidden units, given the visible ones."""
        return sample_units(self.up(v), rng)

    def draw_down(self, h: NDArray[Any], rng: Randomness) -> NDArray[np.float32]:
        """States of the visible units, given the hidden ones."""
        return sample_units(self.down(h), rng)

    def free_energy(self, v: NDArray[Any]) -> NDArray[Any]:
        """Minus the logarithm of the sum of exp(-E(v, h)) over all states h; (n,), nats.

        -b v - sum_j log(1 + exp(c_j + W_j v)).
        """
        return -(v @ self.visible_bias) - np.logaddexp(0, self.hidden_input(v)).sum(axis=1)


def sample_units(probabilities: NDArray[Any], rng: Randomness) -> NDArray[np.float32]:
    """Binary states of units that are on with these probabilities; float32 of their shape."""
    return (rng.uniform(size=probabilities.shape) < probabilities).astype(np.float32)


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
