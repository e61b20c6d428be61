"""The theory of Sec. 3 of the report, measured on a trained model with two latent dimensions.

Equations are numbered as in the report. L1 and L2 are the terms of its bound, (3.6).
"""

from collections.abc import Iterator
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest, norm, t

from study.reconstruction import half_width
from vae.backends import create_trainer
from vae.marginal_likelihood import quadrature_log_likelihood
from vae.model import Model
from vae.objective import kl_divergence
from vae.optimizer import Sgd

Floats = NDArray[np.float64]

NODES = 32
"""Points an axis of the Gauss-Hermite rule."""

GRID, GRID_REACH = 37, 7.0
"""Points an axis of a grid in deviations of q(z|x), and its reach."""

PLANE = 500
"""Most points an axis of the plane over which p(x) is integrated."""

DRAWS = 1000
"""Draws an image of the Monte Carlo estimate of (3.7)."""

SAMPLES, REPEATS = (1, 4, 16), 100
"""L of the estimator (3.9), and how often it is drawn anew for every image."""

BLOCKS, GRADIENT_SAMPLES = 10, 32
"""Parts of the images, each left out in turn for the interval of an angle; and L there."""

RESAMPLES = 1000
"""Of the images, for the interval of a slope."""


MEASURES = {
    "log_evidence": "log p(x), the left side of (3.2)",
    "bound": "L, (3.9) for ever more samples",
    "posterior_divergence": "KL(q(z|x) || p(z|x))",
    "identity_gap": "log p(x) - KL(q(z|x) || p(z|x)) - L; 0 by (3.2)",
    "largest_identity_gap": "largest absolute log p(x) - KL(q(z|x) || p(z|x)) - L",
    "quadrature_error": "largest change of log p(x) with the points that it is integrated at",
    "bound_violations": "images whose L exceeds log p(x)",
    "smallest_margin": "smallest log p(x) - L",
    "kl_as_printed": "(3.7) as printed; below 0 if it is -KL(q(z|x) || p(z))",
    "kl_above_zero": "images for which it is above 0, as no -KL is",
    "kl_difference": "(3.7) as printed, less the Monte Carlo estimate of -KL; 0 if they agree",
    "kl_within_error": "share of images with the two within 1.96 standard errors; 0.95 if so",
    "estimator_bias": "mean of (3.9) with one sample, less L; 0 if it is unbiased",
    "estimator_variance": "of (3.9) with one sample",
    "variance_slope": "slope of log variance on log samples; -1 if it falls as 1 / samples",
    "gradient_angle": "angle of the gradients of L1 and L2 by the encoder; 90 if unrelated",
    "gradient_norm_l1": "length of that of L1; 0 if L1 did not depend on the encoder",
    "gradient_norm_l2": "length of that of L2",
    "missing_jacobian": "log q(z|x) - log p(epsilon) at z = g(epsilon, x); 0 if they were equal",
    "bound_violations_without_jacobian": "images whose L with p(epsilon) for q exceeds log p(x)",
}
"""What is measured, and what the theory has for it."""


class Measured(NamedTuple):
    """One of `MEASURES`; `low` to `high` is its 95% interval over images, or equals the value."""

    measure: str
    value: float
    low: float
    high: float
    unit: str
    items: int


def measurements(
    model: Model, x: NDArray[Any], trained_on: NDArray[Any], generator: np.random.Generator
) -> Iterator[Measured]:
    """Measure what Sec. 3 states.

    Parameters
    ----------
    model
        Of latent dimension 2, whatever its network and likelihood.
    x
        n x input dimension: images, black and white for the Bernoulli likelihood.
    trained_on
        m x input dimension: training images, of which gradients are taken.
    generator
        Source of every sample.

    Yields
    ------
    Measured
        One of each of `MEASURES`.

    Raises
    ------
    ValueError
        If the latent dimension is not 2, or a pixel is grey under the Bernoulli likelihood.
    """
    if model.architecture.latent_dimension != 2:
        raise ValueError(
            f"model: expected 2 latent dimensions, got {model.architecture.latent_dimension}"
        )
    model = model.widened(np.float64)
    posterior = Posterior.of(model, x)
    bound = exact_bound(model, x, posterior)
    yield from _identity(model, x, posterior, bound)
    yield from _divergence(posterior, generator)
    yield from _estimator(model, x, bound, generator)
    yield from _gradients(model, trained_on, generator)
    yield _mean("missing_jacobian", missing_jacobian(posterior))


