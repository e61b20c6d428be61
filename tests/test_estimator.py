"""The estimator: scikit-learn's conventions, and what it promises beyond them."""

from copy import deepcopy

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.utils.estimator_checks import estimator_checks_generator, parametrize_with_checks

from vae import VAE

TINY = {
    "encoder_sizes": [8],
    "encoder_activation": "tanh",
    "decoder_sizes": [8],
    "decoder_activation": "tanh",
}
FAST = {"latent_dimension": 2, "network": TINY, "epochs": 2}


@parametrize_with_checks([VAE(likelihood="gaussian", **FAST)])
def test_scikit_learns_checks(estimator, check):
    check(estimator)


def _bernoulli_checks():
    """Every check of scikit-learn's with the Bernoulli likelihood."""
    return list(estimator_checks_generator(VAE(likelihood="bernoulli", **FAST)))


@pytest.mark.parametrize("pair", _bernoulli_checks(), ids=lambda pair: str(pair[1]).split()[0])
def test_scikit_learns_checks_with_bernoulli_likelihood(pair):
    """Passes, or the check fed values outside [0, 1] and was told so."""
    estimator, check = pair
    try:
        check(estimator)
    except Exception as error:
        chain = []
        while error is not None:
            chain.append(str(error))
            error = error.__cause__ or error.__context__
        if not any("bernoulli likelihood needs" in text for text in chain):
            raise
        pytest.skip("feeds values outside [0, 1], which the Bernoulli likelihood refuses")


@pytest.fixture(scope="module")
def digits():
    return load_digits().data.astype(np.float32) / 16


@pytest.fixture(scope="module")
def fitted(digits):
    return VAE(latent_dimension=5, network="one_layer", epochs=20, random_state=0).fit(digits)


def test_training_raises_the_elbo_above_the_mean_image(fitted, digits):
    mean = digits.mean(axis=0).clip(1e-6, 1 - 1e-6)
    baseline = np.mean(np.sum(digits * np.log(mean) + (1 - digits) * np.log(1 - mean), axis=1))
    assert fitted.score(digits) > baseline + 1


def test_shapes_of_every_direction(fitted, digits):
    z = fitted.transform(digits[:7])
    assert z.shape == (7, 5)
    assert fitted.inverse_transform(z).shape == (7, 64)
    assert fitted.sample(3, random_state=1).shape == (3, 64)
    np.testing.assert_array_equal(fitted.reconstruct(digits[:7]), fitted.inverse_transform(z))
    assert list(fitted.get_feature_names_out()) == [f"vae{i}" for i in range(5)]


def test_history_is_the_elbo_and_its_parts(fitted):
    last = {row.metric: row.value for row in fitted.history_ if row.epoch == 20}
    assert last["elbo"] == pytest.approx(-last["reconstruction"] - last["kl"])
    assert last["kl"] > 0


def test_same_seed_same_model_and_bytes_are_pixels(digits):
    first = VAE(random_state=3, **FAST).fit(digits)
    again = VAE(random_state=3, **FAST).fit(digits)
    np.testing.assert_array_equal(first.model_.parameters, again.model_.parameters)
    pixels = np.round(digits * 255).astype(np.uint8)
    as_bytes = VAE(random_state=3, **FAST).fit(pixels)
    np.testing.assert_allclose(as_bytes.transform(pixels), first.transform(digits), atol=0.02)


def test_partial_fit_goes_on_where_it_stopped(digits):
    vae = VAE(random_state=0, **FAST)
    scores = [vae.partial_fit(digits).score(digits) for _ in range(8)]
    assert scores == sorted(scores)
    assert [row.epoch for row in vae.history_ if row.metric == "elbo"] == list(range(1, 9))
    copy = deepcopy(vae)
    np.testing.assert_array_equal(
        copy.partial_fit(digits).model_.parameters, vae.partial_fit(digits).model_.parameters
    )


@pytest.mark.parametrize("optimizer", ["sgd", "adagrad"])
def test_partial_fit_goes_on_with_every_optimizer(digits, optimizer):
    vae = VAE(random_state=0, optimizer=optimizer, initialisation="he", learning_rate=0.01, **FAST)
    scores = [vae.partial_fit(digits).score(digits) for _ in range(3)]
    assert scores == sorted(scores)
    assert vae._trainer_state["step"] == 3 * np.ceil(len(digits) / 100)


def test_partial_fit_goes_on_with_another_optimizer(digits):
    vae = VAE(random_state=0, **FAST).partial_fit(digits)
    for optimizer in ("sgd", "adagrad", "adam"):
        before = vae.model_.parameters
        vae.set_params(optimizer=optimizer).partial_fit(digits)
        assert 0 < np.abs(vae.model_.parameters - before).max() < 0.1
        assert vae._trainer_state["step"] == np.ceil(len(digits) / 100)


def test_works_in_a_pipeline(digits):
    pipeline = make_pipeline(MinMaxScaler(clip=True), VAE(random_state=0, **FAST))
    assert pipeline.fit_transform(digits * 50).shape == (len(digits), 2)


def test_backends_learn_the_same_model(digits):
    pytest.importorskip("tensorflow")
    models = [
        VAE(backend=backend, random_state=1, **FAST).fit(digits).transform(digits)
        for backend in ("numpy", "tensorflow")
    ]
    np.testing.assert_allclose(models[0], models[1], atol=1e-3)


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"network": "two_layr"}, "'network' parameter of VAE must be"),
        ({"network": {**TINY, "encoder_activation": "rellu"}}, "nearest is relu"),
        ({"latent_dimension": 0}, "'latent_dimension' parameter of VAE must be"),
        ({"backend": "jax"}, "'backend' parameter of VAE must be"),
        ({"learning_rate": -1.0}, "'learning_rate' parameter of VAE must be"),
        ({"optimizer": "adamw"}, "'optimizer' parameter of VAE must be"),
        ({"initialisation": "glorot"}, "'initialisation' parameter of VAE must be"),
    ],
)
def test_wrong_parameters_are_one_sentence(digits, parameters, sentence):
    with pytest.raises(ValueError, match=sentence):
        VAE(**{**FAST, **parameters}).fit(digits)


def test_wrong_data_is_one_sentence(fitted, digits):
    with pytest.raises(ValueError, match=r"values from 0 to 16, but the bernoulli .* \[0, 1\]"):
        VAE(**FAST).fit(digits * 16)
    with pytest.raises(ValueError, match="X has 3 columns, the latent space 5"):
        fitted.inverse_transform(np.zeros((1, 3)))


def test_divergence_names_the_epoch(digits):
    with pytest.raises(ValueError, match=r"diverged in epoch 1 at a learning_rate of .*: try "):
        VAE(**FAST, likelihood="gaussian", learning_rate=1e9).fit(digits)
