"""Datasets in one common form; whatever reads one is blind to where it came from."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from study.arrays import array_names, read_arrays

Split = Literal["train", "test"]


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images as rows of pixels, with their classes, in a training and a test set.

    Attributes
    ----------
    x_train, x_test
        (n, d); either uint8, of which 255 stands for a pixel of 1, or float32 within [0, 1].
    y_train, y_test
        (n,) int64, indices into `label_names`; all 0 where there are no classes.
    image_shape
        int64, such as [28, 28] or [32, 32, 3], or [d] of what is no image; its product is d. Rows
        are in C order.
    label_names
        (classes,) unicode.

    Raises
    ------
    ValueError
        If an array's shape, dtype or range is not as above; the message names the array.
    """

    x_train: NDArray[Any]
    y_train: NDArray[np.int64]
    x_test: NDArray[Any]
    y_test: NDArray[np.int64]
    image_shape: NDArray[np.int64]
    label_names: NDArray[np.str_]

    def __post_init__(self) -> None:
        if self.image_shape.ndim != 1 or self.image_shape.dtype != np.int64:
            raise ValueError(
                f"image_shape: expected one row of int64, such as [28, 28], got {self.image_shape}"
            )
        if self.label_names.ndim != 1 or self.label_names.dtype.kind != "U":
            raise ValueError(f"label_names: expected one row of text, got {self.label_names}")
        for split in ("train", "test"):
            _check_pixels(f"x_{split}", getattr(self, f"x_{split}"), self.image_shape)
            _check_labels(
                f"y_{split}",
                getattr(self, f"y_{split}"),
                len(getattr(self, f"x_{split}")),
                len(self.label_names),
            )
        if self.x_train.dtype != self.x_test.dtype:
            raise ValueError(
                f"x_test: expected x_train's dtype, {self.x_train.dtype}, got {self.x_test.dtype}"
            )

    def pixels(self, split: Split) -> NDArray[np.float32]:
        """Return the images of a split as pixels in [0, 1], (n, d) float32."""
        return as_pixels(self.x_train if split == "train" else self.x_test)


def as_pixels(x: NDArray[Any]) -> NDArray[np.float32]:
    """Return stored images (uint8 or float32) as pixels in [0, 1], float32 of the same shape."""
    return x.astype(np.float32) / np.float32(255) if x.dtype == np.uint8 else x


def _check_pixels(name: str, x: NDArray[Any], image_shape: NDArray[np.int64]) -> None:
    size = int(image_shape.prod())
    if x.ndim != 2 or len(x) == 0 or x.shape[1] != size:
        raise ValueError(
            f"{name}: expected one or more images of {size} pixels, (n, {size}), got {x.shape}"
        )
    if x.dtype not in (np.uint8, np.float32):
        raise ValueError(f"{name}: expected uint8 or float32, got {x.dtype}")
    if x.dtype == np.float32 and not (x.min() >= 0 and x.max() <= 1):
        raise ValueError(f"{name}: expected float32 pixels in [0, 1], got {x.min()} to {x.max()}")


def _check_labels(name: str, y: NDArray[Any], images: int, classes: int) -> None:
    if y.dtype != np.int64 or y.shape != (images,):
        raise ValueError(f"{name}: expected int64 of shape ({images},), got {y.dtype} of {y.shape}")
    if y.min() < 0 or y.max() >= classes:
        raise ValueError(
            f"{name}: expected labels 0 to {classes - 1}, one for each of label_names, "
            f"got {y.min()} to {y.max()}"
        )


def save_dataset(path: Path, dataset: Dataset) -> None:
    """Write a dataset as a compressed npz without pickles, of the same bytes for the same data."""
    arrays = {field.name: getattr(dataset, field.name) for field in fields(Dataset)}
    with open(path, "wb") as file:
        np.savez_compressed(file, **arrays)


def load_dataset(path: Path) -> Dataset:
    """Read what `save_dataset` wrote.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is not an npz, lacks an array, or an array is not as `Dataset` describes; the
        message names the file.
    """
    expected, found = [field.name for field in fields(Dataset)], array_names(path)
    missing = [name for name in expected if name not in found]
    if missing:
        raise ValueError(
            f"{path}: expected the arrays {', '.join(expected)}; "
            f"{', '.join(missing)} missing, found {', '.join(found) or 'none'}"
        )
    arrays = read_arrays(path, *expected)
    try:
        return Dataset(**arrays)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
