"""The evidence lower bound (ELBO), term by term, for whole arrays; all values in nats.

These are the definitions, written for reading and used for evaluation; the backends compute the
same terms with their gradients and are tested against them.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vae.architecture import MINIMUM_LOG_VARIANCE


def kl_divergence(mean: np.ndarray, log_variance: np.ndarray) -> np.ndarray:
    """KL divergence of the posterior N(mean, exp(log_variance)) from N(0, I), per item.

    Equation (3.7) of the report with the sign of a divergence; AEVB, Appendix B.

    Parameters
    ----------
    mean, log_variance
        n x latent dimension.

    Returns
    -------
    ndarray
        (n,), nats, at least 0.
    """
    return -0.5 * np.sum(1 + log_variance - mean**2 - np.exp(log_variance), axis=-1)


def softplus(a: np.ndarray) -> np.ndarray:
    """log(1 + exp(a)), element by element, finite for every finite a."""
    return np.maximum(a, 0) + np.log1p(np.exp(-np.abs(a)))


def bernoulli_log_likelihood(x: np.ndarray, logits: np.ndarray) -> np.ndarray:
    """Log-likelihood log p(x|z) of pixels in [0, 1] under independent Bernoullis, per item.

    For grey levels between 0 and 1 it is the negative binary cross-entropy, which is no logarithm
    of a probability mass (AEVB, Appendix C.1, has binary x). Computed from logits a as
    x a - softplus(a), finite for every finite logit.

    Parameters
    ----------
    x, logits
        ... x pixels.

    Returns
    -------
    ndarray
        ..., nats.
    """
    return np.sum(x * logits - softplus(logits), axis=-1)


def gaussian_log_likelihood(
    x: np.ndarray, mean: np.ndarray, log_variance: np.ndarray
) -> np.ndarray:
    """Log-density log p(x|z) under N(mean, diag(exp(log_variance))), per item.

    The decoder of equations (4.5)-(4.6); AEVB, Appendix C.2.

    Parameters
    ----------
    x, mean, log_variance
        ... x pixels; the log variance is held at or above `MINIMUM_LOG_VARIANCE`.

    Returns
    -------
    ndarray
        ..., nats (of a density: it may be positive).
    """
    log_variance = np.maximum(log_variance, MINIMUM_LOG_VARIANCE)
    squared = (x - mean) ** 2 * np.exp(-log_variance)
    return -0.5 * np.sum(np.log(2 * np.pi) + log_variance + squared, axis=-1)


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
        y, n x d; in [0, 1], or else the error has no lower bound.
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
