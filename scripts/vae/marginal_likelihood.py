"""True log-likelihoods of a trained model: by importance sampling, and by quadrature of a plane."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from vae._progress import progress_bar
from vae.binarisation import as_binary
from vae.model import Model
from vae.names import require_positive, require_whole

_DRAWS = 1000
"""Most latent vectors drawn at a time, so that memory does not grow with their number."""


class ImportanceEstimate(NamedTuple):
    """Log-likelihoods of n images at several numbers of samples, and how good the largest is."""

    log_likelihood: NDArray[np.float64]
    """(numbers of samples) x n, nats per image."""
    effective_sample_size: NDArray[np.float64]
    """(n,), 1 to the largest number of samples."""


def importance_log_likelihood(
    model: Model,
    x: NDArray[Any],
    samples: Sequence[int],
    generator: np.random.Generator,
    progress: bool = False,
) -> ImportanceEstimate:
    """Estimate log p(x) of every image by importance sampling, the encoder's q(z|x) as proposal.

    The estimate log (1/k) sum_i w_i, w_i = p(x|z_i) p(z_i) / q(z_i|x), with k samples z_i
    (Rezende, Mohamed & Wierstra 2014; Burda, Grosse & Salakhutdinov 2016, eq. 8) is in expectation
    the ELBO for k = 1, rises with k and tends to log p(x). One stream of samples serves all k, the
    first k of it each, so estimates of an image at different k are not independent; those of
    different images are. An effective sample size (sum w)^2 / sum w^2 (Kong 1992) near 1 tells that
    a few samples make the whole estimate, which is then likely too low. A large one proves nothing:
    no weight tells of a mode of the posterior that no sample reached.

    The time is that of max(samples) decodings an image. Memory beyond the results is that of the
    images as booleans, of max(samples) numbers and of what 1,000 latent vectors take to decode.

    Parameters
    ----------
    model
        Encoder and decoder.
    x
        n x input dimension, uint8 of which 255 stands for 1, or floats; black and white for the
        Bernoulli likelihood.
    samples
        Numbers of samples k.
    generator
        Source of the samples.
    progress
        Whether to show a bar on standard error.

    Returns
    -------
    ImportanceEstimate
        The log-likelihood of an image for each number, and the effective sample size at the largest
        one. Of a density for the Gaussian likelihood: it may be positive.

    Raises
    ------
    ValueError
        If there is a grey pixel under the Bernoulli likelihood, since grey levels have no
        probability mass under it, or a number of samples is not positive.
    """
    if len(samples) == 0:
        raise ValueError("samples: expected one or more numbers, got none")
    for number in samples:
        require_whole("samples", number)
    x = _observable(model, x)
    log_likelihood = np.empty((len(samples), len(x)))
    effective_sample_size = np.empty(len(x))
    means, log_variances = model.encode(x)
    bar = progress_bar(len(x), "image", shown=progress)
    for image in range(len(x)):
        log_weights = _log_weights(
            model, x[[image]], means[image], log_variances[image], max(samples), generator
        )
        for row, k in enumerate(samples):
            log_likelihood[row, image] = logsumexp(log_weights[:k]) - np.log(k)
        effective_sample_size[image] = np.exp(
            2 * logsumexp(log_weights) - logsumexp(2 * log_weights)
        )
        bar.update()
    bar.close()
    return ImportanceEstimate(log_likelihood, effective_sample_size)


def quadrature_log_likelihood(
    model: Model, x: NDArray[Any], points: int, reach: float
) -> NDArray[np.float64]:
    """Integrate log p(x) = log of the integral of p(x|z) p(z) over a latent plane.

    By the sum over a square grid, the trapezoidal rule for an integrand that vanishes at the ends.
    Where the posterior is normal, a spacing of its standard deviation leaves an error of 1e-8, of
    twice that, 3e-2: a grid twice as fine tells whether one was fine enough.

    Parameters
    ----------
    model
        Encoder, not used, and decoder, of latent dimension 2.
    x
        n x input dimension, uint8 of which 255 stands for 1, or floats; black and white for the
        Bernoulli likelihood.
    points
        Along each axis, at least 2.
    reach
        Of the grid, from -reach to reach along each axis, in standard deviations of the prior.

    Returns
    -------
    float64 array of shape (n,)
        nats per image; of a density for the Gaussian likelihood.

    Raises
    ------
    ValueError
        If the latent dimension is not 2, there is a grey pixel under the Bernoulli likelihood, or
        the grid is empty.
    """
    if model.architecture.latent_dimension != 2:
        raise ValueError(
            f"model: expected 2 latent dimensions, got {model.architecture.latent_dimension}"
        )
    require_whole("points", points, 2)
    require_positive("reach", reach)
    x = _observable(model, x)
    axis, spacing = np.linspace(-reach, reach, points, retstep=True)
    log_likelihood = np.full(len(x), -np.inf)
    for ordinate in axis:
        z = np.column_stack([axis, np.full(points, ordinate)])
        log_joint = model.log_likelihood(x, z) + _log_standard_normal(z)
        log_likelihood = np.logaddexp(log_likelihood, logsumexp(log_joint, axis=1))
    return log_likelihood + 2 * np.log(spacing)


def _observable(model: Model, x: NDArray[Any]) -> NDArray[Any]:
    """Images that have a probability under the model's likelihood; the others are an error."""
    return as_binary(x) if model.architecture.likelihood == "bernoulli" else x


def _log_weights(
    model: Model,
    x: NDArray[Any],
    mean: NDArray[Any],
    log_variance: NDArray[Any],
    samples: int,
    generator: np.random.Generator,
) -> NDArray[np.float64]:
    """Log of p(x|z) p(z) / q(z|x) at samples of q(z|x), for one image; (samples,)."""
    log_weights = np.empty(samples)
    deviation = np.exp(log_variance.astype(np.float64) / 2)
    for start in range(0, samples, _DRAWS):
        noise = generator.standard_normal((min(_DRAWS, samples - start), len(mean)))
        z = mean + deviation * noise
        log_posterior = _log_standard_normal(noise) - np.log(deviation).sum()
        log_weights[start : start + len(z)] = (
            model.log_likelihood(x, z)[0] + _log_standard_normal(z) - log_posterior
        )
    return log_weights


def _log_standard_normal(z: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log density of every row of z under N(0, I)."""
    return -0.5 * (z**2 + np.log(2 * np.pi)).sum(axis=1)
