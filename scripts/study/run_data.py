"""What a run is trained and measured on: rows of its dataset, grey or black and white."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from study.dataset import Dataset
from vae.binarisation import binarise
from vae.seeding import generator


def run_data(
    dataset: Dataset, run: Mapping[str, Any], root_seed: int, binarisation: str | None = None
) -> Dataset:
    """Images that a run is trained and measured on.

    Parameters
    ----------
    dataset
        Its dataset, whole.
    run
        What names the run: `dataset`, `train_size`, `seed`.
    root_seed
        The study's.
    binarisation
        That of the training. With one, all images are those drawn once: a training that draws its
        own anew ("dynamic") is measured on them too.

    Raises
    ------
    ValueError
        If more images are wanted than there are.
    """
    rows = training_rows(
        len(dataset.x_train), run["train_size"], root_seed, run["dataset"], run["seed"]
    )
    data = binarised(dataset, root_seed, run["dataset"]) if binarisation else dataset
    return replace(data, x_train=data.x_train[rows], y_train=data.y_train[rows])


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


def binarised(dataset: Dataset, root_seed: int, name: str) -> Dataset:
    """Draw all images of a dataset once, each pixel white with its grey level as probability.

    The draw depends on the root seed and the dataset's name alone: it is the fixed binarisation
    that every model of a study is trained or tested on.

    Parameters
    ----------
    dataset
        Grey images.
    root_seed
        The study's.
    name
        The dataset's.

    Returns
    -------
    Dataset
        Its pixels uint8, 0 or 255; classes as they were.
    """
    train, test = generator(root_seed, "binarise", name).spawn(2)
    return replace(
        dataset, x_train=binarise(dataset.x_train, train), x_test=binarise(dataset.x_test, test)
    )
