"""The theory as measured: right where it is known, and wrong formulas are found."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from fabricated import network_dataset
from test_marginal_likelihood import IMAGES, bernoulli_model, linear_gaussian_model

from measure_theory import measure_theory
from planning import outputs
from planning.reference import REFERENCE
from study import theory
from study.contracts import THEORY
from study.dataset import load_dataset
from study.results import read_table
from study.theory import (
    MEASURES,
    Measured,
    Posterior,
    encoder_gradients,
    exact_bound,
    measurements,
    missing_jacobian,
    posterior_divergence,
)
from vae.architecture import Architecture
from vae.model import Model
from vae.objective import kl_divergence


def displaced_gaussian_model() -> tuple[Model, np.ndarray, np.ndarray, np.ndarray]:
    """Factor analysis whose encoder is off; images, and their exact log p(x) and KL to p(z|x)."""
    model, marginal = linear_gaussian_model()
    x = marginal.rvs(12, np.random.default_rng(2))
    true = Posterior.of(model, x)
    model.architecture.views(model.parameters)[0][1][:] += [0.2, -0.3, 0.4, -0.5]
    q = Posterior.of(model, x)
    ratio = (q.deviation / true.deviation) ** 2
    shift = ((q.mean - true.mean) / true.deviation) ** 2
    return model, x, marginal.logpdf(x), 0.5 * (ratio + shift - 1 - np.log(ratio)).sum(axis=1)


def measured(model: Model, x: np.ndarray, seed: int = 3) -> dict[str, Measured]:
    rows = measurements(model, x, x, np.random.default_rng(seed))
    return {row.measure: row for row in rows}


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer draws: the measurements of a small model in less than a second."""
    monkeypatch.setattr(theory, "PLANE", 120)
    monkeypatch.setattr(theory, "REPEATS", 60)


def test_bound_and_divergence_are_those_of_factor_analysis():
    model, x, log_evidence, divergence = displaced_gaussian_model()
    posterior = Posterior.of(model, x)
    np.testing.assert_allclose(
        posterior_divergence(model, x, posterior, log_evidence), divergence, atol=1e-9
    )
    bound = exact_bound(model, x, posterior)
    np.testing.assert_allclose(bound, log_evidence - divergence, atol=1e-9)


def test_everything_that_is_measured_is_as_the_theory_has_it(few: None):
    """For densities, and for probabilities of binary images under a decoder that is no line."""
    gaussian, x, log_evidence, divergence = displaced_gaussian_model()
    for model, images in ((gaussian, x), (bernoulli_model(scale=1), IMAGES)):
        rows = measured(model, images)
        assert rows.keys() == MEASURES.keys()
        assert all(row.low <= row.value <= row.high for row in rows.values())
        assert rows["largest_identity_gap"].value < 1e-4 < rows["smallest_margin"].value
        assert rows["bound_violations"].value == rows["kl_above_zero"].value == 0
        # Four and a half standard errors, not the two of the interval.
        for name, value in (("kl_difference", 0), ("estimator_bias", 0), ("variance_slope", -1)):
            row = rows[name]
            assert abs(row.value - value) < 2.3 * (row.high - row.low) / 2
        assert rows["kl_within_error"].high > 0.9
    rows = measured(gaussian, x)
    assert rows["log_evidence"].value == pytest.approx(log_evidence.mean())
    assert rows["posterior_divergence"].value == pytest.approx(divergence.mean())


def test_a_flipped_sign_of_the_divergence_is_found(few: None, monkeypatch: pytest.MonkeyPatch):
    model, x, *_ = displaced_gaussian_model()
    kl = kl_divergence(*model.encode(x)).mean()
    monkeypatch.setattr(theory, "kl_divergence", lambda *posterior: -kl_divergence(*posterior))
    rows = measured(model, x)
    assert rows["kl_difference"].value == pytest.approx(2 * kl, rel=0.05)
    assert rows["kl_difference"].low > 0
    assert rows["kl_above_zero"].value == len(x)
    assert rows["kl_within_error"].value < 0.2
    assert rows["identity_gap"].value == pytest.approx(-2 * kl)
    assert rows["bound_violations"].value > 0


def test_a_biased_estimator_and_one_that_averages_nothing_are_found(
    few: None, monkeypatch: pytest.MonkeyPatch
):
    terms = Model.elbo_terms

    def wrong(model: Model, x: np.ndarray, generator: np.random.Generator, samples: int):
        reconstruction, kl = terms(model, x, generator, 1)
        return reconstruction + 0.5, kl

    monkeypatch.setattr(Model, "elbo_terms", wrong)
    rows = measured(bernoulli_model(), IMAGES)
    assert rows["estimator_bias"].high < 0
    assert rows["estimator_bias"].value == pytest.approx(-0.5, abs=0.1)
    assert rows["variance_slope"].low > -0.5


