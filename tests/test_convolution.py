"""Convolutional networks: shapes, gradients, NumPy against TensorFlow, and what is refused."""

from dataclasses import replace

import networkx as nx
import numpy as np
import pytest

import train_vae
from study.dataset import Dataset, load_dataset, save_dataset
from vae import VAE, checkpoint
from vae.architecture import ACTIVATIONS, Architecture
from vae.backends import BACKENDS, create_trainer, facts, unavailable
from vae.convolution import Convolution, GraphConvolution
from vae.model import Model, load_model
from vae.objective import kl_divergence
from vae.optimizer import Adagrad, Adam, Sgd
from vae.training import Training, train

needs_tensorflow = pytest.mark.skipif(
    unavailable("tensorflow") is not None, reason=f"tensorflow: {unavailable('tensorflow')}"
)

GREY = Architecture(
    20,
    2,
    encoder_sizes=(4,),
    decoder_sizes=(3,),
    image_shape=(5, 4),
    encoder_filters=(2, 3),
    decoder_filters=(3, 2),
)
COLOUR = replace(
    GREY,
    input_dimension=45,
    image_shape=(3, 5, 3),
    likelihood="gaussian",
    encoder_activation="tanh",
    decoder_activation="tanh",
)
GRAPH = replace(GREY, graph_convolutions=True)
VARIANTS = {
    "grey": GREY,
    "colour": COLOUR,
    "graph": GRAPH,
    "graph, colour": replace(COLOUR, graph_convolutions=True),
    "squashed": replace(COLOUR, squash_mean=True),
    "encoder alone": replace(GREY, decoder_filters=()),
    "decoder alone": replace(COLOUR, encoder_filters=()),
    "no hidden layer": replace(GREY, encoder_sizes=(), decoder_sizes=()),
    **{f"kernel {side}": replace(GREY, kernel=side) for side in (1, 2, 4, 5)},
    **{
        name: replace(GREY, encoder_activation=name, decoder_activation=name)
        for name in ACTIVATIONS
    },
}
SHAPES = {
    "digits": (8, 8),
    "frey": (28, 20),
    "mnist": (28, 28),
    "cifar": (32, 32, 3),
    "68": (68, 68),
}


def problem(architecture, dtype=np.float64, samples=2, batch=5):
    """Parameters away from zero biases, a batch of pixels and noise."""
    generator = np.random.default_rng(0)
    parameters = architecture.initial_parameters(generator, dtype)
    parameters += generator.normal(0, 0.1, parameters.shape).astype(dtype)
    x = generator.random((batch, architecture.input_dimension)).astype(dtype)
    noise = generator.standard_normal((samples, batch, architecture.latent_dimension))
    return parameters, x, noise.astype(dtype)


def make(architecture, parameters, optimizer=None, batch=5, samples=2):
    return create_trainer(
        "tensorflow", architecture, parameters, optimizer or Adam(), batch, samples
    )


def numpy_losses(model, x, noise):
    """Reconstruction loss and KL divergence of a batch, nats per item."""
    mean, log_variance = model.encode(x)
    z = mean + np.exp(log_variance / 2) * noise
    reconstruction = -np.mean([model._log_likelihood(x, sample) for sample in z])
    return reconstruction, kl_divergence(mean, log_variance).mean()


def shapes(layers):
    return [(layer.positions, layer.inputs, layer.outputs) for layer in layers]


def test_layers_halve_and_double_odd_sizes():
    architecture = replace(GREY, input_dimension=27 * 20, image_shape=(27, 20))
    assert shapes(architecture.encoder) == [
        (14 * 10, 9, 2),
        (7 * 5, 9 * 2, 3),
        (1, 7 * 5 * 3, 4),
        (1, 4, 4),
    ]
    assert shapes(architecture.decoder) == [
        (1, 2, 3),
        (1, 3, 7 * 5 * 3),
        (14 * 10, 9 * 3, 3),
        (27 * 20, 9 * 3, 2),
        (27 * 20, 9 * 2, 1),
    ]


def test_parameters_are_weights_and_biases_of_the_filters():
    """The image is 3 x 5 with 3 colours, then 2 x 3, then 1 x 2."""
    encoder = (9 * 3 + 1) * 2 + (9 * 2 + 1) * 3 + (1 * 2 * 3 + 1) * 4 + (4 + 1) * (2 + 2)
    decoder = (2 + 1) * 3 + (3 + 1) * (1 * 2 * 3) + (9 * 3 + 1) * 3 + (9 * 3 + 1) * 2
    assert COLOUR.parameter_count == encoder + decoder + (9 * 2 + 1) * (3 + 3)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_models_of_every_dataset_give_images_of_its_shape(shape):
    dimension = int(np.prod(shape))
    architecture = replace(GREY, input_dimension=dimension, image_shape=shape)
    model = Model(architecture, architecture.initial_parameters(np.random.default_rng(0)))
    x = np.random.default_rng(1).integers(0, 256, (3, dimension), np.uint8)
    assert model.encode(x)[0].shape == (3, 2)
    assert model.reconstruct(x).shape == (3, dimension)


