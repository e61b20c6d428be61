"""The terms of the ELBO against closed forms and numerical integration."""

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad

from vae.architecture import MINIMUM_LOG_VARIANCE, Architecture
from vae.model import Model
from vae.objective import bernoulli_log_likelihood, gaussian_log_likelihood, kl_divergence


@pytest.mark.parametrize(("mean", "log_variance"), [(0.0, 0.0), (1.3, -0.7), (-2.0, 0.9)])
def test_kl_is_the_integral_it_stands_for(mean, log_variance):
    posterior = stats.norm(mean, np.exp(log_variance / 2))

    def integrand(z):
        return posterior.pdf(z) * (posterior.logpdf(z) - stats.norm.logpdf(z))

    expected = quad(integrand, -15, 15)[0]
    assert kl_divergence(np.array([mean]), np.array([log_variance])) == pytest.approx(expected)


def test_bernoulli_is_the_log_mass_of_binary_pixels():
    logits = np.array([-3.0, 0.2, 4.0])
    x = np.array([0, 1, 1])
    expected = stats.bernoulli.logpmf(x, 1 / (1 + np.exp(-logits))).sum()
    assert bernoulli_log_likelihood(x, logits) == pytest.approx(expected)


def test_bernoulli_is_finite_where_probabilities_round_to_one():
    logits = np.array([1e4, -1e4], np.float32)
    assert bernoulli_log_likelihood(np.array([0.0, 1.0], np.float32), logits) == -2e4


def test_gaussian_is_the_log_density_and_holds_the_variance_up():
    x, mean = np.array([0.1, 0.9]), np.array([0.3, 0.9])
    log_variance = np.array([-1.0, -50.0])
    scale = np.exp(np.maximum(log_variance, MINIMUM_LOG_VARIANCE) / 2)
    expected = stats.norm.logpdf(x, mean, scale).sum()
    assert gaussian_log_likelihood(x, mean, log_variance) == pytest.approx(expected)


def test_elbo_is_below_the_log_likelihood_found_by_quadrature():
    """Inequality after equation (3.2): with one latent dimension, log p(x) is a 1-D integral."""
    architecture = Architecture(6, 1, encoder_sizes=(5,), decoder_sizes=(5,))
    generator = np.random.default_rng(2)
    model = Model(architecture, architecture.initial_parameters(generator, np.float64))
    x = generator.integers(0, 2, (4, 6)).astype(float)

    def likelihood(z, item):
        probability = model.decode(np.array([[z]]))[0]
        return stats.bernoulli.pmf(item, probability).prod() * stats.norm.pdf(z)

    exact = [np.log(quad(likelihood, -8, 8, args=(item,))[0]) for item in x]
    reconstruction, kl = model.elbo_terms(x, generator, samples=2000)
    assert (-reconstruction - kl < exact).all()
