"""Part of a training set, for runs on fewer images."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from vae.seeding import generator


def training_rows(
    n: int, train_size: int | Literal["all"], root_seed: int, dataset: str, seed: int
) -> NDArray[np.int64]:
    """Rows that a run trains on: all in order, or the first of a random order.

    The order depends on dataset and training seed alone, so a smaller subset of a seed lies within
    its larger ones.

    Parameters
    ----------
    n
        Rows of the training set.
    train_size
        How many to take, at most n, or "all".
    root_seed, dataset, seed
        What the order is derived from.

    Raises
    ------
    ValueError
        If more rows are wanted than there are.
    """
    if train_size == "all":
        return np.arange(n)
    if train_size > n:
        raise ValueError(f"train_size: {train_size} images wanted, {dataset} has {n}")
    return generator(root_seed, "subset", dataset, seed).permutation(n)[:train_size]
