"""Black and white images: drawn from grey ones, and told from them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def binarise(x: NDArray[Any], generator: np.random.Generator) -> NDArray[np.uint8]:
    """Draw every pixel as black or white, white with its grey level as probability.

    One call before training is the fixed binarisation of Salakhutdinov & Murray (2008): one data
    set for all epochs and all models. A call at the start of every epoch is dynamic binarisation
    (Burda, Grosse & Salakhutdinov 2016, Sec. 5): never the same images twice. Test images are
    drawn once in either case.

    Parameters
    ----------
    x
        Grey levels of any shape: uint8, of which 255 stands for 1, or floats in [0, 1].
    generator
        Source of the draws.

    Returns
    -------
    uint8 array of x's shape
        0 or 255. From uint8, the probabilities are exact; from floats, to the 24 bits of a float32
        draw, or the 53 of a float64 one. A pixel of 0 is never on, one of 1 always.

    Raises
    ------
    ValueError
        If x is of another dtype or outside [0, 1].
    """
    if x.dtype == np.uint8:
        # One of 255 equally likely numbers, of which p are below p.
        on = generator.integers(255, size=x.shape, dtype=np.uint8) < x
    elif x.dtype in (np.float32, np.float64):
        if x.size and not (x.min() >= 0 and x.max() <= 1):
            raise ValueError(f"x: expected grey levels in [0, 1], got {x.min()} to {x.max()}")
        on = generator.random(x.shape, x.dtype.type) < x
    else:
        raise ValueError(f"x: expected grey levels as uint8, float32 or float64, got {x.dtype}")
    return on * np.uint8(255)


def as_binary(x: NDArray[Any]) -> NDArray[np.bool_]:
    """Black and white images as booleans.

    Parameters
    ----------
    x
        Of any shape: 0 and 1, or in uint8, of which 255 stands for 1, 0 and 255.

    Returns
    -------
    bool array of x's shape
        Whether a pixel is on.

    Raises
    ------
    ValueError
        If a pixel has any other value.
    """
    white = 255 if x.dtype == np.uint8 else 1
    on = x == white
    grey = ~(on | (x == 0))
    if grey.any():
        raise ValueError(
            f"x: expected black and white images, of 0 and {white} in {x.dtype}, got a pixel of "
            f"{x[grey][0]}: grey levels have no probability mass under a Bernoulli"
        )
    return on