def test_patches_are_the_pixels_around_each_place():
    """A 3 x 2 image of two channels, of which the even rows and columns are the places."""
    image = np.arange(1, 13.0).reshape(1, 12)
    convolution = Convolution(3, 2, (3, 2), (2, 1), stride=2)
    rows = convolution.gather(image).reshape(2, 3, 3, 2)
    padded = np.zeros((5, 3, 2))
    padded[1:4, :2] = image.reshape(3, 2, 2)
    np.testing.assert_array_equal(rows, [padded[:3], padded[2:]])


def test_enlarged_images_repeat_pixels_and_are_cut():
    image = np.array([[1.0, 2.0, 3.0, 4.0]])
    convolution = Convolution(1, 1, (2, 2), (3, 4), upsampling=2)
    enlarged = convolution.gather(image).reshape(3, 4)
    np.testing.assert_array_equal(enlarged, [[1, 1, 2, 2], [1, 1, 2, 2], [3, 3, 4, 4]])


@pytest.mark.parametrize("size", [(1, 1), (1, 4), (2, 2), (3, 5)], ids=str)
def test_a_graph_convolution_sums_by_the_normalised_adjacency_of_the_grid(size):
    """I - L of networkx's grid with self-loops, whose degrees are sums of the matrix's rows."""
    grid = nx.grid_2d_graph(*size)
    grid.add_edges_from((pixel, pixel) for pixel in list(grid))
    pixels = len(grid)
    expected = np.eye(pixels) - nx.normalized_laplacian_matrix(grid, sorted(grid)).toarray()
    x = np.random.default_rng(0).standard_normal((2, pixels, 3))
    sums = GraphConvolution(3, size).gather(x.reshape(2, -1)).reshape(x.shape)
    np.testing.assert_allclose(sums, expected @ x, rtol=1e-12)


def test_a_graph_keeps_the_image_whole_and_its_filters_have_an_input_a_channel():
    assert shapes(GRAPH.encoder) == [(20, 1, 2), (20, 2, 3), (1, 20 * 3, 4), (1, 4, 4)]
    assert shapes(GRAPH.decoder) == [
        (1, 2, 3),
        (1, 3, 20 * 3),
        (20, 3, 3),
        (20, 3, 2),
        (20, 2, 1),
    ]


@pytest.mark.parametrize(("graph", "blind"), [(True, True), (False, False)], ids=["graph", "patch"])
def test_a_graph_convolution_cannot_tell_directions(graph, blind):
    """Of a turned image it makes the turned features, whatever its parameters."""
    image = np.random.default_rng(0).random((4, 4))
    if graph:
        convolution, inputs = GraphConvolution(1, (4, 4)), 1
    else:
        convolution, inputs = Convolution(3, 1, (4, 4), (4, 4)), 9
    weight = np.random.default_rng(1).random(inputs)

    def features(x):
        return (convolution.gather(x.reshape(1, -1)) @ weight).reshape(4, 4)

    assert np.allclose(features(np.rot90(image)), np.rot90(features(image))) == blind


@needs_tensorflow
@pytest.mark.parametrize("name", ["grey", "squashed", "kernel 2", "graph", "graph, colour"])
def test_gradient_matches_finite_differences(name):
    """TensorFlow's gradient against differences of the loss that NumPy computes."""
    architecture = VARIANTS[name]
    parameters, x, noise = problem(architecture, batch=3)
    gradient = make(architecture, parameters).gradient(x, noise)[2]
    h = 1e-6

    def loss(shifted):
        return sum(numpy_losses(Model(architecture, shifted), x, noise))

    unit = np.eye(len(parameters))
    numeric = [(loss(parameters + h * row) - loss(parameters - h * row)) / (2 * h) for row in unit]
    np.testing.assert_allclose(gradient, numeric, rtol=1e-5, atol=1e-7)


