"""The estimator: scikit-learn's conventions, and what it promises beyond them."""

import pickle
from concurrent.futures import ThreadPoolExecutor
from copy import copy, deepcopy

import joblib
import numpy as np
import pytest
from scipy.special import expit
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.utils.estimator_checks import estimator_checks_generator, parametrize_with_checks
from threadpoolctl import threadpool_info

from vae import VAE
from vae.history import TrainingDiverged

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
def test_scikit_learns_checks_with_bernoulli_likelihood(pair, monkeypatch):
    """On data that are brought into [0, 1] where they would be refused."""
    monkeypatch.setattr("vae.estimator._in_unit_interval", expit)
    tested, check = pair
    check(tested)


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


def test_same_seed_same_model(digits):
    first = VAE(random_state=3, **FAST).fit(digits)
    again = VAE(random_state=3, **FAST).fit(digits)
    np.testing.assert_array_equal(first.model_.parameters, again.model_.parameters)


@pytest.mark.parametrize(
    "container", ["frame", "nullable frame", "mixed frame", "list", "int64", "fortran", "mapped"]
)
def test_the_same_values_give_the_same_model_in_any_container(container, tmp_path):
    pandas = pytest.importorskip("pandas")
    pixels = np.random.default_rng(0).integers(0, 256, (60, 6), np.uint8)
    np.save(tmp_path / "x.npy", pixels)
    x = {
        "frame": pandas.DataFrame(pixels),
        "nullable frame": pandas.DataFrame(pixels).astype("UInt8"),
        "mixed frame": pandas.DataFrame(pixels).astype({0: "int16", 1: "float64"}),
        "list": pixels.tolist(),
        "int64": pixels.astype(np.int64),
        "fortran": np.asfortranarray(pixels),
        "mapped": np.load(tmp_path / "x.npy", mmap_mode="r"),
    }[container]
    vae = VAE(likelihood="gaussian", random_state=0, **FAST)
    expected, got = clone(vae).fit(pixels), clone(vae).fit(x)
    np.testing.assert_array_equal(got.model_.parameters, expected.model_.parameters)
    assert expected.score(x) == expected.score(pixels)
    np.testing.assert_array_equal(expected.transform(x), expected.transform(pixels))
    np.testing.assert_array_equal(
        clone(vae).partial_fit(x).model_.parameters,
        clone(vae).partial_fit(pixels).model_.parameters,
    )


def test_the_dtype_of_the_data_is_that_of_the_computation(digits):
    """In float64 to its rounding: the mean of a row does not depend on the rows beside it."""
    double = digits.astype(np.float64)
    vae = VAE(random_state=0, **FAST)
    for x in (digits, double):
        fitted = clone(vae).fit(x)
        z = fitted.transform(x)
        arrays = [fitted.model_.parameters, z, fitted.inverse_transform(z), fitted.reconstruct(x)]
        arrays += [fitted.sample(2), clone(vae).partial_fit(x).model_.parameters]
        assert {array.dtype for array in arrays} == {x.dtype}
    np.testing.assert_allclose(fitted.transform(double[:3]), z[:3], rtol=1e-12)
    single = clone(vae).fit(digits)
    assert single.transform(double).dtype == np.float64
    assert single.partial_fit(double).model_.parameters.dtype == np.float64


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("batch_size", [30, 100])
@pytest.mark.parametrize("backend", ["numpy", "published"])
@pytest.mark.filterwarnings("error")
def test_divergence_never_leaves_a_fit(digits, backend, batch_size, dtype):
    """Not after the last step either, whose loss no step measures."""
    x = digits[:100].astype(dtype)
    vae = VAE(backend=backend, batch_size=batch_size, random_state=0, **{**FAST, "epochs": 1})
    for learning_rate in (1e3, 1e10, 1e38, 1e300):
        for method in ("fit", "partial_fit"):
            diverging = clone(vae).set_params(learning_rate=learning_rate)
            with pytest.raises(TrainingDiverged, match="diverged in epoch 1 at a learning_rate of"):
                getattr(diverging, method)(x)


def test_a_partial_fit_that_diverges_leaves_everything_as_it_was(digits):
    vae = VAE(random_state=0, **FAST).partial_fit(digits)
    history, score, untouched = list(vae.history_), vae.score(digits), deepcopy(vae)
    with pytest.raises(TrainingDiverged):
        vae.set_params(learning_rate=1e10).partial_fit(digits)
    assert vae.history_ == history and vae.score(digits) == score
    vae.set_params(learning_rate=1e-3).partial_fit(digits)
    assert vae.score(digits) == untouched.partial_fit(digits).score(digits)


