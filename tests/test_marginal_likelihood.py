"""Log-likelihoods against closed forms, the sum over all images, each other and the ELBO."""

import itertools

import numpy as np
import pytest
from scipy import stats
from scipy.special import logsumexp

from vae.architecture import Architecture
from vae.marginal_likelihood import importance_log_likelihood, quadrature_log_likelihood
from vae.model import Model

IMAGES = np.array(list(itertools.product([0.0, 1.0], repeat=6)))
"""All binary images of six pixels."""


def bernoulli_model(latent_dimension: int = 2, scale: float = 2.0) -> Model:
    """Random network, its decoder's parameters scaled, of which the encoder knows nothing."""
    architecture = Architecture(6, latent_dimension, (5,), "tanh", (8,), "tanh")
    parameters = architecture.initial_parameters(np.random.default_rng(0), np.float64)
    layers = architecture.views(parameters)
    for weight, _ in layers[2:]:
        weight *= scale
    # A proposal as wide as the prior bounds the importance weights.
    layers[1][1][latent_dimension:] = 0.5
    return Model(architecture, parameters)


def linear_gaussian_model() -> tuple[Model, stats.multivariate_normal]:
    """Factor analysis with its exact posterior, and its marginal distribution.

    The columns of W are orthogonal in the metric of the noise's precision, so that the posterior
    has a diagonal covariance, as the encoder's has.
    """
    random = np.random.default_rng(1)
    architecture = Architecture(6, 2, (), decoder_sizes=(), likelihood="gaussian")
    noise, offset = np.exp(random.normal(size=6)), random.normal(size=6)
    orthonormal, strength = np.linalg.qr(random.normal(size=(6, 2)))[0], np.array([0.7, 2.0])
    loadings = np.sqrt(noise)[:, np.newaxis] * orthonormal * strength
    to_mean = (loadings / noise[:, np.newaxis]) / (1 + strength**2)
    parameters = np.zeros(architecture.parameter_count)
    encoder, decoder = architecture.views(parameters)
    encoder[0][:, :2] = to_mean
    encoder[1][:] = np.concatenate([-offset @ to_mean, -np.log(1 + strength**2)])
    decoder[0][:, :6] = loadings.T
    decoder[1][:] = np.concatenate([offset, np.log(noise)])
    marginal = stats.multivariate_normal(offset, loadings @ loadings.T + np.diag(noise))
    return Model(architecture, parameters), marginal


def monte_carlo_errors(estimate) -> np.ndarray:
    """Standard error of every log-likelihood at the largest number of samples (delta method)."""
    return 1 / np.sqrt(estimate.effective_sample_size)


def test_one_sample_of_the_exact_posterior_gives_the_exact_density():
    model, marginal = linear_gaussian_model()
    x = marginal.rvs(20, np.random.default_rng(2))
    estimate = importance_log_likelihood(model, x, (1, 7), np.random.default_rng(3))
    np.testing.assert_allclose(estimate.log_likelihood, [marginal.logpdf(x)] * 2, rtol=1e-10)
    np.testing.assert_allclose(estimate.effective_sample_size, 7)


def test_another_proposal_gives_the_same_density():
    model, marginal = linear_gaussian_model()
    x = marginal.rvs(20, np.random.default_rng(2))
    encoder_bias = model.architecture.views(model.parameters)[0][1]
    encoder_bias += [0.3, -0.3, 0.5, 1.0]
    estimate = importance_log_likelihood(model, x, (20_000,), np.random.default_rng(3))
    errors = (estimate.log_likelihood[0] - marginal.logpdf(x)) / monte_carlo_errors(estimate)
    assert np.abs(errors).max() < 4.5
    assert 1000 < estimate.effective_sample_size.max() < 19_000


def test_quadrature_gives_the_exact_density():
    model, marginal = linear_gaussian_model()
    x = marginal.rvs(20, np.random.default_rng(2))
    np.testing.assert_allclose(
        quadrature_log_likelihood(model, x, 81, 8), marginal.logpdf(x), rtol=1e-8
    )


def test_probabilities_of_all_images_sum_to_one():
    log_likelihood = quadrature_log_likelihood(bernoulli_model(), IMAGES, 101, 8)
    assert logsumexp(log_likelihood) == pytest.approx(0, abs=1e-10)
    assert np.ptp(log_likelihood) > 1


def test_importance_sampling_agrees_with_quadrature():
    model = bernoulli_model()
    exact = quadrature_log_likelihood(model, IMAGES, 101, 8)
    estimate = importance_log_likelihood(model, IMAGES, (5000,), np.random.default_rng(4))
    errors = (estimate.log_likelihood[0] - exact) / monte_carlo_errors(estimate)
    assert np.abs(errors).max() < 4.5
    assert monte_carlo_errors(estimate).max() < 0.1 * np.ptp(exact)


def test_float32_changes_no_more_than_rounding():
    double = bernoulli_model()
    single = Model(double.architecture, double.parameters.astype(np.float32))
    expected = importance_log_likelihood(double, IMAGES, (1, 50), np.random.default_rng(5))
    got = importance_log_likelihood(single, IMAGES, (1, 50), np.random.default_rng(5))
    np.testing.assert_allclose(got.log_likelihood, expected.log_likelihood, rtol=1e-5)
    np.testing.assert_allclose(
        quadrature_log_likelihood(single, IMAGES, 41, 6),
        quadrature_log_likelihood(double, IMAGES, 41, 6),
        rtol=1e-5,
    )


