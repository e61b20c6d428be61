"""The CuPy backend: its kernel and its trainer against NumPy's.

Without a GPU the same text and the same trainer run on the host, over `cuda_on_host`.
"""

import shutil
import subprocess
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from cuda_on_host import COMPILER, HostCupy, compile_for_host

from vae.architecture import ACTIVATIONS, MINIMUM_LOG_VARIANCE, Architecture
from vae.backends import unavailable
from vae.backends._cuda_program import Buffers, training_program
from vae.backends._cuda_source import MOST_PRODUCTS, SOURCE
from vae.backends._cupy_trainer import CupyTrainer
from vae.backends._numpy_trainer import NumpyTrainer
from vae.model import Model
from vae.optimizer import Adagrad, Adam, Sgd

pytestmark = pytest.mark.xdist_group("cuda text")  # compiled once

REALS = {np.float32: "float", np.float64: "double"}
TOLERANCES = {np.float32: 3e-6, np.float64: 1e-13}
NVCC = shutil.which("nvcc")

SMALL = Architecture(7, 3, encoder_sizes=(6, 5), decoder_sizes=(4, 6))
OPTIMIZERS = {"adam": Adam(), "sgd": Sgd(0.01), "adagrad": Adagrad(0.01)}
ARCHITECTURES = {
    **{
        activation: replace(SMALL, encoder_activation=activation, decoder_activation=activation)
        for activation in ACTIVATIONS
    },
    "gaussian": replace(SMALL, likelihood="gaussian"),
    "squashed gaussian": replace(SMALL, likelihood="gaussian", squash_mean=True),
    "no hidden layer": replace(SMALL, encoder_sizes=(), decoder_sizes=()),
    "several tiles": Architecture(70, 37, encoder_sizes=(45,), decoder_sizes=(53, 33)),
    "one of everything": Architecture(1, 1, encoder_sizes=(1,), decoder_sizes=(1,)),
}


@pytest.fixture(scope="session")
def host_libraries(tmp_path_factory):
    """The CUDA text as a library of the host, for each dtype."""
    if COMPILER is None:
        pytest.skip("no C++ compiler, with which the CUDA text could run on the host")
    folder = tmp_path_factory.mktemp("cuda")
    return {dtype: compile_for_host(real, folder) for dtype, real in REALS.items()}


@pytest.fixture(params=REALS, ids=REALS.values())
def dtype(request):
    return request.param


@pytest.fixture(params=[2, 7, pytest.param("device", marks=pytest.mark.gpu)])
def cupy(request, dtype):
    """The module CuPy on a GPU, or its imitation on the host with few blocks or many."""
    if request.param != "device":
        return HostCupy(request.getfixturevalue("host_libraries")[dtype], request.param)
    if unavailable("cupy"):
        pytest.skip(f"cupy: {unavailable('cupy')}")
    import cupy

    return cupy


