"""The report's own NumPy algorithm: the gradients of all backends, an optimiser of its own."""

from dataclasses import replace

import numpy as np
import pytest

from vae.architecture import ACTIVATIONS, Architecture
from vae.backends import create_trainer
from vae.backends._published_trainer import PublishedTrainer
from vae.optimizer import Adagrad, Adam

SMALL = Architecture(7, 3, encoder_sizes=(6, 5), decoder_sizes=(4, 6))
ADAM = Adam(1e-2)
VARIANTS = {
    activation: replace(SMALL, encoder_activation=activation, decoder_activation=activation)
    for activation in ACTIVATIONS
} | {"no hidden layer": replace(SMALL, encoder_sizes=(), decoder_sizes=())}


def problem(architecture, images, dtype=np.float64):
    """Parameters away from zero biases, images and noise."""
    generator = np.random.default_rng(0)
    parameters = architecture.initial_parameters(generator, dtype)
    parameters += generator.normal(0, 0.1, parameters.shape).astype(dtype)
    x = generator.random((images, architecture.input_dimension)).astype(dtype)
    return parameters, x, generator.standard_normal((1, images, architecture.latent_dimension))


def published(architecture, parameters, batch_size, x=None) -> PublishedTrainer:
    made = PublishedTrainer(architecture, parameters, ADAM, batch_size)
    if x is not None:
        made.load(x)
    return made


def ordinary(architecture, parameters, batch_size, x):
    made = create_trainer("numpy", architecture, parameters, ADAM, batch_size)
    made.load(x)
    return made


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 1e-5), (np.float64, 1e-10)])
@pytest.mark.parametrize("architecture", VARIANTS.values(), ids=VARIANTS.keys())
def test_the_mean_of_its_gradients_is_the_gradient(architecture, dtype, tolerance):
    parameters, x, noise = problem(architecture, 5, dtype)
    expected = ordinary(architecture, parameters, 5, x).gradient(x, noise)
    actual = published(architecture, parameters, 5).gradient(x, noise)
    # The loss differs by the small number in its logarithms.
    np.testing.assert_allclose(actual[:2], expected[:2], rtol=max(tolerance, 1e-6))
    scale = np.abs(expected[2]).max()
    np.testing.assert_allclose(actual[2] / scale, expected[2] / scale, rtol=0, atol=tolerance)


def test_on_batches_of_one_image_it_is_adam():
    parameters, x, noise = problem(SMALL, 6)
    order = np.arange(6)[::-1]
    states, losses = [], []
    for make in (published, ordinary):
        one = make(SMALL, parameters, 1, x)
        losses += [one.run_epoch(order, noise), one.run_epoch(order, noise)]
        states.append(one.state())
    np.testing.assert_allclose(losses[:2], losses[2:], rtol=1e-6)
    np.testing.assert_allclose(states[0]["parameters"], states[1]["parameters"], atol=1e-9)
    assert states[0]["step"] == states[1]["step"] == 12


def test_each_image_of_a_batch_makes_an_update_with_the_moments_of_its_place():
    """Two epochs of a batch of four and a shorter one of three, by a plain loop over images."""
    parameters, x, noise = problem(SMALL, 7)
    order = np.array([3, 6, 0, 5, 2, 1, 4])
    theta = parameters.copy()
    m, v = np.zeros((2, 4, len(theta)))
    for step, start in enumerate((0, 4, 0, 4), start=1):
        rows = order[start : start + 4]
        one_by_one = ordinary(SMALL, theta, 1, x)
        for place, row in enumerate(rows):
            epsilon = noise[:, start + place : start + place + 1]
            g = one_by_one.gradient(x[row : row + 1], epsilon)[2]
            m[place] = 0.9 * m[place] + 0.1 * g
            v[place] = 0.999 * v[place] + 0.001 * g**2
            m_hat, v_hat = m[place] / (1 - 0.9**step), v[place] / (1 - 0.999**step)
            theta = theta - 1e-2 * m_hat / (np.sqrt(v_hat) + 1e-8)

    actual = published(SMALL, parameters, 4, x)
    adam = ordinary(SMALL, parameters, 4, x)
    for _ in range(2):
        actual.run_epoch(order, noise)
        adam.run_epoch(order, noise)
    state = actual.state()
    np.testing.assert_allclose(state["parameters"], theta, atol=1e-8)
    np.testing.assert_allclose(state["first_moment"], m, atol=1e-9)
    np.testing.assert_allclose(state["second_moment"], v, atol=1e-9)
    assert np.abs(state["parameters"] - adam.state()["parameters"]).max() > 1e-2


def test_float64_noise_promotes_a_run_in_single_precision():
    parameters, x, noise = problem(SMALL, 4, np.float32)
    started = published(SMALL, parameters, 4, x)
    assert started.state()["parameters"].dtype == np.float32
    encoder = started.forward(x, noise[0]).mean
    started.run_epoch(np.arange(4), noise.astype(np.float32))
    assert started.state()["parameters"].dtype == np.float64
    assert (encoder.dtype, started.forward(x, noise[0]).mean.dtype) == (np.float32, np.float64)


def test_bytes_are_pixels_over_255():
    parameters, _, noise = problem(SMALL, 5)
    x = np.random.default_rng(1).integers(0, 256, (5, 7), np.uint8)
    gradients = [
        published(SMALL, parameters, 5).gradient(pixels, noise)[2] for pixels in (x, x / 255)
    ]
    np.testing.assert_allclose(*gradients, rtol=1e-4, atol=1e-6)


def test_it_draws_what_others_draw_in_double_precision():
    order, noise = published(SMALL, problem(SMALL, 1)[0], 4).draw(np.random.default_rng(5), 9)
    assert sorted(order) == list(range(9))
    assert noise.shape == (1, 9, 3) and noise.dtype == np.float64
    expected = np.random.default_rng(5)
    np.testing.assert_array_equal(order, expected.permutation(9))
    np.testing.assert_array_equal(noise, expected.standard_normal((1, 9, 3), np.float32))


def test_restored_state_goes_on_as_if_unbroken():
    parameters, x, noise = problem(SMALL, 7)
    order = np.arange(7)
    unbroken = published(SMALL, parameters, 4, x)
    unbroken.run_epoch(order, noise)
    resumed = published(SMALL, np.zeros_like(parameters), 4, x)
    resumed.restore(unbroken.state())
    for one in (unbroken, resumed):
        one.run_epoch(order, noise)
    for key, value in resumed.state().items():
        np.testing.assert_array_equal(value, unbroken.state()[key])


def test_moments_of_another_backend_go_to_every_place():
    parameters, x, noise = problem(SMALL, 4)
    other = ordinary(SMALL, parameters, 4, x)
    other.run_epoch(np.arange(4), noise)
    resumed = published(SMALL, parameters, 3)
    resumed.restore(other.state())
    for moment in ("first_moment", "second_moment"):
        np.testing.assert_array_equal(resumed.state()[moment], [other.state()[moment]] * 3)


def test_what_the_report_did_not_have_is_refused():
    parameters = problem(SMALL, 1)[0]
    gaussian = replace(SMALL, likelihood="gaussian")
    with pytest.raises(ValueError, match="published does not train with the likelihood gaussian"):
        create_trainer("published", gaussian, parameters, ADAM, 4, 1)
    with pytest.raises(ValueError, match="published does not train with 2 latent samples an image"):
        create_trainer("published", SMALL, parameters, ADAM, 4, 2)
    with pytest.raises(ValueError, match=r"with the optimizer adagrad; expected cupy or numpy or"):
        create_trainer("published", SMALL, parameters, Adagrad(0.01), 4, 1)
