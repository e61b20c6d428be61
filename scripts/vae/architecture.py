"""Which network: layer sizes, activations and likelihood, and how its parameters lie in memory.

NumPy is imported where parameters are drawn, so that who only plans a training needs none.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, Any, Self

from vae.convolution import Convolution, GraphConvolution, Size, halved
from vae.names import require_known, require_whole

if TYPE_CHECKING:
    import numpy as np

ACTIVATIONS = ("linear", "relu", "leaky_relu", "elu", "softplus", "tanh", "sigmoid")
LIKELIHOODS = ("bernoulli", "gaussian")
INITIALISATIONS = ("xavier", "he", "normal")

LEAKY_SLOPE = 0.2
"""Slope of the leaky ReLU below zero, TensorFlow's default."""

NORMAL_DEVIATION = 0.01
"""Standard deviation of the initialisation `normal`. AEVB has N(0, 0.01), without saying whether
that is the standard deviation or the variance."""

MINIMUM_LOG_VARIANCE = -8.0
"""Floor of the Gaussian decoder's log variance: without one, the density at a pixel that never
changes grows without bound."""

KERNEL = 3
"""Side of a convolution's patches, if none is given."""

NETWORKS: dict[str, dict[str, Any]] = {
    "one_layer": {
        "encoder_sizes": (500,),
        "encoder_activation": "tanh",
        "decoder_sizes": (500,),
        "decoder_activation": "tanh",
        "likelihood": "bernoulli",
    },
    "two_layer": {
        "encoder_sizes": (500, 500),
        "encoder_activation": "relu",
        "decoder_sizes": (500, 500),
        "decoder_activation": "leaky_relu",
        "likelihood": "bernoulli",
    },
    "simulation": {
        "encoder_sizes": (1000, 200),
        "encoder_activation": "relu",
        "decoder_sizes": (200, 1000),
        "decoder_activation": "leaky_relu",
        "likelihood": "bernoulli",
    },
}
"""The report's networks: equations (4.1)-(4.4), its TensorFlow model, and that of Sec. 6.1."""


@dataclass(frozen=True)
class Layer:
    """One affine layer with its activation.

    `heads` is the number of equal parts that its outputs fall into, each a layer of its own in the
    report (mean and log variance) and initialised as such, computed here in one product. With a
    convolution, the map is that from a patch, or from the sum over a pixel and its neighbours in a
    graph (`inputs` numbers), to the channels of a pixel (`outputs`).
    """

    name: str
    inputs: int
    outputs: int
    activation: str
    heads: int = 1
    convolution: Convolution | GraphConvolution | None = None

    @property
    def positions(self) -> int:
        """How often the map is applied to one item: once, or at every patch of a convolution."""
        return 1 if self.convolution is None else self.convolution.positions