@needs_tensorflow
@pytest.mark.parametrize(
    ("name", "dtype", "tolerance"),
    [
        *((name, np.float64, 1e-12) for name in VARIANTS),
        ("grey", np.float32, 1e-5),
        ("colour", np.float32, 1e-5),
        ("graph", np.float32, 1e-5),
    ],
)
def test_numpy_model_has_tensorflows_losses(name, dtype, tolerance):
    architecture = VARIANTS[name]
    parameters, x, noise = problem(architecture, dtype)
    reconstruction, kl, _ = make(architecture, parameters).gradient(x, noise)
    expected = numpy_losses(Model(architecture, parameters), x, noise)
    assert (reconstruction, kl) == pytest.approx(expected, rel=tolerance)


@needs_tensorflow
@pytest.mark.parametrize("name", ["grey", "squashed", "graph"])
def test_every_pixel_of_the_numpy_model_is_tensorflows(name):
    architecture = VARIANTS[name]
    parameters, x, _ = problem(architecture)
    trainer, model = make(architecture, parameters), Model(architecture, parameters)
    head = trainer._layers(architecture.encoder, x, 0)
    mean, log_variance = np.split(head.numpy(), 2, axis=1)
    np.testing.assert_allclose(model.encode(x), (mean, log_variance), rtol=1e-12)
    head = trainer._layers(architecture.decoder, mean, 2 * len(architecture.encoder)).numpy()
    pixels = 1 / (1 + np.exp(-head[:, : architecture.input_dimension]))
    np.testing.assert_allclose(model.decode(mean), pixels, rtol=1e-12)


def test_rows_do_not_depend_on_how_many_pass_at_a_time(monkeypatch):
    parameters, x, _ = problem(GREY, batch=11)
    expected = Model(GREY, parameters).reconstruct(x)
    for most in (1, 2000):
        monkeypatch.setattr("vae.model._LAYER_INPUTS", most)
        np.testing.assert_allclose(Model(GREY, parameters).reconstruct(x), expected, rtol=1e-12)


@needs_tensorflow
@pytest.mark.parametrize("optimizer", [Adam(), Sgd(0.01), Adagrad(0.01)], ids=lambda o: o.name)
def test_steps_follow_the_gradient_by_the_optimizers_formula(optimizer):
    """Three batches, the last of them shorter."""
    parameters, x, noise = problem(GREY, batch=12)
    trainer = make(GREY, parameters, optimizer)
    trainer.load(x)
    losses = trainer.run_epoch(np.arange(12), noise)
    theta, m, v, squares, totals = parameters.copy(), 0, 0, 0, np.zeros(2)
    for t, rows in enumerate((slice(0, 5), slice(5, 10), slice(10, 12)), start=1):
        *terms, g = make(GREY, theta).gradient(x[rows], noise[:, rows])
        totals += np.array(terms) * len(x[rows])
        m, v, squares = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2, squares + g**2
        theta = (
            theta
            - {
                "adam": 1e-3 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8),
                "sgd": 0.01 * g,
                "adagrad": 0.01 * g / (np.sqrt(squares) + 1e-10),
            }[optimizer.name]
        )
    np.testing.assert_allclose(trainer.state()["parameters"], theta, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(losses, totals / 12, rtol=1e-12)
    assert trainer.state()["step"] == 3


def squares(n=60, shape=(5, 4)):
    """Bytes: a bright 2 x 2 square anywhere in a dark image."""
    generator = np.random.default_rng(7)
    x = np.zeros((n, *shape), np.uint8)
    for image in x:
        row, column = (generator.integers(0, size - 1) for size in shape)
        image[row : row + 2, column : column + 2] = 255
    return x.reshape(n, -1)


def fit(path=None, epochs=3):
    x = squares()
    return train(
        GREY,
        x[:45],
        x[45:],
        Training(backend="tensorflow", batch_size=20, learning_rate=0.02),
        epochs=epochs,
        generator=np.random.default_rng(1),
        checkpoint=path,
    )


@needs_tensorflow
def test_training_lowers_the_loss_below_its_start():
    model, history = fit(epochs=30)
    loss = [-row.value for row in history if (row.split, row.metric) == ("test", "elbo")]
    assert loss[-1] < 0.8 * loss[0]
    start = Model(GREY, GREY.initial_parameters(np.random.default_rng(1).spawn(3)[0]))
    terms = (m.elbo_terms(squares(), np.random.default_rng(0)) for m in (model, start))
    trained, untrained = (np.mean(np.add(*term)) for term in terms)
    assert trained < 0.8 * untrained


@needs_tensorflow
def test_a_training_goes_on_from_its_checkpoint(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoint, "SECONDS_BETWEEN", 0)
    fit(tmp_path / "checkpoint.npz", epochs=1)
    continued = fit(tmp_path / "checkpoint.npz")[0].parameters
    np.testing.assert_array_equal(continued, fit()[0].parameters)


def test_saved_and_loaded_is_the_same_model(tmp_path):
    parameters, x, _ = problem(COLOUR, np.float32)
    Model(COLOUR, parameters).save(tmp_path / "model.npz")
    loaded = load_model(tmp_path / "model.npz")
    assert loaded.architecture == COLOUR
    np.testing.assert_array_equal(loaded.reconstruct(x), Model(COLOUR, parameters).reconstruct(x))


def test_the_shape_of_an_item_is_for_networks_with_filters_alone():
    network = {"encoder_filters": [2, 3], "decoder_filters": [3, 2]}
    network |= {"encoder_sizes": [4], "decoder_sizes": [3]}
    assert Architecture.named(network, 20, 2, [5, 4]) == GREY
    assert Architecture.named(network | {"image_shape": [5, 4, 1]}, 20, 2) == GREY
    dense = Architecture.named("two_layer", 20, 2, [5, 4])
    assert dense == Architecture.named("two_layer", 20, 2)
    assert not dense.convolutional and GREY.convolutional


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"image_shape": None}, "image_shape is missing"),
        ({"image_shape": (5, 5)}, r"product is the input dimension 20, got \(5, 5\)"),
        ({"image_shape": (20,)}, r"height, width and channels .* got \(20,\)"),
        ({"image_shape": (5.0, 4)}, "image_shape: expected a positive whole number, got 5.0"),
        ({"decoder_filters": (1,) * 4}, "at most 3 each, since an image of 5 x 4 is one pixel"),
        ({"encoder_filters": (0,)}, "encoder_filters: expected a positive whole number, got 0"),
        ({"kernel": 0}, "kernel: expected a positive whole number, got 0"),
        ({"encoder_filters": (), "decoder_filters": ()}, "are for networks with encoder_filters"),
        ({"graph_convolutions": 1}, "graph_convolutions: expected True or False, got 1"),
        (
            {"graph_convolutions": True, "kernel": 5},
            "kernel: expected none with graph_conv.* got 5",
        ),
        (
            {
                "image_shape": None,
                "graph_convolutions": True,
                "encoder_filters": (),
                "decoder_filters": (),
            },
            "image_shape and graph_convolutions are for networks with encoder_filters or decoder",
        ),
    ],
)
def test_wrong_settings_are_one_sentence(settings, sentence):
    with pytest.raises(ValueError, match=sentence):
        replace(GREY, **settings)


