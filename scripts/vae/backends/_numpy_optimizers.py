"""The optimizers on a block of the parameters, as in-place NumPy ufuncs."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple, assert_never

import numpy as np

from vae.optimizer import Adagrad, Adam, Optimizer, Sgd, UndecayedStep

_VANISHED = 1e-32
"""Moments smaller than this become zero. One whose gradient vanished decays into denormal numbers,
on which processors are up to a hundred times slower."""


class BlockStep(NamedTuple):
    """A step of an optimizer, to be taken on one block after another.

    `take(parameters, gradient, arrays, scratch)` is given the block's gradient times
    `gradient_scale`, which it uses up, and the block's part of the optimizer's arrays; `scratch` is
    memory of the block's shape.
    """

    gradient_scale: float
    take: Callable[[np.ndarray, np.ndarray, Sequence[np.ndarray], np.ndarray], None]


def block_step(optimizer: Optimizer, taken: int, index: int, last: bool) -> BlockStep:
    """Step `index` (from 0) of an epoch before which `taken` steps were taken.

    The optimizer's arrays are what they are called after the `last` step of the epoch; between,
    Adam's lack some decay.
    """
    match optimizer:
        case Adam():
            age = index % optimizer.longest_age + 1
            settles = last or age == optimizer.longest_age
            scalars = optimizer.undecayed(taken + index + 1, age)
            decays = (optimizer.beta1**age, optimizer.beta2**age) if settles else ()
            return BlockStep(scalars.gradient_scale, partial(adam, scalars=scalars, decays=decays))
        case Sgd():
            return BlockStep(optimizer.learning_rate, sgd)
        case Adagrad():
            return BlockStep(1.0, partial(adagrad, optimizer=optimizer))
        case _:
            assert_never(optimizer)


def adam(
    parameters: np.ndarray,
    gradient: np.ndarray,
    arrays: Sequence[np.ndarray],
    scratch: np.ndarray,
    scalars: UndecayedStep,
    decays: tuple[float, ...],
) -> None:
    """Adam with decays left out, see `Adam.undecayed`; then those given, one for each moment."""
    first, second = arrays
    first += gradient
    gradient *= gradient
    gradient *= scalars.square_scale
    second += gradient
    np.sqrt(second, out=scratch)
    scratch += scalars.epsilon
    np.divide(first, scratch, out=scratch)
    scratch *= scalars.step_size
    parameters -= scratch
    for moment, decay in zip(arrays, decays, strict=False):
        moment *= decay
        np.abs(moment, out=scratch)
        np.greater(scratch, _VANISHED, out=scratch)
        moment *= scratch


def sgd(
    parameters: np.ndarray,
    gradient: np.ndarray,
    arrays: Sequence[np.ndarray],
    scratch: np.ndarray,
) -> None:
    """Descend by the gradient, which the learning rate has scaled."""
    parameters -= gradient


def adagrad(
    parameters: np.ndarray,
    gradient: np.ndarray,
    arrays: Sequence[np.ndarray],
    scratch: np.ndarray,
    optimizer: Adagrad,
) -> None:
    """Adagrad on the gradient as it is."""
    (squared_gradients,) = arrays
    np.multiply(gradient, gradient, out=scratch)
    squared_gradients += scratch
    np.sqrt(squared_gradients, out=scratch)
    scratch += optimizer.epsilon
    gradient /= scratch
    gradient *= optimizer.learning_rate
    parameters -= gradient