@dataclass(frozen=True)
class Architecture:
    """A variational auto-encoder, fully connected or with convolutions next to the image.

    Encoder and decoder follow equations (4.1)-(4.6) of the report with any number of hidden
    layers. The Bernoulli decoder gives logits; the Gaussian one the mean and the log variance of
    every pixel, the mean squashed to (0, 1) by a sigmoid if `squash_mean` (AEVB, Appendix C).

    With `encoder_filters`, the image first passes through a convolution of stride 2 for each, which
    has that many filters and halves height and width, rounded up. With `decoder_filters`, the
    decoder's hidden layers end in an image so small that one doubling for each filter count makes
    it `image_shape`, with as many channels as the first has filters; then each doubles the image by
    repeating pixels and convolves it; and the head is a convolution too. `kernel` is the side of
    the patches. `image_shape`, height and width and, unless there is one, channels, is for networks
    with filters alone; it becomes a triple.

    With `graph_convolutions`, the filters are those of convolutions on the graph of the pixels
    (`vae.convolution.GraphConvolution`), in the same places. They neither halve nor double the
    image and have no `kernel`.

    Raises
    ------
    ValueError
        If a size is not a positive integer, an activation or likelihood is unknown, or the filters
        do not fit the image or lack its shape.
    """

    input_dimension: int
    latent_dimension: int
    encoder_sizes: tuple[int, ...] = (500, 500)
    encoder_activation: str = "relu"
    decoder_sizes: tuple[int, ...] = (500, 500)
    decoder_activation: str = "leaky_relu"
    likelihood: str = "bernoulli"
    squash_mean: bool = False
    image_shape: tuple[int, ...] | None = None
    encoder_filters: tuple[int, ...] = ()
    decoder_filters: tuple[int, ...] = ()
    kernel: int = KERNEL
    graph_convolutions: bool = False

    def __post_init__(self) -> None:
        for name in ("input_dimension", "latent_dimension", "kernel"):
            object.__setattr__(self, name, require_whole(name, getattr(self, name)))
        for name in ("encoder_sizes", "decoder_sizes", "encoder_filters", "decoder_filters"):
            object.__setattr__(self, name, _sizes(name, getattr(self, name)))
        require_known("encoder_activation", self.encoder_activation, ACTIVATIONS)
        require_known("decoder_activation", self.decoder_activation, ACTIVATIONS)
        require_known("likelihood", self.likelihood, LIKELIHOODS)
        for name in ("squash_mean", "graph_convolutions"):
            if not isinstance(getattr(self, name), bool):
                raise ValueError(f"{name}: expected True or False, got {getattr(self, name)!r}")
        if self.squash_mean and self.likelihood != "gaussian":
            raise ValueError(
                "squash_mean is for the gaussian likelihood, not for the bernoulli one"
            )
        if self.convolutional:
            object.__setattr__(self, "image_shape", self._checked_image_shape())
        elif self.image_shape is not None or self.graph_convolutions:
            raise ValueError(
                "image_shape and graph_convolutions are for networks with encoder_filters or "
                "decoder_filters"
            )
        if self.graph_convolutions and self.kernel != KERNEL:
            raise ValueError(f"kernel: expected none with graph_convolutions, got {self.kernel}")

    @classmethod
    def named(
        cls,
        network: str | Mapping[str, Any],
        input_dimension: int,
        latent_dimension: int,
        image_shape: Sequence[int] | None = None,
    ) -> Self:
        """Architecture of a network given by its name in `NETWORKS` or by its settings.

        Parameters
        ----------
        network
            Name or settings.
        input_dimension, latent_dimension
            Sizes of an item and of the latent vector.
        image_shape
            Shape of an item, for a network with filters whose settings do not have it; other
            networks do without.

        Raises
        ------
        ValueError
            If the name is unknown, naming the nearest one, or a setting is wrong.
        """
        if isinstance(network, str):
            require_known("network", network, tuple(NETWORKS))
            network = NETWORKS[network]
        settings = set(cls.__dataclass_fields__) - {"input_dimension", "latent_dimension"}
        for name in network:
            require_known("network setting", name, sorted(settings))
        if network.get("encoder_filters") or network.get("decoder_filters"):
            network = {"image_shape": image_shape, **network}
        return cls(input_dimension, latent_dimension, **network)

    @property
    def convolutional(self) -> bool:
        """Whether it has filters."""
        return bool(self.encoder_filters or self.decoder_filters)

    @cached_property
    def encoder(self) -> tuple[Layer, ...]:
        """Convolutions, hidden layers, then one head of posterior means and log variances."""
        convolutions = self._encoder_convolutions()
        inputs = self.input_dimension
        if convolutions:
            inputs = convolutions[-1].positions * convolutions[-1].outputs
        hidden = _hidden("encoder", inputs, self.encoder_sizes, self.encoder_activation)
        inputs = hidden[-1].outputs if hidden else inputs
        head = Layer("encoder.head", inputs, 2 * self.latent_dimension, "linear", 2)
        return (*convolutions, *hidden, head)

    @cached_property
    def decoder(self) -> tuple[Layer, ...]:
        """Hidden layers, convolutions, then one head of logits, or of means and log variances."""
        hidden = _hidden(
            "decoder", self.latent_dimension, self.decoder_sizes, self.decoder_activation
        )
        inputs = hidden[-1].outputs if hidden else self.latent_dimension
        heads = 2 if self.likelihood == "gaussian" else 1
        if self.decoder_filters:
            return (*hidden, *self._decoder_convolutions(inputs, heads))
        outputs = heads * self.input_dimension
        return (*hidden, Layer("decoder.head", inputs, outputs, "linear", heads))

    def _encoder_convolutions(self) -> list[Layer]:
        layers: list[Layer] = []
        activation = self.encoder_activation
        for index, filters in enumerate(self.encoder_filters):
            channels = layers[-1].outputs if layers else self._channels
            convolution = self._convolution(channels, index, index + 1)
            name = f"encoder.convolution.{index}"
            layers.append(
                Layer(name, convolution.patch, filters, activation, convolution=convolution)
            )
        return layers

    def _decoder_convolutions(self, inputs: int, heads: int) -> list[Layer]:
        """From the hidden layers' output: the smallest image, its doublings and the head."""
        activation, doublings = self.decoder_activation, len(self.decoder_filters)
        channels = self.decoder_filters[0]
        pixels = prod(self._size_after(doublings))
        layers = [Layer("decoder.image", inputs, pixels * channels, activation)]
        for index, filters in enumerate(self.decoder_filters):
            halvings = doublings - index
            convolution = self._convolution(channels, halvings, halvings - 1)
            name = f"decoder.convolution.{index}"
            layers.append(
                Layer(name, convolution.patch, filters, activation, convolution=convolution)
            )
            channels = filters
        last = self._convolution(channels, 0, 0)
        outputs = heads * self._channels
        return [*layers, Layer("decoder.head", last.patch, outputs, "linear", heads, last)]

    def _convolution(
        self, channels: int, before: int, after: int
    ) -> Convolution | GraphConvolution:
        """From the image after some halvings to that after one more, one fewer or as many."""
        if self.graph_convolutions:
            return GraphConvolution(channels, self._size_after(0))
        return Convolution(
            self.kernel,
            channels,
            self._size_after(before),
            self._size_after(after),
            stride=2 if after > before else 1,
            upsampling=2 if after < before else 1,
        )

    @property
    def _channels(self) -> int:
        assert self.image_shape is not None
        return self.image_shape[2]

    def _size_after(self, halvings: int) -> Size:
        """Height and width of the image after some halvings, of which a graph has none."""
        assert self.image_shape is not None
        size = (self.image_shape[0], self.image_shape[1])
        for _ in range(0 if self.graph_convolutions else halvings):
            size = halved(size)
        return size

    def _checked_image_shape(self) -> tuple[int, ...]:
        if self.image_shape is None:
            raise ValueError(
                "image_shape is missing: a network with encoder_filters or decoder_filters needs "
                "the height, width and channels of an image"
            )
        shape = _sizes("image_shape", self.image_shape)
        if len(shape) not in (2, 3) or prod(shape) != self.input_dimension:
            raise ValueError(
                "image_shape: expected height, width and channels whose product is the input "
                f"dimension {self.input_dimension}, got {shape}"
            )
        size = (shape[0], shape[1])
        most = max(len(self.encoder_filters), len(self.decoder_filters))
        for halvings in range(0 if self.graph_convolutions else most):
            if size == (1, 1):
                raise ValueError(
                    f"encoder_filters and decoder_filters: expected at most {halvings} each, since "
                    f"an image of {shape[0]} x {shape[1]} is one pixel after {halvings} halvings"
                )
            size = halved(size)
        return shape if len(shape) == 3 else (*shape, 1)

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Every layer, in the order of the forward pass and of the parameter vector."""
        return self.encoder + self.decoder

    @cached_property
    def parameter_count(self) -> int:
        """Length of the parameter vector: of every layer, weight (inputs x outputs) and bias."""
        return sum((layer.inputs + 1) * layer.outputs for layer in self.layers)

    def views(self, flat: Any) -> list[tuple[Any, Any]]:
        """Weight (inputs x outputs) and bias (outputs,) of every layer, as views of a flat vector.

        Works for any array library whose slices and reshapes are views (NumPy, CuPy).

        Raises
        ------
        ValueError
            If the vector's length is not `parameter_count`.
        """
        if flat.shape != (self.parameter_count,):
            raise ValueError(
                f"this architecture has {self.parameter_count} parameters, not {flat.shape}"
            )
        views, start = [], 0
        for layer in self.layers:
            middle = start + layer.inputs * layer.outputs
            stop = middle + layer.outputs
            views.append(
                (flat[start:middle].reshape(layer.inputs, layer.outputs), flat[middle:stop])
            )
            start = stop
        return views

    def initial_parameters(
        self,
        generator: np.random.Generator,
        dtype: Any = "float32",
        initialisation: str = "xavier",
    ) -> np.ndarray:
        """Parameters to start from, as a flat vector.

        Drawn in float64 and rounded, so that a seed gives the same start in every dtype.

        Parameters
        ----------
        generator
            Source of the draws.
        dtype
            float32 or float64.
        initialisation
            `xavier`: uniform weights (Glorot & Bengio 2010, eq. 16), zero biases. `he`: normal
            weights of variance 2 / inputs (He et al. 2015, eq. 10), zero biases. `normal`: weights
            and biases from N(0, 0.01), as in AEVB; see `NORMAL_DEVIATION`. A convolution's inputs
            are those of a patch, its outputs the filters.

        Raises
        ------
        ValueError
            If the initialisation is unknown, naming the nearest one.
        """
        import numpy as np

        require_known("initialisation", initialisation, INITIALISATIONS)
        if initialisation == "normal":
            return generator.normal(0, NORMAL_DEVIATION, self.parameter_count).astype(dtype)
        flat = np.zeros(self.parameter_count, dtype)
        for layer, (weight, _) in zip(self.layers, self.views(flat), strict=True):
            if initialisation == "he":
                weight[...] = generator.normal(0, np.sqrt(2 / layer.inputs), weight.shape)
            else:
                limit = np.sqrt(6 / (layer.inputs + layer.outputs // layer.heads))
                weight[...] = generator.uniform(-limit, limit, weight.shape)
        return flat

    def to_json(self) -> str:
        """Every field, as JSON text that `from_json` reads."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Architecture that `to_json` wrote."""
        return cls(**json.loads(text))


def _hidden(part: str, inputs: int, sizes: tuple[int, ...], activation: str) -> list[Layer]:
    layers = []
    for index, size in enumerate(sizes):
        layers.append(Layer(f"{part}.{index}", inputs, size, activation))
        inputs = size
    return layers


def _sizes(name: str, sizes: Any) -> tuple[int, ...]:
    if not isinstance(sizes, Iterable):
        raise ValueError(f"{name}: expected a list of positive whole numbers, got {sizes!r}")
    return tuple(require_whole(name, size) for size in sizes)