def convolutional_model() -> Model:
    """Random network with a filter, of images of 2 x 3 pixels."""
    pytest.importorskip("tensorflow")
    architecture = Architecture(
        *(6, 2, (), "tanh", (4,), "tanh"), image_shape=(2, 3), encoder_filters=(3,)
    )
    start = architecture.initial_parameters(np.random.default_rng(0), np.float64)
    return Model(architecture, start)


@pytest.mark.parametrize("make", [bernoulli_model, convolutional_model])
def test_gradients_are_those_of_finite_differences(make: Callable[[], Model]):
    """Along random directions, of the two terms apart; the noise is the same on both sides."""
    model, x = make(), IMAGES[:5]
    gradients = encoder_gradients(model, x, np.random.default_rng(4))
    noise = np.random.default_rng(4).standard_normal((theory.GRADIENT_SAMPLES, len(x), 2))
    encoder = len(gradients[0])

    def terms(parameters: np.ndarray) -> np.ndarray:
        moved = Model(model.architecture, parameters)
        z = Posterior.of(moved, x).place(noise.swapaxes(0, 1))
        likelihoods = [moved.log_likelihood(x[[i]], z[i]).mean() for i in range(len(x))]
        return np.array([-kl_divergence(*moved.encode(x)).mean(), np.mean(likelihoods)])

    for seed in range(3):
        step = np.zeros_like(model.parameters)
        step[:encoder] = 1e-5 * np.random.default_rng(seed).standard_normal(encoder)
        change = (terms(model.parameters + step) - terms(model.parameters - step)) / 2
        expected = [gradient @ step[:encoder] for gradient in gradients]
        np.testing.assert_allclose(change, expected, rtol=1e-5)


def test_gradients_oppose_each_other_at_the_encoder_that_is_best():
    """There their sum is 0, but for the noise of the samples."""
    model, marginal = linear_gaussian_model()
    rows = measured(model, marginal.rvs(200, np.random.default_rng(5)))
    assert rows["gradient_angle"].value > 170
    assert rows["gradient_norm_l1"].low > 0
    norms = [rows[f"gradient_norm_{term}"].value for term in ("l1", "l2")]
    assert norms[0] == pytest.approx(norms[1], rel=0.1)


def test_the_jacobian_that_the_report_leaves_out_is_measured(few: None):
    """Of factor analysis it is known; with it left out, the bound is none."""
    model, marginal = linear_gaussian_model()
    x = marginal.rvs(12, np.random.default_rng(2))
    known = 0.5 * np.log(1 + np.array([0.7, 2.0]) ** 2).sum()
    np.testing.assert_allclose(missing_jacobian(Posterior.of(model, x)), known)
    assert measured(model, x)["bound_violations_without_jacobian"].value == len(x)


def test_only_planes_are_measured():
    with pytest.raises(ValueError, match="model: expected 2 latent dimensions, got 3"):
        list(measurements(bernoulli_model(3), IMAGES, IMAGES, np.random.default_rng(0)))


@pytest.fixture
def step(few: None, tmp_path: Path) -> Callable[[], Path]:
    """Measure two seeds of a small model of made-up images; the table's path."""
    dataset = network_dataset(tmp_path / "dataset.npz")
    pixels = load_dataset(dataset).x_test.shape[1]
    architecture = Architecture(pixels, 2, (4,), "tanh", (4,), "tanh")
    models = [tmp_path / f"{seed}.npz" for seed in (1, 2)]
    for seed, path in enumerate(models, start=1):
        parameters = architecture.initial_parameters(np.random.default_rng(seed), np.float32)
        Model(architecture, parameters).save(path)

    def measure() -> Path:
        table = tmp_path / "theory.csv"
        runs = [{"dataset": "mine", "train_size": "all", "seed": seed} for seed in (1, 2)]
        measure_theory(dataset, models, table, runs, None, 663)
        return table

    return measure


def test_the_step_writes_every_measure_of_every_seed_and_the_same_again(step: Callable[[], Path]):
    frame = read_table(step(), THEORY)
    assert [len(part) for _, part in frame.groupby("seed")] == [len(MEASURES)] * 2
    assert frame["value"].notna().all() and (frame["items"] > 0).all()
    first = step().read_bytes()
    assert step().read_bytes() == first


def test_a_table_that_results_were_kept_without_is_not_asked_of_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.chdir(tmp_path)
    place = f"{REFERENCE}/evaluations/theory.csv"
    assert outputs.where_kept("results", "evaluations/theory.csv")
    assert outputs.where_kept(REFERENCE, "evaluations/theory.csv") == []
    Path(place).parent.mkdir(parents=True)
    Path(place).touch()
    assert outputs.where_kept(REFERENCE, "evaluations/theory.csv") == [place]
    rule = SimpleNamespace(name="judge_claims", input=["results/evaluations/theory.csv"], output=[])
    assert outputs.drawn_from("results", [rule]) == {"evaluations/theory.csv"}