def normal(dtype, *shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def problem(architecture, dtype, rows, deviation=0.1):
    """Parameters away from zero biases, pixels as bytes."""
    generator = np.random.default_rng(5)
    parameters = architecture.initial_parameters(generator, dtype)
    parameters += generator.normal(0, deviation, parameters.shape).astype(dtype)
    return parameters, generator.integers(0, 256, (rows, architecture.input_dimension), np.uint8)


def make(cupy, architecture, parameters, optimizer="adam", batch_size=4, samples=2):
    settings = architecture, parameters, OPTIMIZERS[optimizer], batch_size, samples
    return CupyTrainer(cupy, *settings), NumpyTrainer(*settings)


def check_gradient(trainers, x, noise, tolerance):
    """Loss and gradient of a batch are NumPy's."""
    actual, expected = (trainer.gradient(x, noise) for trainer in trainers)
    np.testing.assert_allclose(actual[:2], expected[:2], rtol=tolerance)
    scale = np.abs(expected[2]).max()
    np.testing.assert_allclose(actual[2] / scale, expected[2] / scale, rtol=0, atol=tolerance)


def run(trainer, x, epochs, generator):
    """Losses of some epochs drawn by the trainer."""
    trainer.load(x)
    return [trainer.run_epoch(*trainer.draw(generator, len(x))) for _ in range(epochs)]


# Gradient


@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize("samples", [1, 2])
def test_loss_and_gradient_are_those_of_numpy(cupy, dtype, name, samples):
    """A whole batch, and one that is shorter than its buffers."""
    architecture = ARCHITECTURES[name]
    parameters, x = problem(architecture, dtype, 9)
    trainers = make(cupy, architecture, parameters, batch_size=9, samples=samples)
    for rows in (9, 5):
        noise = normal(dtype, samples, rows, architecture.latent_dimension)
        check_gradient(trainers, x[:rows], noise, 10 * TOLERANCES[dtype])


def test_batch_of_several_tiles(cupy, dtype):
    architecture = ARCHITECTURES["several tiles"]
    parameters, x = problem(architecture, dtype, 75)
    trainers = make(cupy, architecture, parameters, batch_size=75, samples=1)
    check_gradient(trainers, x, normal(dtype, 1, 75, 37), 10 * TOLERANCES[dtype])


def test_gradient_of_what_is_far_from_its_data(cupy, dtype):
    """Logits of some hundred: exponentials neither overflow nor turn the loss into no number."""
    parameters, x = problem(SMALL, dtype, 4, deviation=30)
    parameters[: SMALL.encoder[0].inputs * 6] /= 100
    split = sum((layer.inputs + 1) * layer.outputs for layer in SMALL.encoder)
    parameters[:split] /= 100
    trainers = make(cupy, SMALL, parameters, batch_size=4)
    assert trainers[0].gradient(x, normal(dtype, 2, 4, 3))[0] > 500
    check_gradient(trainers, x, normal(dtype, 2, 4, 3), 10 * TOLERANCES[dtype])


def test_log_variances_are_held_at_their_floor(cupy, dtype):
    architecture = ARCHITECTURES["gaussian"]
    parameters, x = problem(architecture, dtype, 4)
    bias = parameters[-2 * architecture.input_dimension :]
    bias[7::2] = MINIMUM_LOG_VARIANCE - 2
    trainers = make(cupy, architecture, parameters, batch_size=4)
    check_gradient(trainers, x, normal(dtype, 2, 4, 3), 10 * TOLERANCES[dtype])
    gradient = trainers[0].gradient(x, normal(dtype, 2, 4, 3))[2]
    np.testing.assert_array_equal(gradient[-14:][7::2], 0)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_not_a_number_stays_so(cupy, dtype, activation):
    parameters, x = problem(ARCHITECTURES[activation], dtype, 4)
    parameters[0] = np.nan
    trainer, _ = make(cupy, ARCHITECTURES[activation], parameters)
    assert np.isnan(trainer.gradient(x, normal(dtype, 2, 4, 3))[0])


def test_bytes_are_pixels_over_255_whatever_the_floats(cupy, dtype):
    parameters, x = problem(SMALL, dtype, 8)
    other = np.float64 if dtype is np.float32 else np.float32
    losses = []
    for data in (x, (x / 255).astype(other)):
        losses += run(make(cupy, SMALL, parameters)[0], data, 1, np.random.default_rng(0))
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-5)


# Steps


@pytest.mark.parametrize(
    ("name", "optimizer"),
    [
        *((name, "adam") for name in ("relu", "squashed gaussian", "no hidden layer")),
        *(("relu", optimizer) for optimizer in ("sgd", "adagrad")),
        ("several tiles", "adam"),
    ],
)
def test_steps_are_those_of_numpy(cupy, dtype, name, optimizer):
    """Eight steps, two of them on a shorter batch."""
    architecture = ARCHITECTURES[name]
    parameters, x = problem(architecture, dtype, 15)
    results = []
    for trainer in make(cupy, architecture, parameters, optimizer):
        trainer.load(x)
        generator = np.random.default_rng(6)
        shape = 2, 15, architecture.latent_dimension
        losses = [
            trainer.run_epoch(generator.permutation(15), generator.standard_normal(shape))
            for _ in range(2)
        ]
        results.append((losses, trainer.state()))
    (losses, state), (expected_losses, expected_state) = results
    tolerance = 100 * TOLERANCES[dtype]
    np.testing.assert_allclose(losses, expected_losses, rtol=tolerance)
    for name, array in expected_state.items():
        np.testing.assert_allclose(state[name], array, rtol=0, atol=tolerance)
        assert state[name].shape == array.shape
    assert state["step"] == 8
    assert np.abs(state["parameters"] - parameters).max() > 1e-3


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_an_epoch_in_one_launch_is_that_of_a_launch_a_step(cupy, dtype, optimizer):
    parameters, x = problem(SMALL, dtype, 14)
    whole, stepwise = (make(cupy, SMALL, parameters, optimizer)[0] for _ in range(2))
    order, noise = np.random.default_rng(7).permutation(14), normal(dtype, 2, 14, 3)
    for trainer in (whole, stepwise):
        trainer.load(x)
    loss = whole.run_epoch(order, noise)
    batches = [slice(start, start + 4) for start in range(0, 14, 4)]
    losses = [stepwise.run_epoch(order[batch], noise[:, batch]) for batch in batches]
    weights = [4, 4, 4, 2]
    np.testing.assert_allclose(loss, np.average(losses, axis=0, weights=weights), rtol=1e-6)
    for name, array in whole.state().items():
        np.testing.assert_array_equal(array, stepwise.state()[name])


