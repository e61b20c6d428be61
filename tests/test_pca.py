"""Probabilistic PCA against the closed forms of Tipping & Bishop (1999)."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from sklearn import decomposition
from sklearn.datasets import load_digits

from study.models.pca import HALF_A_LEVEL, LEAST_NOISE, PCA

COMPONENTS = 5


@pytest.fixture(scope="module")
def images():
    return (load_digits().data[:400] / 16).astype(np.float32)


@pytest.fixture(scope="module")
def pca(images) -> PCA:
    return PCA.train(images, {"components": COMPONENTS}, np.random.default_rng(0))


def test_the_marginal_covariance_is_that_of_maximum_likelihood(pca, images):
    """W W' + s I has the data's first eigenvalues, and the mean of the others in their place."""
    values, vectors = np.linalg.eigh(np.cov(images.T.astype(np.float64)))
    others = values[:-COMPONENTS]
    expected = (vectors * np.append(np.full_like(others, others.mean()), values[-COMPONENTS:])) @ (
        vectors.T
    )
    marginal = pca.weights @ pca.weights.T + pca.noise * np.eye(64)
    np.testing.assert_allclose(marginal, expected, atol=1e-10)
    np.testing.assert_allclose(pca.mean, images.mean(axis=0), atol=1e-6)


def test_no_other_parameters_near_by_are_likelier(pca, images):
    """Of the Gaussian density, whose covariance is the marginal one."""
    centred = images - pca.mean
    sample = centred.T @ centred / (len(images) - 1)

    def log_density(weights, noise):
        covariance = weights @ weights.T + noise * np.eye(64)
        return -np.linalg.slogdet(covariance)[1] - np.trace(np.linalg.solve(covariance, sample))

    best = log_density(pca.weights, pca.noise)
    random = np.random.default_rng(1)
    for _ in range(20):
        shift = random.normal(0, 1e-3, pca.weights.shape)
        assert log_density(pca.weights + shift, pca.noise) < best
    for factor in (0.99, 1.01):
        assert log_density(pca.weights, factor * pca.noise) < best


def test_the_posterior_is_the_gaussian_of_z_given_x(pca, images):
    """From the joint one of z and x: W' C^-1 (x - mu) and I - W' C^-1 W, C = W W' + s I."""
    covariance = pca.weights @ pca.weights.T + pca.noise * np.eye(64)
    gain = np.linalg.solve(covariance, pca.weights).T
    mean, spread = pca.posterior(images)
    np.testing.assert_allclose(mean, (images - pca.mean) @ gain.T, atol=1e-10)
    np.testing.assert_allclose(spread, np.eye(COMPONENTS) - gain @ pca.weights, atol=1e-10)


def test_the_density_is_that_of_its_normal_distribution_and_scikit_learns(pca, images):
    covariance = pca.weights @ pca.weights.T + pca.noise * np.eye(64)
    normal = multivariate_normal(pca.mean, covariance)
    np.testing.assert_allclose(pca.log_density(images), normal.logpdf(images), rtol=1e-10)
    fitted = decomposition.PCA(COMPONENTS, svd_solver="full").fit(images.astype(np.float64))
    np.testing.assert_allclose(
        pca.log_density(images), fitted.score_samples(images.astype(np.float64)), rtol=1e-6
    )


def test_fewer_images_than_pixels_leave_noise_to_every_pixel(images):
    """The mean of all other eigenvalues, most of them 0; of two images' copies, the least."""
    few = images[:20].astype(np.float64)
    values = np.linalg.eigvalsh(np.cov(few.T))
    pca = PCA.train(images[:20], {"components": 5}, np.random.default_rng(0))
    assert pca.noise == pytest.approx(values[:-5].mean())
    same = PCA.train(images[[0, 1] * 5], {"components": 5}, np.random.default_rng(0))
    assert same.noise == LEAST_NOISE and np.isfinite(same.log_density(images)).all()


def test_samples_have_the_covariance_of_the_model(images):
    """Of W z + mu, where no pixel comes near black or white."""
    flat = (0.5 + 0.05 * (images - images.mean(axis=0))).astype(np.float32)
    pca = PCA.train(flat, {"components": COMPONENTS}, np.random.default_rng(0))
    drawn = pca.draw(100_000, 1, np.random.default_rng(2))
    np.testing.assert_allclose(drawn.mean(axis=0), pca.mean, atol=1e-3)
    np.testing.assert_allclose(np.cov(drawn.T), pca.weights @ pca.weights.T, atol=2e-5)


def test_drawn_reconstructions_spread_around_the_mean_as_the_posterior(images):
    flat = (0.5 + 0.05 * (images - images.mean(axis=0))).astype(np.float32)
    pca = PCA.train(flat, {"components": COMPONENTS}, np.random.default_rng(0))
    same = np.repeat(flat[:1], 100_000, axis=0)
    drawn = pca.reconstruct_drawn(same, np.random.default_rng(3))
    np.testing.assert_allclose(drawn.mean(axis=0), pca.reconstruct(flat[:1])[0], atol=1e-3)
    expected = pca.weights @ pca.posterior(flat)[1] @ pca.weights.T
    np.testing.assert_allclose(np.cov(drawn.T), expected, atol=2e-5)


def test_reconstructions_lie_inside_black_and_white(pca, images):
    reconstructed = pca.reconstruct(images)
    assert reconstructed.min() == HALF_A_LEVEL
    assert reconstructed.max() <= 1 - HALF_A_LEVEL


def test_the_report_has_no_such_model(pca, images):
    assert pca.reconstruct_as_published(images, images) is None


def test_a_saved_model_is_read_as_it_was(pca, images, tmp_path):
    pca.save(tmp_path / "model.npz")
    loaded = PCA.load(tmp_path / "model.npz")
    np.testing.assert_array_equal(loaded.reconstruct(images), pca.reconstruct(images))
    np.savez(tmp_path / "other.npz", mean=pca.mean)
    with pytest.raises(ValueError, match=r"other\.npz, array"):
        PCA.load(tmp_path / "other.npz")


def test_it_has_as_many_components_as_the_vae_has_latent_dimensions():
    config = {"experiments": {"comparison": {"latent_dimensions": [7]}}}
    assert PCA.settings(config) == {"components": 7}


def test_too_many_components_are_refused(images):
    with pytest.raises(ValueError, match="fewer than the 400 images and the 64 pixels, got 64"):
        PCA.train(images, {"components": 64}, np.random.default_rng(0))
