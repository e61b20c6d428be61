"""Frey Face: the frames of a short film of one face, 28 x 20 pixels each."""

from pathlib import Path

import numpy as np

from study.dataset import Dataset
from study.datasets.matlab import read_matrix

FRAMES = 1965
SHAPE = (28, 20)


def frey_face(path: Path, test: int) -> Dataset:
    """Read the film and hold its end out.

    Neighbouring frames are nearly the same, so frames held out at random would have been trained on
    in all but name; one contiguous block has such neighbours at one end alone.

    Parameters
    ----------
    path
        The MATLAB file as published: `ff`, 560 x 1965, a frame a column.
    test
        How many of the last frames to hold out.

    Returns
    -------
    Dataset
        uint8, in the order of the film; without classes.

    Raises
    ------
    ValueError
        If the file is truncated, malformed or holds something else, or no frame is left to train
        or to test on.
    """
    if not 0 < test < FRAMES:
        raise ValueError(f"test: expected a whole number from 1 to {FRAMES - 1}, got {test}")
    height, width = SHAPE
    frames = np.ascontiguousarray(read_matrix(path, "ff", (height * width, FRAMES), np.uint8).T)
    train = FRAMES - test
    return Dataset(
        x_train=frames[:train],
        y_train=np.zeros(train, dtype=np.int64),
        x_test=frames[train:],
        y_test=np.zeros(test, dtype=np.int64),
        image_shape=np.array(SHAPE),
        label_names=np.array(["face"]),
    )
