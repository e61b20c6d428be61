"""Backends: gradients against finite differences, and backend against backend."""

from dataclasses import replace

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from vae.architecture import ACTIVATIONS, NETWORKS, Architecture
from vae.backends import (
    BACKENDS,
    BackendUnavailable,
    _numpy_trainer,
    create_trainer,
    facts,
    unavailable,
)
from vae.backends._blocks import parameter_blocks
from vae.model import Model
from vae.objective import kl_divergence
from vae.optimizer import Adagrad, Adam, Sgd

SMALL = Architecture(7, 3, encoder_sizes=(6, 5), decoder_sizes=(4, 6))
VARIANTS = {
    **{
        f"{activation}": replace(
            SMALL, encoder_activation=activation, decoder_activation=activation
        )
        for activation in ACTIVATIONS
    },
    **{
        network: Architecture.named(
            {
                **NETWORKS[network],
                "encoder_sizes": [size // 50 for size in NETWORKS[network]["encoder_sizes"]],
                "decoder_sizes": [size // 50 for size in NETWORKS[network]["decoder_sizes"]],
            },
            7,
            3,
        )
        for network in NETWORKS
    },
    "gaussian": replace(SMALL, likelihood="gaussian", encoder_activation="tanh"),
    "squashed gaussian": replace(
        SMALL, likelihood="gaussian", squash_mean=True, encoder_activation="tanh"
    ),
    "no hidden layer": replace(SMALL, encoder_sizes=(), decoder_sizes=()),
}
OPTIMIZERS = {"adam": Adam(), "sgd": Sgd(0.01), "adagrad": Adagrad(0.01)}
SAME_ALGORITHM = [
    pytest.param(
        name,
        marks=[
            *([pytest.mark.gpu] if facts(name).needs_gpu else []),
            pytest.mark.skipif(
                unavailable(name) is not None, reason=f"{name}: {unavailable(name)}"
            ),
        ],
    )
    for name in BACKENDS
    if name not in ("numpy", "published")
]


def problem(architecture, dtype, samples=2, batch=9, seed=0):
    """Parameters away from zero biases, a batch of pixels and noise."""
    generator = np.random.default_rng(seed)
    parameters = architecture.initial_parameters(generator, dtype)
    parameters += generator.normal(0, 0.1, parameters.shape).astype(dtype)
    x = generator.random((batch, architecture.input_dimension)).astype(dtype)
    noise = generator.standard_normal((samples, batch, architecture.latent_dimension))
    return parameters, x, noise.astype(dtype)


def make(backend, architecture, parameters, batch=9, samples=2, optimizer="adam"):
    return create_trainer(backend, architecture, parameters, OPTIMIZERS[optimizer], batch, samples)


@pytest.mark.parametrize("architecture", VARIANTS.values(), ids=VARIANTS.keys())
def test_gradient_matches_finite_differences(architecture):
    parameters, x, noise = problem(architecture, np.float64)
    gradient = make("numpy", architecture, parameters).gradient(x, noise)[2]
    h = 1e-6

    def loss(shifted):
        reconstruction, kl, _ = make("numpy", architecture, shifted).gradient(x, noise)
        return reconstruction + kl

    unit = np.eye(len(parameters))
    numeric = [(loss(parameters + h * row) - loss(parameters - h * row)) / (2 * h) for row in unit]
    np.testing.assert_allclose(gradient, numeric, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("architecture", VARIANTS.values(), ids=VARIANTS.keys())
def test_loss_is_the_elbo_as_defined(architecture):
    """The kernels' fused loss against `vae.objective`, through another forward pass."""
    parameters, x, noise = problem(architecture, np.float64)
    reconstruction, kl, _ = make("numpy", architecture, parameters).gradient(x, noise)
    model = Model(architecture, parameters)
    mean, log_variance = model.encode(x)
    z = mean + np.exp(log_variance / 2) * noise
    expected = -np.mean([model._log_likelihood(x, sample) for sample in z])
    assert reconstruction == pytest.approx(expected, rel=1e-12)
    assert kl == pytest.approx(kl_divergence(mean, log_variance).mean(), rel=1e-12)


@pytest.mark.parametrize("backend", SAME_ALGORITHM)
def test_fewer_rows_than_a_batch_make_one_batch(backend):
    parameters, x, noise = problem(SMALL, np.float64, batch=5)
    ends = []
    for name, batch in (("numpy", 5), (backend, 9)):
        trainer = make(name, SMALL, parameters, batch)
        trainer.load(x)
        trainer.run_epoch(np.arange(5), noise)
        ends.append(trainer.state()["parameters"])
    np.testing.assert_allclose(*ends, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("backend", SAME_ALGORITHM)
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 1e-5), (np.float64, 1e-10)])
@pytest.mark.parametrize("architecture", VARIANTS.values(), ids=VARIANTS.keys())
def test_backends_agree_on_loss_and_gradient(backend, architecture, dtype, tolerance):
    parameters, x, noise = problem(architecture, dtype)
    expected = make("numpy", architecture, parameters).gradient(x, noise)
    actual = make(backend, architecture, parameters).gradient(x, noise)
    np.testing.assert_allclose(actual[:2], expected[:2], rtol=tolerance)
    scale = np.abs(expected[2]).max()
    np.testing.assert_allclose(actual[2] / scale, expected[2] / scale, rtol=0, atol=tolerance)


@pytest.mark.parametrize("backend", SAME_ALGORITHM)
@pytest.mark.parametrize(
    ("name", "optimizer", "dtype", "tolerance"),
    [
        *((name, "adam", np.float32, 1e-4) for name in VARIANTS),
        *(("two_layer", optimizer, np.float32, 1e-4) for optimizer in ("sgd", "adagrad")),
        *(("two_layer", optimizer, np.float64, 1e-9) for optimizer in OPTIMIZERS),
    ],
)
def test_backends_agree_after_ten_steps(backend, name, optimizer, dtype, tolerance):
    """Same start, order and noise: ten steps, of which two are on a shorter last batch."""
    architecture = VARIANTS[name]
    parameters, x, _ = problem(architecture, dtype, batch=43)
    states, losses = [], []
    for which in ("numpy", backend):
        trainer = make(which, architecture, parameters, optimizer=optimizer)
        trainer.load(x)
        generator = np.random.default_rng(3)
        for _ in range(2):
            order = generator.permutation(43)
            noise = generator.standard_normal((2, 43, 3)).astype(dtype)
            losses.append(trainer.run_epoch(order, noise))
        states.append(trainer.state())
    np.testing.assert_allclose(losses[:2], losses[2:], rtol=tolerance)
    assert states[0].keys() == states[1].keys()
    for key in ("parameters", *OPTIMIZERS[optimizer].arrays):
        assert (
            np.abs(states[0][key] - states[1][key]).max() < tolerance * np.abs(states[0][key]).max()
        )
    assert states[0]["step"] == states[1]["step"] == 10
    assert np.abs(states[0]["parameters"] - parameters).max() > 1e-3


@pytest.mark.parametrize("threads", [2, 3])
@pytest.mark.parametrize("samples", [1, 2])
def test_threads_share_a_batch_and_change_nothing(monkeypatch, threads, samples):
    """Batches of 12, the last of 7, on threads that take at least two rows each."""
    monkeypatch.setattr(_numpy_trainer, "_WORK_PER_THREAD", 1)
    monkeypatch.setattr(_numpy_trainer, "_WORK_PER_FURTHER_THREAD", 1)
    monkeypatch.setattr(_numpy_trainer, "_ROWS_PER_THREAD", 2)
    monkeypatch.setattr(_numpy_trainer, "_BLOCK", 40)
    architecture = VARIANTS["two_layer"]
    parameters, x, noise = problem(architecture, np.float64, samples=samples, batch=43)

    def run(count):
        with threadpool_limits(count):
            trainer = make("numpy", architecture, parameters, batch=12, samples=samples)
        assert len(trainer._workers) == count
        trainer.load(x)
        losses = [trainer.run_epoch(np.arange(43), noise) for _ in range(20)]
        return np.array(losses), trainer.state()

    (alone, state), (shared, shared_state), (again, again_state) = (
        run(1),
        run(threads),
        run(threads),
    )
    np.testing.assert_allclose(shared, alone, rtol=1e-9)
    np.testing.assert_allclose(shared_state["parameters"], state["parameters"], rtol=1e-7)
    np.testing.assert_array_equal(shared, again)
    np.testing.assert_array_equal(shared_state["parameters"], again_state["parameters"])


def test_an_error_in_a_thread_is_raised_and_hangs_nothing(monkeypatch):
    monkeypatch.setattr(_numpy_trainer, "_WORK_PER_THREAD", 1)
    monkeypatch.setattr(_numpy_trainer, "_WORK_PER_FURTHER_THREAD", 1)
    monkeypatch.setattr(_numpy_trainer, "_ROWS_PER_THREAD", 1)
    with threadpool_limits(3):
        trainer = make("numpy", SMALL, problem(SMALL, np.float32)[0])
    trainer.load(np.zeros((9, 7), np.float32))
    for worker in (0, 1, 2):
        with monkeypatch.context() as patch, pytest.raises(ZeroDivisionError):
            patch.setattr(trainer._workers[worker].kernels, "gather", lambda *_: 1 / 0)
            trainer.run_epoch(np.arange(9), np.zeros((2, 9, 3), np.float32))


def test_blas_has_its_threads_back_after_an_epoch():
    with threadpool_limits(3):
        trainer = make("numpy", SMALL, problem(SMALL, np.float32)[0])
        trainer.load(np.zeros((9, 7), np.float32))
        trainer.run_epoch(np.arange(9), np.zeros((2, 9, 3), np.float32))
        assert all(library["num_threads"] == 3 for library in threadpool_info())


@pytest.mark.parametrize("size", [1, 5, 30, 10_000])
def test_blocks_cover_the_parameters_once(size):
    architecture = VARIANTS["gaussian"]
    blocks = parameter_blocks(architecture, size)
    spans = [block.span for block in blocks]
    assert [span.stop for span in spans[:-1]] == [span.start for span in spans[1:]]
    assert (spans[0].start, spans[-1].stop) == (0, architecture.parameter_count)
    for block in blocks:
        lengths = [
            (piece.rows.stop - piece.rows.start + piece.bias)
            * architecture.layers[piece.layer].outputs
            for piece in block.pieces
        ]
        assert sum(lengths) == block.span.stop - block.span.start
        assert sum(lengths) <= size or len(lengths) == 1


@pytest.mark.parametrize("backend", ["numpy", *SAME_ALGORITHM])
def test_bytes_are_pixels_over_255(backend):
    parameters, _, noise = problem(SMALL, np.float32)
    x = np.random.default_rng(1).integers(0, 256, (9, 7), np.uint8)
    as_bytes = make(backend, SMALL, parameters).gradient(x, noise)
    as_floats = make(backend, SMALL, parameters).gradient(x.astype(np.float32) / 255, noise)
    np.testing.assert_allclose(as_bytes[2], as_floats[2], rtol=1e-4, atol=1e-6)


def run(trainer, x, epochs):
    """State after some epochs of given orders and noise."""
    trainer.load(x)
    for order, noise in epochs:
        trainer.run_epoch(order, noise)
    return trainer.state()


def four_epochs():
    generator = np.random.default_rng(4)
    return [(generator.permutation(20), generator.standard_normal((2, 20, 3))) for _ in range(4)]


@pytest.mark.parametrize("backend", ["numpy", *SAME_ALGORITHM])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_restored_state_goes_on_as_if_unbroken(backend, optimizer):
    parameters, x, _ = problem(SMALL, np.float32, batch=20)
    epochs = four_epochs()
    unbroken, first, resumed = (
        make(backend, SMALL, start, optimizer=optimizer)
        for start in (parameters, parameters, np.zeros_like(parameters))
    )
    expected = run(unbroken, x, epochs)
    resumed.restore(run(first, x, epochs[:2]))
    for key, value in run(resumed, x, epochs[2:]).items():
        np.testing.assert_array_equal(value, expected[key])


@pytest.mark.parametrize("backend", SAME_ALGORITHM)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_state_moves_between_backends(backend, optimizer):
    parameters, x, _ = problem(SMALL, np.float64, batch=20)
    epochs = four_epochs()
    expected = run(make("numpy", SMALL, parameters, optimizer=optimizer), x, epochs)
    for first, second in (("numpy", backend), (backend, "numpy")):
        begun, resumed = (
            make(which, SMALL, parameters, optimizer=optimizer) for which in (first, second)
        )
        resumed.restore(run(begun, x, epochs[:2]))
        actual = run(resumed, x, epochs[2:])
        assert actual.keys() == expected.keys()
        for key, value in actual.items():
            np.testing.assert_allclose(value, expected[key], rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("backend", ["numpy", *SAME_ALGORITHM])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_steps_follow_the_gradient_by_the_optimizers_formula(backend, optimizer):
    """Two steps on all data by hand; the formulas are those of the papers."""
    parameters, x, noise = problem(SMALL, np.float64)
    trainer = make(backend, SMALL, parameters, optimizer=optimizer)
    trainer.load(x)
    theta, m, v, squares = parameters.copy(), 0, 0, 0
    for t in (1, 2):
        g = make("numpy", SMALL, theta).gradient(x, noise)[2]
        m, v, squares = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2, squares + g**2
        adam = 1e-3 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        adagrad = 0.01 * g / (np.sqrt(squares) + 1e-10)
        theta = theta - {"adam": adam, "sgd": 0.01 * g, "adagrad": adagrad}[optimizer]
        trainer.run_epoch(np.arange(9), noise)
    np.testing.assert_allclose(trainer.state()["parameters"], theta, rtol=1e-9, atol=1e-12)


def test_moments_do_not_decay_into_denormal_numbers():
    parameters, x, noise = problem(SMALL, np.float32)
    trainer = make("numpy", SMALL, parameters)
    trainer.load(np.zeros_like(x))
    state = trainer.state()
    state["first_moment"][:] = 1e-20
    trainer.restore(state)
    for _ in range(700):
        trainer.run_epoch(np.arange(9), noise)
    moment = np.abs(trainer.state()["first_moment"])
    assert not ((moment > 0) & (moment < np.finfo(np.float32).tiny)).any()


def test_an_absent_backend_says_why(monkeypatch):
    from vae.backends import tensorflow

    monkeypatch.setattr(tensorflow, "find_spec", lambda name: None)
    with pytest.raises(BackendUnavailable, match="tensorflow: TensorFlow is not installed"):
        make("tensorflow", SMALL, problem(SMALL, np.float32)[0])
    with pytest.raises(ValueError, match="'jax' is unknown; expected one of cupy, numpy"):
        make("jax", SMALL, problem(SMALL, np.float32)[0])