def test_how_many_blocks_share_the_work_changes_no_parameter(host_libraries, dtype):
    architecture = ARCHITECTURES["several tiles"]
    parameters, x = problem(architecture, dtype, 70)
    states = []
    for blocks in (1, 4, 40):
        cupy = HostCupy(host_libraries[dtype], blocks)
        trainer, _ = make(cupy, architecture, parameters, batch_size=40, samples=1)
        run(trainer, x, 1, np.random.default_rng(8))
        states.append(trainer.state()["parameters"])
    for state in states[1:]:
        np.testing.assert_array_equal(state, states[0])


def test_data_and_lengths_may_change_from_epoch_to_epoch(cupy, dtype):
    parameters, x = problem(SMALL, dtype, 12)
    used, _ = make(cupy, SMALL, parameters)
    run(used, x, 2, np.random.default_rng(8))
    for rows in (12, 9):
        fresh, _ = make(cupy, SMALL, parameters)
        fresh.restore(used.state())
        losses = []
        for trainer in (used, fresh):
            trainer.load(x[::-1])
            order, noise = trainer.draw(np.random.default_rng(9), rows)
            losses.append([trainer.run_epoch(order, noise) for _ in range(2)])
        assert losses[0] == losses[1]


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_resumed_run_is_the_unbroken_one(cupy, dtype, optimizer):
    parameters, x = problem(SMALL, dtype, 14)
    unbroken, first = (make(cupy, SMALL, parameters, optimizer)[0] for _ in range(2))
    generator = np.random.default_rng(11)
    expected = run(unbroken, x, 4, generator)

    generator = np.random.default_rng(11)
    losses = run(first, x, 2, generator)
    resumed, _ = make(cupy, SMALL, np.zeros_like(parameters), optimizer)
    resumed.restore(first.state())
    losses += run(resumed, x, 2, generator)
    assert losses == expected
    for name, array in unbroken.state().items():
        np.testing.assert_array_equal(resumed.state()[name], array)


# Draws


def test_draw_is_reproducible(cupy, dtype):
    parameters, _ = problem(SMALL, dtype, 1)
    (trainer, _), generator = make(cupy, SMALL, parameters), np.random.default_rng(10)
    draws = [
        [array.get() for array in trainer.draw(source, 50)]
        for source in (generator, generator, np.random.default_rng(10))
    ]
    for first, again in zip(draws[0], draws[2], strict=True):
        np.testing.assert_array_equal(first, again)
    (order, noise), (other_order, other_noise) = draws[:2]
    np.testing.assert_array_equal(np.sort(order), np.arange(50))
    assert (order != other_order).any() and (noise != other_noise).all()
    assert noise.shape == (2, 50, 3) and noise.dtype == dtype
    assert np.abs(noise).max() < 6 and 0.8 < noise.std() < 1.2


