"""Handwritten digits of 8 x 8 pixels, embedded in scikit-learn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from study.settings import parts, shared

if TYPE_CHECKING:
    import numpy as np

    from study.dataset import Dataset

SETTINGS = {
    "required": ["test_fraction"],
    "properties": {
        "test_fraction": shared("fraction", "The part of each class held out."),
    },
}

SIDE = 8
COUNTS = (178, 182, 177, 183, 181, 182, 181, 179, 174, 180)
"""Images of each digit, 0 to 9."""

INK_LEVELS = 16
"""A pixel counts the inked points of a 4 x 4 block, 0 to 16."""


def input_dimension(settings: Mapping[str, Any]) -> int:
    """Pixels of an image."""
    return SIDE**2


def training_items(settings: Mapping[str, Any]) -> int:
    """Images that are not held out."""
    return sum(count - round(count * settings["test_fraction"]) for count in COUNTS)


def problems(path: str, settings: Mapping[str, Any]) -> Iterator[str]:
    """A fraction that leaves a digit out."""
    fraction = settings["test_fraction"]
    if not all(parts(count, fraction) for count in COUNTS):
        yield (
            f"{path}.test_fraction is {fraction}; expected one that leaves images of every digit "
            "to train and to test on"
        )


def prepare(
    settings: Mapping[str, Any], files: Mapping[str, Any], rng: np.random.Generator
) -> tuple[Dataset, dict[str, Any]]:
    """Return the digits and the fields of their card."""
    test_fraction = settings["test_fraction"]
    return digits(test_fraction, rng), {
        "split": f"{test_fraction:.4g} of each class held out, drawn at random",
        "source": "scikit-learn, load_digits: the test set of UCI's optical recognition of "
        "handwritten digits, https://archive.ics.uci.edu/dataset/80",
        "licence": "CC BY 4.0",
        "citation": "E. Alpaydin and C. Kaynak (1998). Optical Recognition of Handwritten Digits. "
        "UCI Machine Learning Repository. https://doi.org/10.24432/C50P49",
    }


def digits(test_fraction: float, rng: np.random.Generator) -> Dataset:
    """Return the 1,797 digits, parted at random with each digit in the same proportion.

    Parameters
    ----------
    test_fraction
        Of each class to hold out, in (0, 1).
    rng
        Decides the split.

    Returns
    -------
    Dataset
        uint8; the 16 levels of ink spread evenly over 0 to 255.

    Raises
    ------
    ValueError
        If the fraction leaves a class without a training or a test image.
    """
    import numpy as np
    from sklearn.datasets import load_digits

    from study.dataset import Dataset
    from study.split import stratified_split

    ink, labels = load_digits(return_X_y=True)
    x = np.rint(ink * (255 / INK_LEVELS)).astype(np.uint8)
    y = labels.astype(np.int64)
    train, test = stratified_split(y, test_fraction, rng)
    return Dataset(
        x_train=x[train],
        y_train=y[train],
        x_test=x[test],
        y_test=y[test],
        image_shape=np.array([SIDE, SIDE]),
        label_names=np.array([str(digit) for digit in range(len(COUNTS))]),
    )