class Posterior(NamedTuple):
    """The encoder's q(z|x) of n images: means and standard deviations, each n x 2."""

    mean: Floats
    deviation: Floats

    @classmethod
    def of(cls, model: Model, x: NDArray[Any]) -> Self:
        """Encode images."""
        mean, log_variance = model.encode(x)
        return cls(mean, np.exp(log_variance / 2))

    def place(self, noise: Floats) -> Floats:
        """Points g(epsilon, x), n x m x 2, for noise of that shape, or m x 2."""
        return self.mean[:, np.newaxis] + self.deviation[:, np.newaxis] * noise

    def log_density(self, z: Floats) -> Floats:
        """Log q(z|x) of points n x m x 2; n x m."""
        location, scale = self.mean[:, np.newaxis], self.deviation[:, np.newaxis]
        return norm.logpdf(z, location, scale).sum(axis=-1)

    def minus_divergence(self) -> Floats:
        """-KL(q(z|x) || p(z)) by (3.7), (n,) nats."""
        return -kl_divergence(self.mean, 2 * np.log(self.deviation))


def exact_bound(model: Model, x: NDArray[Any], posterior: Posterior) -> Floats:
    """(3.9) for ever more samples: its second term by a Gauss-Hermite rule; (n,) nats."""
    points, weights = np.polynomial.hermite_e.hermegauss(NODES)
    z = posterior.place(_square(points))
    expectation = _log_likelihood(model, x, z) @ np.outer(weights, weights).ravel() / (2 * np.pi)
    return expectation + posterior.minus_divergence()


def posterior_divergence(
    model: Model, x: NDArray[Any], posterior: Posterior, log_evidence: Floats
) -> Floats:
    """KL(q(z|x) || p(z|x)) by a grid in deviations of q, given log p(x); (n,) nats."""
    axis, spacing = np.linspace(-GRID_REACH, GRID_REACH, GRID, retstep=True)
    nodes = _square(axis)
    z = posterior.place(nodes)
    log_true = _log_likelihood(model, x, z) + _log_prior(z) - log_evidence[:, np.newaxis]
    return (posterior.log_density(z) - log_true) @ np.exp(_log_prior(nodes)) * spacing**2


def missing_jacobian(posterior: Posterior) -> Floats:
    """Mean of log q(z|x) - log p(epsilon) at z = g(epsilon, x); (n,) nats."""
    noise = _square(np.linspace(-1, 1, 3))
    return (posterior.log_density(posterior.place(noise)) - _log_prior(noise)).mean(axis=1)