@pytest.mark.parametrize("data", [np.uint8, np.float32])
def test_images_are_drawn_white_as_often_as_they_are_grey(cupy, dtype, data):
    parameters, _ = problem(SMALL, dtype, 1)
    trainer, _ = make(cupy, SMALL, parameters)
    levels = np.array([0, 0.1, 0.25, 0.5, 0.75, 0.9, 1])
    white = 255 if data is np.uint8 else 1
    x = np.tile(levels * white, (4000, 1)).astype(data)
    trainer.load_binarised(x, np.random.default_rng(12))
    drawn = trainer._x.get()
    assert drawn.dtype == np.uint8 and set(np.unique(drawn)) == {0, 255}
    np.testing.assert_allclose(drawn.mean(axis=0) / 255, levels, atol=0.04)
    assert drawn[:, 0].max() == 0 and drawn[:, -1].min() == 255
    trainer.load_binarised(x, np.random.default_rng(13))
    assert (trainer._x.get() != drawn).any()


@pytest.mark.parametrize("name", ["relu", "squashed gaussian"])
def test_evaluation_is_the_bound_of_the_model(cupy, dtype, name):
    """Against 400 samples an item, within four standard errors; it leaves the training alone."""
    architecture = ARCHITECTURES[name]
    parameters, x = problem(architecture, dtype, 2001)
    trainer, _ = make(cupy, architecture, parameters)
    reconstruction, kl = trainer.evaluate(x, np.random.default_rng(14))
    model = Model(architecture, parameters)
    expected = model.elbo_terms(x, np.random.default_rng(15), samples=400)
    once = model.elbo_terms(x, np.random.default_rng(16))
    error = (once[0] - expected[0]).std() / len(x) ** 0.5
    assert abs(reconstruction - expected[0].mean()) < 4 * error
    assert kl == pytest.approx(expected[1].mean(), rel=1e-5)
    np.testing.assert_array_equal(trainer.state()["parameters"], parameters)
    assert trainer.state()["step"] == 0


# Program and text


def array(rows, columns):
    """Stands for an array on a device, at an address that is of no account."""
    matrix = np.zeros((rows, -(-columns // 4) * 4)).view(Addressed)
    return matrix.ravel()


class Addressed(np.ndarray):
    """Has an address as CuPy's arrays have it."""

    data = property(lambda array: SimpleNamespace(ptr=1))


def test_every_block_has_work_of_its_own_or_none():
    """On 132 blocks, the blocks of a phase's products lie side by side or are all that are left."""
    architecture = Architecture.named("two_layer", 784, 20)
    buffers = Buffers(array, architecture, 100, 1)
    program = training_program(architecture, buffers, 100, 1, 132)
    assert len(program.names) == len(program.ends) == 12
    first = 0
    for end in program.ends:
        spans = sorted(
            (p.first_block, p.first_block + p.blocks) for p in program.products[first:end]
        )
        assert all(0 <= start < stop <= 132 for start, stop in spans)
        assert spans[-1][1] == 132
        first = end


def test_too_deep_a_network_is_refused():
    deep = Architecture(5, 2, encoder_sizes=(3,) * 30, decoder_sizes=(3,))
    buffers = Buffers(array, deep, 4, 1)
    with pytest.raises(ValueError, match=f"at most {MOST_PRODUCTS} products"):
        training_program(deep, buffers, 4, 1, 3)


def test_phases_are_timed(cupy, dtype):
    parameters, x = problem(SMALL, dtype, 12)
    (trainer, _), (twin, _) = (make(cupy, SMALL, parameters) for _ in range(2))
    for each in (trainer, twin):
        each.load(x)
    epoch = trainer.draw(np.random.default_rng(17), 12)
    clocks = trainer.profile(*epoch)
    assert clocks.shape[1:] == (len(trainer.program.names), 2) and (clocks > 0).all()
    twin.run_epoch(*epoch)
    for name, array in twin.state().items():
        np.testing.assert_array_equal(trainer.state()[name], array)


@pytest.mark.skipif(NVCC is None, reason="no CUDA compiler")
@pytest.mark.parametrize("real", REALS.values())
def test_text_compiles_for_turing_ampere_and_hopper(tmp_path, real):
    (tmp_path / "kernel.cu").write_text(SOURCE)
    targets = [f"-gencode=arch=compute_{target},code=sm_{target}" for target in (75, 80, 90)]
    command = [NVCC, "-fatbin", "-std=c++17", "-Werror=all-warnings", f"-DREAL={real}", *targets]
    subprocess.run([*command, "kernel.cu"], cwd=tmp_path, check=True)
