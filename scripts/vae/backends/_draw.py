"""The randomness of an epoch, drawn on the host."""

from typing import Any

import numpy as np


def draw_epoch(
    generator: np.random.Generator, shape: tuple[int, int, int], dtype: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Order of the rows and noise of an epoch; `shape` is samples x n x noise width.

    Drawn in float32 whatever the dtype, so that a seed gives the same run in both.
    """
    order = generator.permutation(shape[1])
    return order, generator.standard_normal(shape, np.float32).astype(dtype, copy=False)
