"""Wake-sleep: its gradients by closed form and by finite differences, and what it learns."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.datasets import load_digits
from threadpoolctl import threadpool_limits

from vae.algorithms import noise_width
from vae.architecture import Architecture
from vae.backends import BACKENDS, _numpy_trainer, create_trainer, facts, unavailable
from vae.model import Model
from vae.objective import gaussian_log_likelihood
from vae.optimizer import Adagrad
from vae.training import Training, train

BERNOULLI = Architecture(7, 3, (6, 5), "tanh", (4, 6), "tanh")
NETWORKS = {
    "bernoulli": BERNOULLI,
    "gaussian": replace(BERNOULLI, likelihood="gaussian"),
    "squashed": replace(BERNOULLI, likelihood="gaussian", squash_mean=True),
    "no hidden layer": replace(BERNOULLI, encoder_sizes=(), decoder_sizes=()),
}
OTHERS = [
    pytest.param(name, marks=pytest.mark.skipif(unavailable(name) is not None, reason=f"no {name}"))
    for name in BACKENDS
    if name != "numpy" and "wake_sleep" in facts(name).algorithms
]


def problem(architecture, dtype=np.float64, samples=2, rows=9):
    """Parameters, data and noise."""
    generator = np.random.default_rng(2)
    parameters = architecture.initial_parameters(generator, dtype)
    parameters += generator.normal(0, 0.3, parameters.shape).astype(dtype)
    x = generator.random((rows, architecture.input_dimension)).astype(dtype)
    width = noise_width("wake_sleep", architecture)
    return parameters, x, generator.standard_normal((samples, rows, width)).astype(dtype)


def make(backend, architecture, parameters, samples=2, batch=9, algorithm="wake_sleep"):
    optimizer = Adagrad(0.05)
    return create_trainer(backend, architecture, parameters, optimizer, batch, samples, algorithm)


def encoder_length(architecture):
    return sum((layer.inputs + 1) * layer.outputs for layer in architecture.encoder)


@pytest.mark.parametrize("architecture", NETWORKS.values(), ids=NETWORKS.keys())
def test_the_decoder_wakes_to_the_data_and_the_encoder_sleeps(architecture):
    """The decoder's gradient is the bound's, and no dream changes it; the encoder's sees no x."""
    parameters, x, noise = problem(architecture)
    trainer = make("numpy", architecture, parameters)
    latent, split = architecture.latent_dimension, encoder_length(architecture)
    bound = make("numpy", architecture, parameters, algorithm="aevb")
    losses = bound.gradient(x, noise[..., :latent])
    first = trainer.gradient(x, noise)
    assert first[:2] == losses[:2]
    np.testing.assert_array_equal(first[2][split:], losses[2][split:])
    other = trainer.gradient(1 - x, noise)[2]
    np.testing.assert_array_equal(other[:split], first[2][:split])
    assert (other[split:] != first[2][split:]).any()
    assert (losses[2][:split] != first[2][:split]).any()


def test_the_wake_gradient_of_a_linear_gaussian_model_is_its_closed_form():
    """Of E log N(x; W z + b, v) over z ~ N(m, S), which has only the first two moments of z.

    Noise of these moments, two points along each axis, makes the mean over samples exact.
    """
    architecture = replace(NETWORKS["gaussian"], encoder_sizes=(), decoder_sizes=())
    d, latent = architecture.input_dimension, architecture.latent_dimension
    parameters, x, noise = problem(architecture, samples=2 * latent)
    axes = np.sqrt(latent) * np.eye(latent)
    noise[..., :latent] = np.concatenate([axes, -axes])[:, None]
    weight, bias = architecture.views(parameters)[1]
    weight[:, d:] = 0  # The decoder's variance is the same for every z.
    gradient = make("numpy", architecture, parameters, 2 * latent).gradient(x, noise)[2]
    mean, log_variance = Model(architecture, parameters).encode(x)
    second = np.einsum("ni,nj->nij", mean, mean) + np.exp(log_variance)[:, :, None] * np.eye(latent)
    w, b, v = weight[:, :d], bias[:d], np.exp(bias[d:])
    by_weight = (second @ w + mean[:, :, None] * (b - x)[:, None]) / v
    by_bias = (mean @ w + b - x) / v
    spread = np.einsum("id,nij,jd->nd", w, second, w) + 2 * (mean @ w) * (b - x) + (b - x) ** 2
    found_weight, found_bias = architecture.views(gradient)[1]
    np.testing.assert_allclose(found_weight[:, :d], by_weight.mean(axis=0), rtol=1e-10)
    np.testing.assert_allclose(found_bias[:d], by_bias.mean(axis=0), rtol=1e-10)
    np.testing.assert_allclose(found_bias[d:], (1 - spread / v).mean(axis=0) / 2, rtol=1e-10)


