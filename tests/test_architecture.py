"""The architecture: where parameters lie, how they start, and what is refused."""

import numpy as np
import pytest

from vae.architecture import INITIALISATIONS, NETWORKS, Architecture


def test_views_cover_the_parameter_vector_without_overlap():
    architecture = Architecture.named("two_layer", 30, 4)
    flat = np.zeros(architecture.parameter_count)
    for weight, bias in architecture.views(flat):
        weight += 1
        bias += 1
    assert (flat == 1).all()


def test_simulation_network_is_the_reports():
    layers = Architecture.named("simulation", 4624, 20).layers
    assert [(layer.inputs, layer.outputs) for layer in layers] == [
        (4624, 1000),
        (1000, 200),
        (200, 40),
        (20, 200),
        (200, 1000),
        (1000, 4624),
    ]


def test_initial_weights_follow_glorot_and_biases_are_zero():
    architecture = Architecture.named("two_layer", 784, 20)
    parameters = architecture.initial_parameters(np.random.default_rng(0), np.float64)
    for layer, (weight, bias) in zip(
        architecture.layers, architecture.views(parameters), strict=True
    ):
        fan_out = layer.outputs // layer.heads
        expected = np.sqrt(2 / (layer.inputs + fan_out))  # Glorot & Bengio 2010, eq. 12 and 16
        assert weight.std() == pytest.approx(expected, rel=0.05)
        assert not bias.any()


def test_initial_weights_follow_he_and_biases_are_zero():
    architecture = Architecture.named("two_layer", 784, 20)
    parameters = architecture.initial_parameters(np.random.default_rng(0), np.float64, "he")
    for layer, (weight, bias) in zip(
        architecture.layers, architecture.views(parameters), strict=True
    ):
        expected = np.sqrt(2 / layer.inputs)  # He et al. 2015, eq. 10
        assert weight.std() == pytest.approx(expected, rel=0.05)
        assert np.abs(weight).max() > 3 * expected  # normal, not uniform
        assert not bias.any()


def test_initial_weights_and_biases_follow_one_normal_distribution():
    architecture = Architecture.named("two_layer", 784, 20)
    parameters = architecture.initial_parameters(np.random.default_rng(0), np.float64, "normal")
    for weight, bias in architecture.views(parameters):
        assert weight.std() == pytest.approx(0.01, rel=0.05)
        assert np.abs(weight).max() > 0.03
        assert bias.std() == pytest.approx(0.01, rel=0.3)
    assert abs(parameters.mean()) < 1e-4


@pytest.mark.parametrize("initialisation", INITIALISATIONS)
def test_a_seed_gives_the_same_start_in_both_dtypes(initialisation):
    architecture = Architecture.named("one_layer", 12, 2)
    single, double = (
        architecture.initial_parameters(np.random.default_rng(5), dtype, initialisation)
        for dtype in (np.float32, np.float64)
    )
    assert (single.dtype, double.dtype) == (np.float32, np.float64)
    np.testing.assert_array_equal(single, double.astype(np.float32))


def test_an_unknown_initialisation_is_one_sentence():
    architecture = Architecture.named("one_layer", 12, 2)
    with pytest.raises(ValueError, match=r"initialisation: 'xavir' is unknown; .* is xavier"):
        architecture.initial_parameters(np.random.default_rng(5), initialisation="xavir")


@pytest.mark.parametrize("network", NETWORKS)
def test_json_round_trip(network):
    architecture = Architecture.named(network, 12, 2)
    assert Architecture.from_json(architecture.to_json()) == architecture


def test_json_from_before_convolutions_is_read():
    text = (
        '{"input_dimension": 12, "latent_dimension": 2, "encoder_sizes": [5], '
        '"encoder_activation": "tanh", "decoder_sizes": [4], "decoder_activation": "tanh", '
        '"likelihood": "gaussian", "squash_mean": true}'
    )
    assert Architecture.from_json(text) == Architecture(
        12, 2, (5,), "tanh", (4,), "tanh", "gaussian", squash_mean=True
    )


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"network": "two_layr"}, "nearest is two_layer"),
        ({"network": {"encoder_size": [3]}}, "nearest is encoder_sizes"),
        ({"network": {"encoder_activation": "rellu"}}, "nearest is relu"),
        ({"network": {"likelihood": "gausian"}}, "nearest is gaussian"),
        ({"network": {"encoder_sizes": [0]}}, "positive whole number, got 0"),
        ({"network": {"squash_mean": True}}, "for the gaussian likelihood"),
        (
            {"network": "two_layer", "latent_dimension": 2.5},
            "latent_dimension: expected a positive",
        ),
    ],
)
def test_wrong_settings_are_one_sentence(settings, sentence):
    settings = {"input_dimension": 5, "latent_dimension": 2} | settings
    with pytest.raises(ValueError, match=sentence):
        Architecture.named(**settings)
