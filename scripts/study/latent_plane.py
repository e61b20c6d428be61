"""The square of a two-dimensional latent space that Figure 6.4 shows decoded."""

import numpy as np
from numpy.typing import NDArray

SIDE = 20
"""Points an axis."""

REACH = 3.0
"""The points lie over [-REACH, REACH] squared."""


def latent_grid(side: int = SIDE, reach: float = REACH) -> NDArray[np.float64]:
    """Grid of latent points.

    Returns
    -------
    float64 array of shape (side^2, 2)
        Row by row from the highest z_2, each from the lowest z_1.
    """
    axis = np.linspace(-reach, reach, side)
    first, second = np.meshgrid(axis, axis[::-1])
    return np.column_stack([first.ravel(), second.ravel()])