@pytest.mark.parametrize("architecture", NETWORKS.values(), ids=NETWORKS.keys())
def test_the_sleep_gradient_is_that_of_log_q_on_drawn_pairs(architecture):
    """Pairs drawn here from the same noise; differences of log q(z|x) by the encoder alone."""
    parameters, x, noise = problem(architecture)
    latent, split = architecture.latent_dimension, encoder_length(architecture)
    z, pixels = noise[0, :, latent : 2 * latent], noise[0, :, 2 * latent :]
    gradient = make("numpy", architecture, parameters).gradient(x, noise)[2][:split]
    model = Model(architecture, parameters)
    if architecture.likelihood == "bernoulli":
        dream = (norm.cdf(pixels) < model.decode(z)).astype(float)
    else:
        mean, log_variance = model._gaussian(model._decoder_head(z))
        dream = mean + np.exp(np.maximum(log_variance, -8) / 2) * pixels

    def loss(shifted):
        return -np.mean(gaussian_log_likelihood(z, *Model(architecture, shifted).encode(dream)))

    h, unit = 1e-6, np.eye(len(parameters))[:split]
    numeric = [(loss(parameters + h * row) - loss(parameters - h * row)) / (2 * h) for row in unit]
    np.testing.assert_allclose(gradient, numeric, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("backend", OTHERS)
@pytest.mark.parametrize(("network", "samples"), [("bernoulli", 2), ("squashed", 1)])
def test_backends_agree_on_every_step(backend, network, samples):
    """Gradient, and ten steps of which two are on a shorter batch, from the noise `draw` gives."""
    architecture = NETWORKS[network]
    parameters, x, noise = problem(architecture, samples=samples, rows=43)
    gradients, ends = [], []
    for name in ("numpy", backend):
        trainer = make(name, architecture, parameters, samples)
        gradients.append(trainer.gradient(x[:9], noise[:, :9])[2])
        trainer.load(x)
        generator = np.random.default_rng(3)
        losses = [trainer.run_epoch(*trainer.draw(generator, 43)) for _ in range(2)]
        ends.append([*trainer.state().values(), np.array(losses)])
    np.testing.assert_allclose(*gradients, rtol=1e-9, atol=1e-11)
    for ours, theirs in zip(*ends, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-7, atol=1e-9)


def test_threads_share_its_batches_and_change_nothing(monkeypatch):
    for name in ("_WORK_PER_THREAD", "_WORK_PER_FURTHER_THREAD", "_ROWS_PER_THREAD"):
        monkeypatch.setattr(_numpy_trainer, name, 1)
    parameters, x, noise = problem(BERNOULLI, rows=43)
    ends = []
    for threads in (1, 3):
        with threadpool_limits(threads):
            trainer = make("numpy", BERNOULLI, parameters)
        trainer.load(x)
        trainer.run_epoch(np.arange(43), noise)
        ends.append(trainer.state()["parameters"])
    np.testing.assert_allclose(*ends, rtol=1e-9)


def test_it_learns_and_the_bound_learns_more():
    """On digits: the bound rises, to no more than where AEVB takes it in as many steps."""
    x = load_digits().data[:600] / 16
    architecture = Architecture(64, 5, (50,), "tanh", (50,), "tanh")
    bounds = {}
    for algorithm in ("aevb", "wake_sleep"):
        training = Training(
            batch_size=50,
            learning_rate=0.05,
            optimizer="adagrad",
            algorithm=algorithm,
        )
        history = train(
            architecture, x, training=training, epochs=40, generator=np.random.default_rng(0)
        )[1]
        bounds[algorithm] = [row.value for row in history if row.metric == "elbo"]
    first, last = bounds["wake_sleep"][0], bounds["wake_sleep"][-1]
    assert first + 5 < last < bounds["aevb"][-1]


def test_what_cannot_be_is_one_sentence():
    with pytest.raises(ValueError, match=r"algorithm: 'wakesleep' is unknown; .* is wake_sleep"):
        Training(algorithm="wakesleep")
    parameters = problem(BERNOULLI)[0]
    with pytest.raises(ValueError, match="algorithm: 'sleep' is unknown"):
        make("numpy", BERNOULLI, parameters, algorithm="sleep")
    refusal = "backend cupy does not train with the algorithm wake_sleep; expected numpy or tensor"
    with pytest.raises(ValueError, match=refusal):
        make("cupy", BERNOULLI, parameters)