@pytest.mark.parametrize("backend", [b for b in BACKENDS if not facts(b).convolutions])
def test_other_backends_say_which_one_trains_convolutions(backend):
    parameters = problem(GREY)[0]
    with pytest.raises(
        ValueError, match=f"{backend} does not train with filters; expected tensorflow"
    ):
        create_trainer(backend, GREY, parameters, Adam())


@needs_tensorflow
def test_estimator_takes_filters():
    network = {"image_shape": (5, 4), "encoder_filters": [2], "decoder_filters": [2]}
    network |= {"encoder_sizes": [4], "decoder_sizes": [4]}
    x = squares() / np.float32(255)
    vae = VAE(2, network=network, backend="tensorflow", epochs=2, random_state=0).fit(x)
    assert vae.inverse_transform(vae.transform(x)).shape == x.shape
    assert vae.partial_fit(x).score(x) < 0
    with pytest.raises(ValueError, match="not train with filters; expected tensorflow"):
        VAE(2, network=network).fit(x)


@needs_tensorflow
def test_train_vae_takes_the_shape_from_the_dataset(tmp_path, monkeypatch):
    monkeypatch.setattr(train_vae, "limit_threads", lambda *_: None)
    x, y = squares(), np.zeros(60, np.int64)
    save_dataset(
        tmp_path / "data.npz",
        Dataset(x[:45], y[:45], x[45:], y[45:], np.array([5, 4]), np.array(["square"])),
    )
    train_vae.train_vae(
        tmp_path / "data.npz",
        tmp_path / "model.npz",
        tmp_path / "history.csv",
        {
            "dataset": "squares",
            "architecture": "convolutions",
            "training": "report",
            "latent_dimension": 2,
            "train_size": "all",
            "epochs": 1,
            "backend": "tensorflow",
            "seed": 1,
        },
        {"encoder_filters": [2, 3], "encoder_sizes": [4], "decoder_sizes": [4]},
        {"batch_size": 20, "learning_rate": 0.01},
        root_seed=1,
        threads=1,
    )
    model = load_model(tmp_path / "model.npz")
    assert model.architecture.image_shape == (5, 4, 1)
    assert model.reconstruct(load_dataset(tmp_path / "data.npz").x_test).shape == (15, 20)
