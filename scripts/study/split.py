"""Classes brought together in one array, and parted into training and test sets."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def labelled(
    classes: Sequence[NDArray[Any]], rng: np.random.Generator
) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Bring the items of all classes into one array, in random order.

    Parameters
    ----------
    classes
        One array a class, each (n, ...).
    rng
        Decides the order.

    Returns
    -------
    x, y
        The items as rows, (total, d), of the classes' dtype; their classes' places, int64.
    """
    x = np.concatenate([items.reshape(len(items), -1) for items in classes])
    y = np.repeat(np.arange(len(classes), dtype=np.int64), [len(items) for items in classes])
    order = rng.permutation(len(x))
    return x[order], y[order]


def held_out(items: int, test_fraction: float) -> int:
    """Return how many of `items` are held out: the nearest whole number to the fraction of them.

    Raises
    ------
    ValueError
        If the fraction is not between 0 and 1, or leaves either set without an item.
    """
    if not 0 < test_fraction < 1:
        raise ValueError(
            f"test_fraction: expected a number between 0 and 1 (neither included), "
            f"got {test_fraction}"
        )
    count = round(items * test_fraction)
    if not 0 < count < items:
        raise ValueError(
            f"test_fraction: {test_fraction} of a class of {items} leaves its training or test set "
            f"empty"
        )
    return count


def stratified_split(
    labels: NDArray[Any], test_fraction: float, rng: np.random.Generator
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Hold out the same fraction of each class.

    Parameters
    ----------
    labels
        (n,)
    test_fraction
        In (0, 1); each class rounds its own share.
    rng
        Decides which items are held out, and the order of both sets.

    Returns
    -------
    train, test
        Indices into `labels`, in random order.

    Raises
    ------
    ValueError
        If a class would have no training or no test item.
    """
    train, test = [], []
    for label in np.unique(labels):
        items = rng.permutation(np.flatnonzero(labels == label))
        count = held_out(len(items), test_fraction)
        test.append(items[:count])
        train.append(items[count:])
    return rng.permutation(np.concatenate(train)), rng.permutation(np.concatenate(test))
