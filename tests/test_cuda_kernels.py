"""The CuPy backend: its CUDA text against NumPy's kernels, and its trainer against NumPy's.

Without a GPU the same text and the same trainer run on the host, over `cuda_on_host`.
"""

import shutil
import subprocess
import warnings
from dataclasses import replace

import numpy as np
import pytest
from cuda_on_host import COMPILER, HostCupy, compile_for_host

from vae.architecture import ACTIVATIONS, MINIMUM_LOG_VARIANCE, Architecture
from vae.backends import unavailable
from vae.backends._numpy_kernels import NumpyKernels
from vae.backends.cublas import Cublas
from vae.backends.cuda_kernels import CudaKernels
from vae.backends.cuda_source import SOURCE
from vae.backends.cupy import CupyTrainer
from vae.backends.numpy import NumpyTrainer
from vae.optimizer import Adagrad, Adam, Sgd

pytestmark = pytest.mark.xdist_group("cuda text")  # compiled once

REALS = {np.float32: "float", np.float64: "double"}
SIZE = 700
"""Of a vector of parameters: more than two blocks of threads."""

TOLERANCES = {np.float32: 3e-6, np.float64: 1e-13}
NVCC = shutil.which("nvcc")

SMALL = Architecture(7, 3, encoder_sizes=(6, 5), decoder_sizes=(4, 6))
OPTIMIZERS = {"adam": Adam(), "sgd": Sgd(0.01), "adagrad": Adagrad(0.01)}
ARCHITECTURES = {
    "relu": SMALL,
    "tanh": replace(SMALL, encoder_activation="tanh", decoder_activation="softplus"),
    "squashed gaussian": replace(SMALL, likelihood="gaussian", squash_mean=True),
    "no hidden layer": replace(SMALL, encoder_sizes=(), decoder_sizes=()),
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


@pytest.fixture(params=["host", pytest.param("device", marks=pytest.mark.gpu)])
def cupy(request, dtype):
    """The module CuPy on a GPU, or its imitation on the host."""
    if request.param == "host":
        return HostCupy(request.getfixturevalue("host_libraries")[dtype])
    if unavailable("cupy"):
        pytest.skip(f"cupy: {unavailable('cupy')}")
    import cupy

    return cupy


@pytest.fixture
def stream(cupy):
    with cupy.cuda.Stream(non_blocking=True) as stream:
        yield stream


@pytest.fixture
def kernels(cupy, stream, dtype):
    return CudaKernels(cupy, Cublas(cupy, stream, 1 << 20), np.dtype(dtype))


@pytest.fixture
def close(dtype):
    """Assertion that arrays agree to the rounding of the dtype."""

    def close(actual, expected):
        scale = np.abs(expected).max()
        np.testing.assert_allclose(actual, expected, rtol=0, atol=TOLERANCES[dtype] * scale)

    return close


def normal(dtype, *shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


# Kernels


@pytest.mark.parametrize("transposed", [(), (0,), (1,), (0, 1)])
@pytest.mark.parametrize("shape", [(5, 4, 3), (1, 4, 3), (5, 1, 3), (5, 4, 1), (1, 1, 1)])
def test_products_of_matrices_and_of_transposed_ones(
    cupy, kernels, dtype, close, shape, transposed
):
    rows, inner, columns = shape
    operands = [normal(dtype, rows, inner), normal(dtype, inner, columns, seed=1)]
    arrays = [cupy.array(operand) for operand in operands]
    for which in transposed:
        arrays[which] = cupy.array(np.ascontiguousarray(operands[which].T)).T
    out = cupy.empty((rows, columns), dtype)
    kernels.xp.matmul(*arrays, out=out)
    close(out.get(), operands[0] @ operands[1])


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_bias_and_activation(cupy, kernels, dtype, close, activation):
    """More elements than one block has threads."""
    x, weight, bias = normal(dtype, 9, 5), 3 * normal(dtype, 5, 31), normal(dtype, 31)
    expected, out = np.empty((9, 31), dtype), cupy.empty((9, 31), dtype)
    NumpyKernels().affine(x, weight, bias, activation, expected)
    kernels.affine(*map(cupy.array, (x, weight, bias)), activation, out)
    close(out.get(), expected)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_activation_gradient(cupy, kernels, dtype, close, activation):
    output, delta = 3 * normal(dtype, 9, 31), normal(dtype, 9, 31, seed=1)
    NumpyKernels().activate(activation, output)
    arrays = cupy.array(output), cupy.array(delta)
    NumpyKernels().activation_gradient(activation, output, delta)
    kernels.activation_gradient(activation, *arrays)
    close(arrays[1].get(), delta)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_not_a_number_stays_so(cupy, kernels, dtype, activation):
    x = cupy.array(np.full((1, 1), np.nan, dtype))
    one, out = cupy.array(np.ones((1, 1), dtype)), cupy.empty((1, 1), dtype)
    kernels.affine(x, one, one.reshape(1), activation, out)
    assert np.isnan(out.get()).all()


def test_reparametrisation_and_its_gradient(cupy, kernels, dtype, close):
    """The noise is that of a batch shorter than its buffer, as the pass hands it on."""
    head, noise, dz = normal(dtype, 5, 6), normal(dtype, 2, 9, 3), normal(dtype, 5, 2, 3, seed=1)
    z, z_array = np.empty_like(dz), cupy.empty(dz.shape, dtype)
    head_array, dz_array = cupy.array(head), cupy.array(dz)
    noise_array = cupy.array(noise)[:, :5].swapaxes(0, 1)
    noise = noise[:, :5].swapaxes(0, 1)
    twin = NumpyKernels()

    kl = twin.reparametrise(head, noise, z)
    assert kernels.reparametrise(head_array, noise_array, z_array) == 0
    close(z_array.get(), z)
    assert kernels.losses() == (0, pytest.approx(kl, rel=TOLERANCES[dtype]))

    twin.reparametrise_gradient(head, noise, dz, 0.3)
    kernels.reparametrise_gradient(head_array, noise_array, dz_array, 0.3)
    close(head_array.get(), head)


def far(a):
    """Spread values over what a logit or a log variance can be."""
    a.flat[::7], a.flat[3::11] = 80, -80
    return a


def check_loss(cupy, kernels, dtype, close, name, output, x, *settings):
    """Loss and gradient of a likelihood, twice, so that the losses add up."""
    expected, loss = output.copy(), 0.0
    for _ in range(2):
        array = cupy.array(output)
        assert getattr(kernels, name)(array, cupy.array(x), *settings) == 0
    loss = getattr(NumpyKernels(), name)(expected, x, *settings)
    close(array.get(), expected)
    assert kernels.losses() == (pytest.approx(2 * loss, rel=TOLERANCES[dtype]), 0)
    kernels.forget_losses()
    assert kernels.losses() == (0, 0)


def test_bernoulli_loss_and_gradient(cupy, kernels, dtype, close):
    x = np.random.default_rng(1).random((5, 31)).astype(dtype)
    logits = far(normal(dtype, 5, 2, 31))
    check_loss(cupy, kernels, dtype, close, "bernoulli", logits, x, 0.3)


@pytest.mark.parametrize("squash", [False, True])
def test_gaussian_loss_and_gradient(cupy, kernels, dtype, close, squash):
    x = np.random.default_rng(1).random((5, 31)).astype(dtype)
    head = normal(dtype, 5, 2, 62)
    head[..., 31:].flat[::3] = MINIMUM_LOG_VARIANCE - 1
    head[..., 31:].flat[::5] = MINIMUM_LOG_VARIANCE
    check_loss(cupy, kernels, dtype, close, "gaussian", head, x, squash, 0.3)


@pytest.mark.parametrize("dtype", [np.float64], ids=["double"], indirect=True)
@pytest.mark.parametrize(
    ("name", "settings"), [("bernoulli", ()), ("gaussian", (False,)), ("gaussian", (True,))]
)
def test_gradient_of_a_loss_is_its_slope(cupy, kernels, dtype, name, settings):
    x, output = np.full((1, 1), 0.3), normal(dtype, 1, 1, 2 if name == "gaussian" else 1)
    h = 1e-6

    def loss(shifted):
        kernels.forget_losses()
        getattr(kernels, name)(cupy.array(shifted), cupy.array(x), *settings, 1.0)
        return kernels.losses()[0]

    gradient = cupy.array(output)
    getattr(kernels, name)(gradient, cupy.array(x), *settings, 1.0)
    for index in np.ndindex(output.shape):
        step = np.zeros_like(output)
        step[index] = h
        slope = (loss(output + step) - loss(output - step)) / (2 * h)
        assert gradient.get()[index] == pytest.approx(slope, rel=1e-7)


@pytest.mark.parametrize("shape", [(1, 1), (9, 31), (20, 33), (3, 70)])
def test_sums_of_columns(cupy, kernels, dtype, close, shape):
    a, out = normal(dtype, *shape), cupy.empty(shape[1], dtype)
    kernels.column_sums(cupy.array(a), out)
    close(out.get(), a.sum(axis=0))


@pytest.mark.parametrize("pixel", [np.uint8, None], ids=["bytes", "floats"])
@pytest.mark.parametrize(("position", "rows"), [(0, 4), (4, 4), (8, 3)])
def test_batch_is_taken_from_where_the_device_says(
    cupy, kernels, dtype, close, pixel, position, rows
):
    generator = np.random.default_rng(2)
    x = generator.integers(0, 256, (20, 5)).astype(pixel or dtype)
    order, noise = generator.permutation(20)[:11], normal(dtype, 2, 11, 3)
    out, batch_noise = cupy.empty((4, 5), dtype)[:rows], cupy.empty((2, 4, 3), dtype)[:, :rows]
    where = cupy.array(np.array([position]))
    kernels.take_batch(*map(cupy.array, (x, order, noise)), where, out, batch_noise)
    batch = slice(position, position + rows)
    expected = x[order[batch]] / (255 if pixel else 1)
    close(out.get(), expected)
    np.testing.assert_array_equal(batch_noise.get(), noise[:, batch])
    kernels.gather(cupy.array(x), cupy.array(order[batch]), out)
    close(out.get(), expected)


def update_thrice(cupy, kernels, dtype, optimizer):
    """Parameters and arrays after three steps, each of a gradient of its own; the device counts."""
    theta = normal(dtype, SIZE)
    device = [cupy.array(theta), *(cupy.array(np.zeros_like(theta)) for _ in optimizer.arrays)]
    position, step = cupy.zeros(1, np.int64), cupy.zeros(1, np.int64)
    corrected = cupy.zeros(2, np.float64)
    for t in (1, 2, 3):
        gradient = cupy.array(normal(dtype, SIZE, seed=t))
        kernels.advance(position, step, corrected, 100, optimizer)
        if isinstance(optimizer, Adam):
            np.testing.assert_allclose(corrected.get(), optimizer.corrected(t), rtol=1e-14)
        kernels.update(device[0], gradient, device[1:], corrected, optimizer)
    assert (position.get()[0], step.get()[0]) == (300, 3)
    return [array.get() for array in device]


def test_adam_is_algorithm_1(cupy, kernels, dtype, close):
    """By hand, as Kingma & Ba write it."""
    theta, m, v = normal(dtype, SIZE), 0, 0
    for t in (1, 2, 3):
        g = normal(dtype, SIZE, seed=t)
        m, v = 0.8 * m + 0.2 * g, 0.99 * v + 0.01 * g**2
        theta = theta - 0.01 * (m / (1 - 0.8**t)) / (np.sqrt(v / (1 - 0.99**t)) + 1e-7)
    actual = update_thrice(cupy, kernels, dtype, Adam(0.01, 0.8, 0.99, 1e-7))
    for array, expected in zip(actual, (theta, m, v), strict=True):
        close(array, expected)


def test_adagrad_and_gradient_descent(cupy, kernels, dtype, close):
    gradients = [normal(dtype, SIZE, seed=t) for t in (1, 2, 3)]
    (descended,) = update_thrice(cupy, kernels, dtype, Sgd(0.3))
    close(descended, normal(dtype, SIZE) - 0.3 * sum(gradients))
    theta, squares = normal(dtype, SIZE), 0
    for g in gradients:
        squares = squares + g**2
        theta = theta - 0.02 * g / (np.sqrt(squares) + 1e-10)
    actual = update_thrice(cupy, kernels, dtype, Adagrad(0.02))
    for array, expected in zip(actual, (theta, squares), strict=True):
        close(array, expected)


@pytest.mark.skipif(NVCC is None, reason="no CUDA compiler")
@pytest.mark.parametrize("real", REALS.values())
def test_text_compiles_for_ampere_and_hopper(tmp_path, real):
    (tmp_path / "kernels.cu").write_text(SOURCE)
    targets = [f"-gencode=arch=compute_{target},code=sm_{target}" for target in (80, 90)]
    command = [NVCC, "-fatbin", "-std=c++17", "-Werror=all-warnings", f"-DREAL={real}", *targets]
    subprocess.run([*command, "kernels.cu"], cwd=tmp_path, check=True)


# Trainer


def problem(architecture, dtype, rows):
    """Parameters away from zero biases, pixels as bytes."""
    generator = np.random.default_rng(5)
    parameters = architecture.initial_parameters(generator, dtype)
    parameters += generator.normal(0, 0.1, parameters.shape).astype(dtype)
    return parameters, generator.integers(0, 256, (rows, architecture.input_dimension), np.uint8)


def make(cupy, architecture, parameters, optimizer="adam"):
    return CupyTrainer(cupy, architecture, parameters, OPTIMIZERS[optimizer], 4, 2)


def run(trainer, x, epochs, generator):
    """Losses of some epochs drawn by the trainer."""
    trainer.load(x)
    return [trainer.run_epoch(*trainer.draw(generator, len(x))) for _ in range(epochs)]


@pytest.mark.parametrize(
    ("name", "optimizer"),
    [*((name, "adam") for name in ARCHITECTURES), ("relu", "sgd"), ("relu", "adagrad")],
)
def test_trainer_agrees_with_that_of_numpy(cupy, dtype, name, optimizer):
    """Loss, gradient, then eight steps, two of them on a shorter batch."""
    architecture = ARCHITECTURES[name]
    parameters, x = problem(architecture, dtype, 15)
    trainers = [
        make(cupy, architecture, parameters, optimizer),
        NumpyTrainer(architecture, parameters, OPTIMIZERS[optimizer], 4, 2),
    ]
    tolerance = 100 * TOLERANCES[dtype]
    noise = normal(dtype, 2, 3, 3)
    actual, expected = (trainer.gradient(x[:3], noise) for trainer in trainers)
    np.testing.assert_allclose(actual[:2], expected[:2], rtol=tolerance)
    scale = np.abs(expected[2]).max()
    np.testing.assert_allclose(actual[2] / scale, expected[2] / scale, rtol=0, atol=tolerance)

    results = []
    for trainer in trainers:
        trainer.load(x)
        generator = np.random.default_rng(6)
        losses = [
            trainer.run_epoch(generator.permutation(15), generator.standard_normal((2, 15, 3)))
            for _ in range(2)
        ]
        results.append((losses, trainer.state()))
    (losses, state), (expected_losses, expected_state) = results
    np.testing.assert_allclose(losses, expected_losses, rtol=tolerance)
    for name, array in expected_state.items():
        np.testing.assert_allclose(state[name], array, rtol=0, atol=tolerance)
        assert state[name].shape == array.shape
    assert state["step"] == 8


def test_floats_of_the_other_precision_are_converted(cupy, dtype):
    parameters, x = problem(SMALL, dtype, 8)
    other = np.float64 if dtype is np.float32 else np.float32
    losses = []
    for data in (x, (x / 255).astype(other)):
        trainer = make(cupy, SMALL, parameters)
        losses += run(trainer, data, 1, np.random.default_rng(0))
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-5)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_graph_gives_what_plain_launches_give(cupy, dtype, optimizer):
    parameters, x = problem(SMALL, dtype, 14)
    results = []
    for records in (True, False):
        trainer = make(cupy, SMALL, parameters, optimizer)
        trainer._records = records
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            losses = run(trainer, x, 2, np.random.default_rng(7))
        assert (trainer._graph is not None) == records
        results.append((losses, trainer.state()))
    assert results[0][0] == results[1][0]
    for name, array in results[0][1].items():
        np.testing.assert_array_equal(array, results[1][1][name])


def test_graph_is_recorded_anew_for_other_data_and_lengths(cupy, dtype):
    parameters, x = problem(SMALL, dtype, 12)
    used = make(cupy, SMALL, parameters)
    run(used, x, 2, np.random.default_rng(8))
    for rows in (12, 9):
        fresh = make(cupy, SMALL, parameters)
        fresh.restore(used.state())
        losses = []
        for trainer in (used, fresh):
            if rows == 12 or trainer is fresh:
                trainer.load(x[::-1])
            order, noise = trainer.draw(np.random.default_rng(9), rows)
            losses.append([trainer.run_epoch(order, noise) for _ in range(2)])
        assert losses[0] == losses[1]


def test_what_cannot_be_recorded_is_launched_with_a_warning(cupy, dtype, monkeypatch):
    parameters, x = problem(SMALL, dtype, 14)
    expected = run(make(cupy, SMALL, parameters), x, 2, np.random.default_rng(7))
    trainer = make(cupy, SMALL, parameters)

    def refuse():
        raise NotImplementedError("no graphs here")

    monkeypatch.setattr(trainer, "_record", refuse)
    with pytest.warns(RuntimeWarning, match="kernel by kernel, which is slower: no graphs here"):
        losses = run(trainer, x, 2, np.random.default_rng(7))
    assert losses == expected


def test_error_while_recording_ends_the_recording(cupy, dtype, monkeypatch):
    parameters, x = problem(SMALL, dtype, 14)
    trainer = make(cupy, SMALL, parameters)
    take_step, steps = trainer._take_step, []

    def fail_at_the_second(count):
        take_step(count)
        steps.append(count)
        if len(steps) == 2:
            raise RuntimeError("fault of the second")

    monkeypatch.setattr(trainer, "_take_step", fail_at_the_second)
    with pytest.warns(RuntimeWarning, match="fault of the second"):
        run(trainer, x, 1, np.random.default_rng(7))
    assert trainer.state()["step"] == 4


def test_draw_is_reproducible(cupy, dtype):
    parameters, _ = problem(SMALL, dtype, 1)
    trainer, generator = make(cupy, SMALL, parameters), np.random.default_rng(10)
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


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_resumed_run_is_the_unbroken_one(cupy, dtype, optimizer):
    parameters, x = problem(SMALL, dtype, 14)
    unbroken, first = (make(cupy, SMALL, parameters, optimizer) for _ in range(2))
    generator = np.random.default_rng(11)
    expected = run(unbroken, x, 4, generator)

    generator = np.random.default_rng(11)
    losses = run(first, x, 2, generator)
    resumed = make(cupy, SMALL, np.zeros_like(parameters), optimizer)
    resumed.restore(first.state())
    losses += run(resumed, x, 2, generator)
    assert losses == expected
    for name, array in unbroken.state().items():
        np.testing.assert_array_equal(resumed.state()[name], array)