def test_partial_fit_refuses_another_network_and_the_fitted_one_stays(digits):
    for setting in ({"latent_dimension": 3}, {"network": "one_layer"}, {"likelihood": "gaussian"}):
        vae = VAE(random_state=0, **FAST).fit(digits)
        with pytest.raises(ValueError, match="is not the same as on last call to fit or partial"):
            vae.set_params(**setting).partial_fit(digits)
        assert vae.inverse_transform(vae.transform(digits[:3])).shape == (3, 64)
        assert list(vae.get_feature_names_out()) == ["vae0", "vae1"]


def test_partial_fit_goes_on_where_the_published_moments_have_another_form(digits):
    vae = VAE(random_state=0, backend="published", batch_size=20, **FAST).partial_fit(digits[:50])
    for change in ({"batch_size": 30}, {"backend": "numpy"}, {"backend": "published"}):
        before = vae.model_.parameters
        vae.set_params(**change).partial_fit(digits[:50])
        assert 0 < np.abs(vae.model_.parameters - before).max() < 0.3


def test_fits_in_threads_are_those_alone_and_leave_blas_as_it_was(digits):
    def blas():
        return [library["num_threads"] for library in threadpool_info()]

    vae = VAE(network="two_layer", latent_dimension=2, epochs=3, random_state=0)
    before = blas()
    alone = clone(vae).fit(digits[:200])
    with ThreadPoolExecutor(4) as pool:
        fits = list(pool.map(lambda _: clone(vae).fit(digits[:200]), range(6)))
    assert blas() == before
    for fitted in fits:
        np.testing.assert_array_equal(fitted.model_.parameters, alone.model_.parameters)


def _mapped(vae, folder):
    joblib.dump(vae, folder / "vae.joblib")
    return joblib.load(folder / "vae.joblib", mmap_mode="r")


@pytest.mark.parametrize(
    "copied",
    [
        lambda vae, folder: copy(vae),
        lambda vae, folder: deepcopy(vae),
        lambda vae, folder: pickle.loads(pickle.dumps(vae)),
        _mapped,
    ],
    ids=["copy", "deepcopy", "pickle", "joblib"],
)
def test_a_copy_goes_on_as_the_original_would_and_leaves_it_alone(digits, copied, tmp_path):
    vae = VAE(random_state=0, **FAST).partial_fit(digits)
    history, score = list(vae.history_), vae.score(digits)
    other = copied(vae, tmp_path).partial_fit(digits).partial_fit(digits)
    assert vae.history_ == history and vae.score(digits) == score
    vae.partial_fit(digits).partial_fit(digits)
    np.testing.assert_array_equal(other.model_.parameters, vae.model_.parameters)
    assert len(pickle.dumps(vae.model_)) < 1.5 * vae.model_.parameters.nbytes


def test_pandas_output_and_a_grid_search_through_a_pipeline(digits):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(digits, columns=[f"pixel {number}" for number in range(64)])
    vae = VAE(random_state=0, **FAST).set_output(transform="pandas")
    codes = vae.fit_transform(frame)
    assert list(codes.columns) == ["vae0", "vae1"] and codes.index.equals(frame.index)
    pipeline = make_pipeline(MinMaxScaler(clip=True), VAE(random_state=0, **FAST))
    search = GridSearchCV(pipeline, {"vae__latent_dimension": [1, 2]}, cv=2).fit(16 * digits)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.score(16 * digits) == search.best_estimator_.score(16 * digits)


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
        ({"network": {"encoder_sizes": 5}}, "encoder_sizes: expected a list of positive whole"),
        ({"network": {"latent_dimension": 5}}, "network setting: 'latent_dimension' is unknown"),
        ({"learning_rate": float("inf")}, "'learning_rate' parameter of VAE must be"),
        ({"learning_rate": float("nan")}, "'learning_rate' parameter of VAE must be"),
        ({"epochs": 0}, "'epochs' parameter of VAE must be"),
        ({"batch_size": 0}, "'batch_size' parameter of VAE must be"),
        ({"samples": 0}, "'samples' parameter of VAE must be"),
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


@pytest.mark.parametrize("value", [0, -1, 1.5, np.nan, "many", None])
def test_methods_refuse_a_parameter_out_of_range(fitted, digits, value):
    with pytest.raises(ValueError, match=r"The 'samples' parameter of VAE\.score must be an int"):
        fitted.score(digits, samples=value)
    with pytest.raises(
        ValueError, match=r"The 'n_samples' parameter of VAE\.sample must be an int"
    ):
        fitted.sample(value)


def test_divergence_names_the_epoch(digits):
    with pytest.raises(ValueError, match=r"diverged in epoch 1 at a learning_rate of .*: try "):
        VAE(**FAST, likelihood="gaussian", learning_rate=1e9).fit(digits)
