"""Images nearest to samples: whether a model recites its training images, and draws real ones."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors

from study.dataset import as_pixels


class Neighbours(NamedTuple):
    """The training images nearest to each of m samples, from the nearest to the n-th."""

    images: NDArray[Any]
    """m x n x d, of the training images' dtype."""
    indices: NDArray[np.int64]
    """m x n, rows of the training images."""
    distances: NDArray[np.float64]
    """m x n, Euclidean, of pixels in [0, 1]."""


def nearest_training_images(samples: NDArray[Any], train: NDArray[Any], n: int = 1) -> Neighbours:
    """Training images at the smallest Euclidean distance from each sample.

    Parameters
    ----------
    samples, train
        m x d and rows x d; each uint8, of which 255 stands for 1, or floats in [0, 1].
    n
        Neighbours of each sample.

    Raises
    ------
    ValueError
        If samples and training images differ in their number of pixels, or n is not 1 to the number
        of training images.
    """
    if samples.ndim != 2 or train.ndim != 2 or samples.shape[1] != train.shape[1]:
        raise ValueError(
            f"samples: expected rows of as many pixels as the training images, {train.shape}, "
            f"got {samples.shape}"
        )
    if not 1 <= n <= len(train):
        raise ValueError(f"n: expected 1 to {len(train)}, the training images, got {n}")
    search = NearestNeighbors(n_neighbors=n, algorithm="brute").fit(as_pixels(train))
    distances, indices = search.kneighbors(as_pixels(samples))
    return Neighbours(train[indices], indices, distances)


def two_sample_accuracy(first: NDArray[Any], second: NDArray[Any]) -> float:
    """Share of images whose nearest other image, of both kinds, is of their own kind.

    The two-sample test of nearest neighbours (Friedman & Rafsky 1979; Lopez-Paz & Oquab 2017): a
    half for two samples of the same distribution, 1 where they are apart, and less than a half
    where one recites the other. Of two that are equally near, either may count.

    Parameters
    ----------
    first, second
        n x d each, in [0, 1] or bool.
    """
    images = np.concatenate([first, second]).astype(np.float32)
    kinds = np.repeat([0, 1], [len(first), len(second)])
    # Asked without images, the search leaves out the image itself.
    nearest = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(images).kneighbors()[1]
    return float(np.mean(kinds[nearest[:, 0]] == kinds))
