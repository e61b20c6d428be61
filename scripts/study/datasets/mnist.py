"""Handwritten digits of 28 x 28 pixels: MNIST, in its four idx files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from study.dataset import Dataset

SETTINGS: dict[str, Any] = {}
MEMORY_MB = 1500
RAW_FILES = {
    "train_images": "train-images-idx3-ubyte.gz",
    "train_labels": "train-labels-idx1-ubyte.gz",
    "test_images": "t10k-images-idx3-ubyte.gz",
    "test_labels": "t10k-labels-idx1-ubyte.gz",
}

SIDE = 28
ITEMS = {"train": 60_000, "test": 10_000}
CLASSES = 10


def input_dimension(settings: Mapping[str, Any]) -> int:
    """Pixels of an image."""
    return SIDE**2


def training_items(settings: Mapping[str, Any]) -> int:
    """Images of the published training set."""
    return ITEMS["train"]


def prepare(
    settings: Mapping[str, Any], files: Mapping[str, Any], rng: np.random.Generator
) -> tuple[Dataset, dict[str, Any]]:
    """Return the images in their published split and order, and the fields of their card."""
    return mnist(**files), {"split": "as published"}


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
    import numpy as np

    from study.dataset import Dataset
    from study.datasets._idx import read_idx

    arrays: dict[str, Any] = {}
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
