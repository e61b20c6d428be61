"""The ends of the scale of reconstruction errors, and the interval of their mean."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vae.objective import binary_cross_entropy


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