def test_estimates_rise_in_the_mean_from_the_elbo_to_the_log_likelihood():
    """Theorem 1 of Burda, Grosse & Salakhutdinov (2016), within the noise of repetitions."""
    model, repetitions = bernoulli_model(), 200
    some = IMAGES[[0, 13, 63]]
    x = np.repeat(some, repetitions, axis=0)
    estimate = importance_log_likelihood(model, x, (1, 5, 50), np.random.default_rng(6))
    repeated = estimate.log_likelihood.reshape(3, len(some), repetitions)
    mean, error = repeated.mean(axis=2), repeated.std(axis=2) / np.sqrt(repetitions)
    terms = np.add(*model.elbo_terms(x, np.random.default_rng(7), samples=20))
    elbo = -terms.reshape(len(some), repetitions)
    elbo_error = elbo.std(axis=1) / np.sqrt(repetitions)
    assert (np.abs(mean[0] - elbo.mean(axis=1)) < 4 * np.hypot(error[0], elbo_error)).all()
    assert (np.diff(mean, axis=0) > 0).all()
    exact = quadrature_log_likelihood(model, some, 101, 8)
    assert (mean <= exact + 4 * error).all()
    assert (mean[0] < exact - 4 * error[0]).all()


def test_estimate_is_its_definition():
    """Log weights from distributions of scipy, of more samples than are drawn at a time."""
    model, samples = bernoulli_model(latent_dimension=3), (2500, 1, 40)
    estimate = importance_log_likelihood(model, IMAGES[:4], samples, np.random.default_rng(8))
    generator = np.random.default_rng(8)
    for image, (x, mean, log_variance) in enumerate(
        zip(IMAGES[:4], *model.encode(IMAGES[:4]), strict=True)
    ):
        deviation = np.exp(log_variance / 2)
        z = mean + deviation * generator.standard_normal((2500, 3))
        log_weights = (
            stats.bernoulli.logpmf(x, model.decode(z)).sum(axis=1)
            + stats.norm.logpdf(z).sum(axis=1)
            - stats.norm.logpdf(z, mean, deviation).sum(axis=1)
        )
        expected = [np.log(np.mean(np.exp(log_weights[:k]))) for k in samples]
        np.testing.assert_allclose(estimate.log_likelihood[:, image], expected, rtol=1e-8)
        weights = np.exp(log_weights)
        expected_size = weights.sum() ** 2 / (weights**2).sum()
        assert estimate.effective_sample_size[image] == pytest.approx(expected_size)


def test_saturated_pixels_have_finite_log_likelihoods():
    model = bernoulli_model(scale=200)
    assert np.isin(model.decode(np.array([[1.0, 1.0]])), [0, 1]).any()
    estimate = importance_log_likelihood(model, IMAGES, (3,), np.random.default_rng(9))
    assert np.isfinite(estimate.log_likelihood).all()
    assert np.isfinite(quadrature_log_likelihood(model, IMAGES, 5, 2)).all()


def test_images_are_the_same_in_every_dtype():
    model = bernoulli_model()
    expected = importance_log_likelihood(model, IMAGES, (2,), np.random.default_rng(10))
    for x in (255 * IMAGES.astype(np.uint8), IMAGES.astype(np.float32), IMAGES.astype(bool)):
        got = importance_log_likelihood(model, x, (2,), np.random.default_rng(10))
        np.testing.assert_array_equal(got.log_likelihood, expected.log_likelihood)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.full((1, 6), 0.5), "a pixel of 0.5: grey levels have no probability mass"),
        (np.ones((1, 6), np.uint8), "a pixel of 1: grey levels have no probability mass"),
    ],
)
def test_grey_images_are_refused_unless_the_likelihood_has_them(x, message):
    model = bernoulli_model()
    with pytest.raises(ValueError, match=message):
        importance_log_likelihood(model, x, (1,), np.random.default_rng(0))
    with pytest.raises(ValueError, match=message):
        quadrature_log_likelihood(model, x, 5, 2)
    assert np.isfinite(quadrature_log_likelihood(linear_gaussian_model()[0], x, 5, 2)).all()


def test_unusable_settings_are_named():
    model = bernoulli_model()
    for samples in ((), (10, 0), (2.5,)):
        with pytest.raises(ValueError, match=r"samples: expected (one or more|a positive whole)"):
            importance_log_likelihood(model, IMAGES, samples, np.random.default_rng(0))
    with pytest.raises(ValueError, match="expected 2 latent dimensions, got 3"):
        quadrature_log_likelihood(bernoulli_model(latent_dimension=3), IMAGES, 5, 2)
    for points, reach in ((1, 2), (2.5, 2), (5, 0), (5, np.nan), (5, np.inf)):
        with pytest.raises(
            ValueError, match=rf"(points|reach): expected .*, got ({points}|{reach})"
        ):
            quadrature_log_likelihood(model, IMAGES, points, reach)
