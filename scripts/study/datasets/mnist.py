"""MNIST: handwritten digits of 28 x 28 pixels, in its four idx files."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from study.dataset import Dataset
from study.datasets.idx import read_idx

SIDE = 28
ITEMS = {"train": 60_000, "test": 10_000}
CLASSES = 10


def mnist(train_images: Path, train_labels: Path, test_images: Path, test_labels: Path) -> Dataset:
    """Read the four files, plain or gzip, and keep the published split and order.

    Returns
    -------
    Dataset
        uint8, as published; labelled by digit.

    Raises
    ------
    ValueError
        If a file is truncated, malformed or of another size; the message names the file.
    """
    arrays: dict[str, NDArray[Any]] = {}
    for split, images, labels in (
        ("train", train_images, train_labels),
        ("test", test_images, test_labels),
    ):
        x, y = read_idx(images, 3), read_idx(labels, 1)
        expected = (ITEMS[split], SIDE, SIDE)
        if x.shape != expected:
            raise ValueError(f"{images}: expected MNIST's images, {expected}, got {x.shape}")
        if y.shape != expected[:1]:
            raise ValueError(
                f"{labels}: expected a label for each of {len(x)} images, got {len(y)}"
            )
        if y.max() >= CLASSES:
            raise ValueError(f"{labels}: expected labels 0 to {CLASSES - 1}, got up to {y.max()}")
        arrays |= {f"x_{split}": x.reshape(len(x), -1), f"y_{split}": y.astype(np.int64)}
    return Dataset(
        **arrays,
        image_shape=np.array([SIDE, SIDE]),
        label_names=np.array([str(digit) for digit in range(CLASSES)]),
    )
