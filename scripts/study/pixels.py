"""Pixels as the grey levels that a figure shows."""

import numpy as np
from numpy.typing import NDArray


def grey_levels(pixels: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Nearest of 256 levels of every pixel, black 0 and white 255.

    Parameters
    ----------
    pixels
        In [0, 1], and cut to it; any shape.

    Returns
    -------
    uint8 array of the same shape
    """
    return np.rint(255 * np.clip(pixels, 0.0, 1.0)).astype(np.uint8)
