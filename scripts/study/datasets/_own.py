"""Images from files of any format, with or without labels, made a dataset."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from study.dataset import Dataset
from study.datasets._colours import CHANNELS
from study.split import stratified_split
from study.wording import writable

UNLABELLED = "all"
"""Name of the one class of images without labels."""

MOST_CLASSES = 1000
"""More are not classes but numbers of images, and no figure shows them."""


@dataclass(frozen=True, eq=False)
class Images:
    """Images as files hold them.

    Attributes
    ----------
    pixels
        (n, height, width) or (n, height, width, channels), of which there are 1 or 3; uint8, bool,
        or floats in [0, 1].
    labels
        (n,) whole numbers or text, or None.

    Raises
    ------
    ValueError
        If an array is of another shape or dtype, or there are more labels than images or fewer.
    """

    pixels: NDArray[Any]
    labels: NDArray[Any] | None = None

    def __post_init__(self) -> None:
        if self.pixels.ndim not in (3, 4) or 0 in self.pixels.shape:
            raise ValueError(
                "expected images as (n, height, width) or (n, height, width, channels), "
                f"got an array of shape {self.pixels.shape}"
            )
        if self.pixels.ndim == 4 and self.pixels.shape[3] not in CHANNELS.values():
            shape = self.pixels.shape
            raise ValueError(
                f"expected 1 channel or 3 as the last of (n, height, width, channels), got {shape}"
                + ("; numpy.moveaxis(x, 1, -1) puts them there" if shape[1] in (1, 3) else "")
            )
        if self.pixels.dtype != np.uint8 and self.pixels.dtype.kind not in "bf":
            raise ValueError(
                f"expected pixels as uint8, bool or floats in [0, 1], got {self.pixels.dtype}"
            )
        if self.labels is not None:
            if self.labels.ndim != 1 or self.labels.dtype.kind not in "iuU":
                raise ValueError(
                    "expected labels as one row of whole numbers or of text, "
                    f"got {self.labels.dtype} of shape {self.labels.shape}"
                )
            if len(self.labels) != len(self.pixels):
                raise ValueError(
                    f"expected a label for each of {len(self.pixels):,} images, "
                    f"got {len(self.labels):,} labels"
                )


def own_dataset(
    train: Images,
    test: Images | None = None,
    *,
    test_fraction: float | None = None,
    rng: np.random.Generator,
) -> Dataset:
    """Make a dataset of images for training and for testing, or of a part of each class.

    Parameters
    ----------
    train
        Images to train on; without `test`, all images there are.
    test
        Images to test on, in place of a fraction.
    test_fraction
        Of each class to hold out, in (0, 1), in place of images to test on.
    rng
        Decides what is held out.

    Returns
    -------
    Dataset
        uint8, bool as 0 and 255, or float32; the classes are the labels that occur, sorted.

    Raises
    ------
    ValueError
        If not exactly one of `test` and `test_fraction` is given, the two sets do not fit
        together, bytes are 0 and 1 alone, or labels are too many or no text.
    """
    if (test is None) == (test_fraction is None):
        raise ValueError(
            "expected either images to test on, such as x_test, or a test_fraction, got "
            + ("neither" if test is None else "both")
        )
    if test is not None:
        _check_fit(train, test)
        pixels = np.concatenate([train.pixels, test.pixels])
    else:
        pixels = train.pixels
    if pixels.dtype == np.uint8 and pixels.max() == 1:
        raise ValueError(
            "expected bytes from 0 to 255, got 0 and 1 alone, which would all be black; multiply "
            "them by 255"
        )
    y, names = _classes(train, test)
    _check_names(names)
    x = _rows(pixels)
    shape = pixels.shape[1:3] if pixels.shape[3:] == (1,) else pixels.shape[1:]
    if test_fraction is None:
        in_train, in_test = np.split(np.arange(len(x)), [len(train.pixels)])
    else:
        in_train, in_test = stratified_split(y, test_fraction, rng)
    return Dataset(
        x_train=x[in_train],
        y_train=y[in_train],
        x_test=x[in_test],
        y_test=y[in_test],
        image_shape=np.array(shape, dtype=np.int64),
        label_names=names,
    )


def _check_fit(train: Images, test: Images) -> None:
    if train.pixels.shape[1:] != test.pixels.shape[1:]:
        raise ValueError(
            f"expected test images of the training images' size, {_size(train)}, got {_size(test)}"
        )
    if train.pixels.dtype != test.pixels.dtype:
        raise ValueError(
            f"expected test images of the training images' dtype, {train.pixels.dtype}, "
            f"got {test.pixels.dtype}"
        )
    if (train.labels is None) != (test.labels is None):
        raise ValueError(
            "expected labels of both sets or of neither, got only the "
            + ("test" if train.labels is None else "training")
            + " labels"
        )


def _check_names(names: NDArray[np.str_]) -> None:
    if len(names) > MOST_CLASSES:
        raise ValueError(
            f"expected at most {MOST_CLASSES:,} classes, got {len(names):,} different labels"
        )
    for name in names.tolist():
        if not name.strip() or not writable(name):
            raise ValueError(f"expected labels of text without control characters, got {name!a}")


def _size(images: Images) -> str:
    return " x ".join(map(str, images.pixels.shape[1:]))


def _rows(pixels: NDArray[Any]) -> NDArray[Any]:
    rows = pixels.reshape(len(pixels), -1)
    if rows.dtype == bool:
        return rows * np.uint8(255)
    return rows if rows.dtype == np.uint8 else rows.astype(np.float32)


def _classes(train: Images, test: Images | None) -> tuple[NDArray[np.int64], NDArray[np.str_]]:
    """Indices of all images' classes, and the classes' names."""
    if train.labels is None:
        images = len(train.pixels) + (0 if test is None else len(test.pixels))
        return np.zeros(images, dtype=np.int64), np.array([UNLABELLED])
    labels = train.labels
    if test is not None and test.labels is not None:
        labels = np.concatenate([labels, test.labels])
    names, indices = np.unique(labels, return_inverse=True)
    return indices.astype(np.int64), names.astype(np.str_)
