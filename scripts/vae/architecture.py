"""Which network: layer sizes, activations and likelihood, and how its parameters lie in memory."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np

from vae.names import require_known

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
    report (mean and log variance) and initialised as such, computed here in one product.
    """

    name: str
    inputs: int
    outputs: int
    activation: str
    heads: int = 1


@dataclass(frozen=True)
class Architecture:
    """A fully connected variational auto-encoder.

    Encoder and decoder follow equations (4.1)-(4.6) of the report with any number of hidden
    layers. The Bernoulli decoder gives logits; the Gaussian one the mean and the log variance of
    every pixel, the mean squashed to (0, 1) by a sigmoid if `squash_mean` (AEVB, Appendix C).

    Raises
    ------
    ValueError
        If a size is not a positive integer, or an activation or likelihood is unknown.
    """

    input_dimension: int
    latent_dimension: int
    encoder_sizes: tuple[int, ...] = (500, 500)
    encoder_activation: str = "relu"
    decoder_sizes: tuple[int, ...] = (500, 500)
    decoder_activation: str = "leaky_relu"
    likelihood: str = "bernoulli"
    squash_mean: bool = False

    def __post_init__(self) -> None:
        for name in ("input_dimension", "latent_dimension"):
            object.__setattr__(self, name, _positive(name, getattr(self, name)))
        for name in ("encoder_sizes", "decoder_sizes"):
            sizes = tuple(_positive(name, size) for size in getattr(self, name))
            object.__setattr__(self, name, sizes)
        require_known("encoder_activation", self.encoder_activation, ACTIVATIONS)
        require_known("decoder_activation", self.decoder_activation, ACTIVATIONS)
        require_known("likelihood", self.likelihood, LIKELIHOODS)
        if self.squash_mean and self.likelihood != "gaussian":
            raise ValueError(
                "squash_mean is for the gaussian likelihood, not for the bernoulli one"
            )

    @classmethod
    def named(
        cls, network: str | Mapping[str, Any], input_dimension: int, latent_dimension: int
    ) -> Self:
        """Architecture of a network given by its name in `NETWORKS` or by its settings.

        Raises
        ------
        ValueError
            If the name is unknown, naming the nearest one, or a setting is wrong.
        """
        if isinstance(network, str):
            require_known("network", network, tuple(NETWORKS))
            network = NETWORKS[network]
        unknown = set(network) - set(cls.__dataclass_fields__)
        if unknown:
            require_known("network setting", min(unknown), tuple(cls.__dataclass_fields__))
        return cls(input_dimension, latent_dimension, **network)

    @cached_property
    def encoder(self) -> tuple[Layer, ...]:
        """Hidden layers, then one head of posterior means and log variances."""
        hidden = _hidden(
            "encoder", self.input_dimension, self.encoder_sizes, self.encoder_activation
        )
        inputs = hidden[-1].outputs if hidden else self.input_dimension
        return (*hidden, Layer("encoder.head", inputs, 2 * self.latent_dimension, "linear", 2))

    @cached_property
    def decoder(self) -> tuple[Layer, ...]:
        """Hidden layers, then one head of logits, or of means and log variances."""
        hidden = _hidden(
            "decoder", self.latent_dimension, self.decoder_sizes, self.decoder_activation
        )
        inputs = hidden[-1].outputs if hidden else self.latent_dimension
        heads = 2 if self.likelihood == "gaussian" else 1
        outputs = heads * self.input_dimension
        return (*hidden, Layer("decoder.head", inputs, outputs, "linear", heads))

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
        dtype: Any = np.float32,
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
            and biases from N(0, 0.01), as in AEVB; see `NORMAL_DEVIATION`.

        Raises
        ------
        ValueError
            If the initialisation is unknown, naming the nearest one.
        """
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


def _positive(name: str, size: Any) -> int:
    if isinstance(size, bool) or not isinstance(size, (int, np.integer)) or size < 1:
        raise ValueError(f"{name}: expected a positive whole number, got {size!r}")
    return int(size)
