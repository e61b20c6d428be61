"""The trained model: its file, its directions, and agreement with the terms it is made of."""

import numpy as np
import pytest

from vae.architecture import Architecture
from vae.model import Model, load_model
from vae.objective import kl_divergence

ARCHITECTURES = {
    "bernoulli": Architecture(6, 2, encoder_sizes=(5,), decoder_sizes=(4,)),
    "gaussian": Architecture(6, 2, (5,), decoder_sizes=(4,), likelihood="gaussian"),
    "squashed": Architecture(
        6, 2, (5,), decoder_sizes=(4,), likelihood="gaussian", squash_mean=True
    ),
}


@pytest.fixture(params=ARCHITECTURES.values(), ids=ARCHITECTURES.keys())
def model(request) -> Model:
    architecture: Architecture = request.param
    return Model(architecture, architecture.initial_parameters(np.random.default_rng(0)))


@pytest.fixture
def x() -> np.ndarray:
    return np.random.default_rng(1).random((1203, 6), np.float32)


def test_saved_and_loaded_is_the_same_model(model, x, tmp_path):
    model.save(tmp_path / "model.npz")
    loaded = load_model(tmp_path / "model.npz")
    assert loaded.architecture == model.architecture
    np.testing.assert_array_equal(loaded.reconstruct(x), model.reconstruct(x))


def test_rows_do_not_depend_on_the_rows_beside_them(model, x):
    np.testing.assert_allclose(model.encode(x)[0][700:705], model.encode(x[700:705])[0], rtol=1e-4)


def test_means_of_bounded_decoders_are_pixels(model, x):
    means = model.decode(np.random.default_rng(2).normal(0, 9, (50, 2)))
    bounded = model.architecture.likelihood == "bernoulli" or model.architecture.squash_mean
    assert not bounded or ((means >= 0).all() and (means <= 1).all())
    assert means.shape == (50, 6)


def test_elbo_terms_are_the_definitions(model, x):
    _, kl = model.elbo_terms(x, np.random.default_rng(3))
    np.testing.assert_allclose(kl, kl_divergence(*model.encode(x)), rtol=1e-4)


def test_more_samples_only_make_the_estimate_steadier(model, x):
    single = [model.elbo_terms(x[:5], np.random.default_rng(s))[0] for s in range(20)]
    many = [model.elbo_terms(x[:5], np.random.default_rng(s), samples=50)[0] for s in range(20)]
    assert np.std(many, axis=0).max() < np.std(single, axis=0).min()
    np.testing.assert_allclose(np.mean(single, axis=0), np.mean(many, axis=0), rtol=0.1, atol=0.2)


def test_log_likelihood_is_the_term_of_the_elbo(model, x):
    """At the posterior means, which are the samples where the noise is zero."""

    class NoNoise:
        def standard_normal(self, shape):
            return np.zeros(shape)

    log_likelihood = model.log_likelihood(x, model.encode(x)[0])
    assert log_likelihood.shape == (1203, 1203)
    assert log_likelihood.dtype == np.float32
    expected = -model.elbo_terms(x, NoNoise())[0]
    np.testing.assert_allclose(np.diagonal(log_likelihood), expected, rtol=1e-4, atol=1e-5)


def test_log_likelihood_of_a_pair_is_its_own(model, x):
    z = np.random.default_rng(4).normal(size=(700, 2))
    together = model.log_likelihood(x[:3], z)
    for image, code in ((0, 0), (2, 499), (1, 500), (2, 699)):
        alone = model.log_likelihood(x[[image]], z[[code]])
        np.testing.assert_allclose(together[image, code], alone[0, 0], rtol=1e-4, atol=1e-5)


def test_log_likelihood_reads_bytes_as_pixels_and_survives_saturated_ones(model):
    pixels = np.random.default_rng(5).integers(0, 2, (9, 6), dtype=np.uint8)
    z = np.random.default_rng(6).normal(size=(4, 2))
    extreme = Model(model.architecture, 1000 * model.parameters)
    got = extreme.log_likelihood(255 * pixels, z)
    np.testing.assert_array_equal(got, extreme.log_likelihood(pixels.astype(np.float32), z))
    assert np.isfinite(got).all()


@pytest.mark.parametrize("content", [b"", b"<html>503</html>", b"PK\x03\x04 cut short"])
def test_what_is_no_model_is_named(tmp_path, content):
    path = tmp_path / "model.npz"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"model\.npz is not a model saved by this package"):
        load_model(path)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda parameters: np.full_like(parameters, np.nan),
        lambda parameters: parameters * np.float32(np.inf),
        lambda parameters: parameters.astype(int),
        lambda parameters: parameters.astype(np.float16),
        lambda parameters: parameters.astype(complex),
        lambda parameters: parameters.astype(str),
        lambda parameters: parameters.astype(object),
        lambda parameters: parameters[:-1],
        lambda parameters: parameters[np.newaxis],
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value")
def test_parameters_that_cannot_be_are_named(model, tmp_path, wrong):
    path, parameters = tmp_path / "model.npz", wrong(model.parameters)
    np.savez(path, architecture=np.array(model.architecture.to_json()), parameters=parameters)
    with pytest.raises(ValueError, match=r"model\.npz is not a model saved by this package"):
        load_model(path)
    with pytest.raises(ValueError, match="parameters"):
        Model(model.architecture, parameters)


@pytest.mark.parametrize(
    "text", ["", "5", "[1]", "[" * 100_000, '{"input_dimension": "6", "latent_dimension": 2}']
)
def test_an_architecture_that_cannot_be_is_named(model, tmp_path, text):
    path = tmp_path / "model.npz"
    np.savez(path, architecture=np.array(text), parameters=model.parameters)
    with pytest.raises(ValueError, match=r"model\.npz is not a model saved by this package"):
        load_model(path)


def test_unusable_arguments_are_named(model, x):
    random = np.random.default_rng(0)
    for n in (0, -1, 1.5):
        with pytest.raises(ValueError, match=f"n: expected a positive whole number, got {n}"):
            model.sample(n, random)
        with pytest.raises(ValueError, match=f"samples: expected a positive whole .*, got {n}"):
            model.elbo_terms(x, random, n)
    for method in (model.encode, model.reconstruct):
        with pytest.raises(ValueError, match="x: expected n x 6 numbers"):
            method(x[:, :5])
    with pytest.raises(ValueError, match="z: expected n x 2 numbers"):
        model.decode(x)


def test_a_missing_model_is_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        load_model(tmp_path / "none.npz")
