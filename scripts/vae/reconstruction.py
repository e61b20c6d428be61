"""Reconstruction error of images, and the ends of its scale."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def binary_cross_entropy(
    targets: NDArray[Any], reconstruction: NDArray[Any]
) -> NDArray[np.float64]:
    """Binary cross-entropy of every image, summed over its pixels.

    The BCE of Sec. 6.3 of the report, -sum_j y_j log(p_j) + (1 - y_j) log(1 - p_j); its average
    over the N images is left to the caller. Probabilities are held one float32 epsilon away from
    0 and 1, whatever their dtype, so that a saturated pixel costs at most 15.9 nats.

    Parameters
    ----------
    targets
        y, n x d; in [0, 1], or else the error has no lower bound (`published_errors`).
    reconstruction
        p, n x d in [0, 1].

    Returns
    -------
    float64 array of shape (n,)
        nats per image.

    Raises
    ------
    ValueError
        If the shapes differ or a probability is outside [0, 1] or not a number.
    """
    if targets.shape != reconstruction.shape:
        raise ValueError(
            f"reconstruction: expected the targets' shape, {targets.shape}, "
            f"got {reconstruction.shape}"
        )
    if not (np.min(reconstruction) >= 0 and np.max(reconstruction) <= 1):
        raise ValueError(
            f"reconstruction: expected probabilities in [0, 1], "
            f"got {np.min(reconstruction)} to {np.max(reconstruction)}"
        )
    y = targets.astype(np.float64)
    epsilon = float(np.finfo(np.float32).eps)
    p = reconstruction.astype(np.float64).clip(epsilon, 1 - epsilon)
    return -np.sum(y * np.log(p) + (1 - y) * np.log1p(-p), axis=1)


def entropy_floor(x: NDArray[Any]) -> NDArray[np.float64]:
    """Lowest error that any reconstruction of grey images can have: their own entropy.

    Parameters
    ----------
    x
        n x d, in [0, 1].

    Returns
    -------
    float64 array of shape (n,)
        nats per image; 0 for black and white images.
    """
    return binary_cross_entropy(x, x)


def mean_image_errors(train: NDArray[Any], images: NDArray[Any]) -> NDArray[np.float64]:
    """Error of answering every image with the mean training image, nats per image.

    Parameters
    ----------
    train, images
        n x d and m x d, in [0, 1].

    Returns
    -------
    float64 array of shape (m,)
    """
    mean = train.mean(axis=0, dtype=np.float64)
    return binary_cross_entropy(images, np.broadcast_to(mean, images.shape))


def half_width(values: NDArray[np.float64]) -> float:
    """Half the width of the 95% interval of a mean, from the spread of its n values.

    1.96 standard errors: the normal approximation, for the mean over hundreds of images.
    """
    return float(1.96 * values.std(ddof=1) / np.sqrt(len(values)))