def _identity(
    model: Model, x: NDArray[Any], posterior: Posterior, bound: Floats
) -> Iterator[Measured]:
    """(3.2), each of whose terms is integrated by a rule of its own, and the bound."""
    reach = max(6.0, float(np.max(np.abs(posterior.mean) + 6 * posterior.deviation)))
    points = int(np.clip(4 * reach / posterior.deviation.min(), 80, PLANE))
    log_evidence = quadrature_log_likelihood(model, x, points, reach)
    # A plane of other points, so that what one gets wrong does not cancel.
    coarser = quadrature_log_likelihood(model, x, points * 3 // 4, reach)
    divergence = posterior_divergence(model, x, posterior, coarser)
    gap, margin = log_evidence - (divergence + bound), log_evidence - bound
    yield _mean("log_evidence", log_evidence)
    yield _mean("bound", bound)
    yield _mean("posterior_divergence", divergence)
    yield _exact("quadrature_error", np.abs(log_evidence - coarser).max(), len(x))
    yield _mean("identity_gap", gap)
    yield _exact("largest_identity_gap", np.abs(gap).max(), len(x))
    yield _exact("smallest_margin", margin.min(), len(x))
    yield _count("bound_violations", margin < 0)
    without_jacobian = margin < missing_jacobian(posterior)
    yield _count("bound_violations_without_jacobian", without_jacobian)


def _divergence(posterior: Posterior, generator: np.random.Generator) -> Iterator[Measured]:
    """(3.7) beside the Monte Carlo estimate of -KL(q(z|x) || p(z))."""
    printed = posterior.minus_divergence()
    z = posterior.place(generator.standard_normal((len(printed), DRAWS, 2)))
    estimates = _log_prior(z) - posterior.log_density(z)
    difference = printed - estimates.mean(axis=1)
    error = estimates.std(axis=1, ddof=1) / np.sqrt(DRAWS)
    yield _mean("kl_as_printed", printed)
    yield _count("kl_above_zero", printed > 0)
    yield _mean("kl_difference", difference)
    within = int(np.sum(np.abs(difference) <= 1.96 * error))
    interval = binomtest(within, len(printed)).proportion_ci(method="wilson")
    share = within / len(printed)
    yield Measured("kl_within_error", share, interval.low, interval.high, "1", len(printed))


def _estimator(
    model: Model, x: NDArray[Any], bound: Floats, generator: np.random.Generator
) -> Iterator[Measured]:
    """The estimator (3.9): its mean beside its limit, and its variance by number of samples."""
    repeated = np.repeat(x, REPEATS, axis=0)
    losses = [np.add(*model.elbo_terms(repeated, generator, samples)) for samples in SAMPLES]
    estimates = -np.reshape(losses, (len(SAMPLES), len(x), REPEATS))
    yield _mean("estimator_bias", estimates[0].mean(axis=1) - bound)
    variances = estimates.var(axis=2, ddof=1)
    yield _mean("estimator_variance", variances[0], "nats^2/image")
    chosen = generator.integers(len(x), size=(RESAMPLES, len(x)))
    low, high = np.quantile(_slope(variances[:, chosen].mean(axis=2)), [0.025, 0.975])
    (slope,) = _slope(variances.mean(axis=1, keepdims=True))
    yield Measured("variance_slope", float(slope), float(low), float(high), "1", len(x))


def _gradients(model: Model, x: NDArray[Any], generator: np.random.Generator) -> Iterator[Measured]:
    """How the gradients of L1 and L2 with respect to the encoder's parameters lie."""
    blocks = min(BLOCKS, len(x))
    parts = np.array(
        [encoder_gradients(model, x[first::blocks], generator) for first in range(blocks)]
    )
    left_out = [
        _angle_and_norms(*np.delete(parts, block, 0).mean(axis=0)) for block in range(blocks)
    ]
    # The jackknife's standard errors.
    errors = np.sqrt((blocks - 1) * np.var(left_out, axis=0)) * t.ppf(0.975, blocks - 1)
    names = {"gradient_angle": "degrees"} | dict.fromkeys(
        ("gradient_norm_l1", "gradient_norm_l2"), "nats/image"
    )
    values = _angle_and_norms(*parts.mean(axis=0))
    for (name, unit), value, error in zip(names.items(), values, errors, strict=True):
        yield Measured(name, value, value - error, value + error, unit, len(x))


def encoder_gradients(
    model: Model, x: NDArray[Any], generator: np.random.Generator
) -> tuple[Floats, Floats]:
    """Gradients of L1 and L2, means over images, with respect to the encoder's flat parameters.

    From a decoder of zeros nothing flows back, and the gradient is that of L1 alone.
    """
    architecture = model.architecture
    encoder = architecture.views(model.parameters)[: len(architecture.encoder)]
    split = sum(weight.size + bias.size for weight, bias in encoder)
    without_decoder = np.concatenate([model.parameters[:split], 0 * model.parameters[split:]])
    backend = "tensorflow" if architecture.convolutional else "numpy"
    noise = generator.standard_normal((GRADIENT_SAMPLES, len(x), 2))
    whole, first = (
        -create_trainer(
            backend, architecture, parameters, Sgd(1.0), len(x), GRADIENT_SAMPLES
        ).gradient(x, noise)[2][:split]
        for parameters in (model.parameters, without_decoder)
    )
    return first, whole - first


def _angle_and_norms(first: Floats, second: Floats) -> tuple[float, float, float]:
    """Angle in degrees between two vectors, and their lengths."""
    norms = np.linalg.norm(first), np.linalg.norm(second)
    cosine = np.clip(first @ second / (norms[0] * norms[1]), -1, 1)
    return float(np.degrees(np.arccos(cosine))), float(norms[0]), float(norms[1])


def _log_likelihood(model: Model, x: NDArray[Any], z: Floats) -> Floats:
    """Log p(x|z) of every image at points of its own, n x m x 2; n x m."""
    return np.array([model.log_likelihood(x[[i]], points)[0] for i, points in enumerate(z)])


def _log_prior(z: Floats) -> Floats:
    """Log p(z), or of noise log p(epsilon), over the last axis."""
    return norm.logpdf(z).sum(axis=-1)


def _square(axis: Floats) -> Floats:
    """All pairs of an axis' points."""
    return np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)


def _slope(variances: Floats) -> Floats:
    """Slope of log variance on log samples, of (numbers of samples) x k; (k,)."""
    return np.polyfit(np.log(SAMPLES), np.log(variances), 1)[0]


def _mean(measure: str, values: Floats, unit: str = "nats/image") -> Measured:
    value, half = float(values.mean()), half_width(values)
    return Measured(measure, value, value - half, value + half, unit, len(values))


def _exact(measure: str, value: float, items: int, unit: str = "nats") -> Measured:
    return Measured(measure, float(value), float(value), float(value), unit, items)


def _count(measure: str, holds: NDArray[np.bool_]) -> Measured:
    return _exact(measure, int(np.sum(holds)), len(holds), "images")
