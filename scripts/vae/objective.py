"""The evidence lower bound (ELBO), term by term, for whole arrays; all values in nats.

These are the definitions, written for reading and used for evaluation; the backends compute the
same terms with their gradients and are tested against them.
"""

import numpy as np

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
    softplus = np.maximum(logits, 0) + np.log1p(np.exp(-np.abs(logits)))
    return np.sum(x * logits - softplus, axis=-1)


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
