"""What the report's NumPy program computes.

It does to every image of a batch what others do to the batch, and what it computes is not Adam on
the gradient of the batch's mean loss:

- the gradient of each image is kept apart, so that a gradient is batch x the weight;
- each place in the batch has its own two moments of Adam, likewise batch x the weight. They meet
  another image at every step; a shorter last batch uses and changes those of its first places;
- the parameters are updated once an image, one after another, by a full step of Adam each: a
  hundred updates a batch of a hundred, all from gradients taken before the first of them.

At 784-500-20-500-784 and a batch of 100 the moments alone take 1.3 GB and the gradients 0.65 GB.

Single precision does not last. Images and first parameters are float32, but the noise is float64:
it makes z, all of the decoder and every gradient float64, and the first update makes the parameters
float64, and with them the encoder.

The loss is the report's: binary cross-entropy of a sigmoid's output y, with 1e-8 inside its
logarithms. Its gradient with respect to the sigmoid's input is y - x, the small term left aside.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from vae.architecture import LEAKY_SLOPE, Architecture
from vae.backends._draw import draw_epoch
from vae.backends._host import HostTrainer
from vae.optimizer import Adam


class Activations(NamedTuple):
    """What a forward pass leaves: the inputs of every layer, the encoder's head and the output."""

    inputs: list[np.ndarray]
    mean: np.ndarray
    log_variance: np.ndarray
    y: np.ndarray


class PublishedTrainer(HostTrainer):
    """`Trainer` whose moments have a row for each place in a batch."""

    def __init__(
        self, architecture: Architecture, parameters: np.ndarray, adam: Adam, batch_size: int
    ) -> None:
        self._architecture, self._adam, self._batch_size = architecture, adam, batch_size
        self._parameters = self._tensors(parameters)
        self._first, self._second = (
            [np.zeros((batch_size, *tensor.shape)) for tensor in self._parameters] for _ in range(2)
        )
        self._step = 0
        self._x: Any = None

    def load(self, x: np.ndarray) -> None:
        """Keep the training data, bytes as float32 of value / 255."""
        self._x = _pixels(x)

    def draw(self, generator: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
        """Order of n rows and noise (1 x n x latent) of an epoch, the noise float64."""
        return draw_epoch(generator, (1, n, self._architecture.latent_dimension), np.float64)

    @np.errstate(all="ignore")  # The losses tell of numbers that are too large.
    def run_epoch(self, order: np.ndarray, noise: np.ndarray) -> tuple[float, float]:
        """One pass over the loaded data: as many updates as there are images."""
        totals = np.zeros(2)
        for start in range(0, len(order), self._batch_size):
            batch = slice(start, start + self._batch_size)
            x, epsilon = self._x[order[batch]], noise[0, batch].astype(np.float64, copy=False)
            activations = self.forward(x, epsilon)
            totals += BCE(activations.y, x), KL(activations.mean, activations.log_variance)
            self.optimize(self.backward(activations, x, epsilon))
        reconstruction, kl = (float(total) / len(order) for total in totals)
        return reconstruction, kl

    def gradient(self, x: np.ndarray, noise: np.ndarray) -> tuple[float, float, np.ndarray]:
        """Reconstruction loss, KL and the mean of the images' gradients, without a step."""
        x, epsilon = _pixels(x), noise[0].astype(np.float64, copy=False)
        activations = self.forward(x, epsilon)
        gradients = self.backward(activations, x, epsilon)
        return (
            float(BCE(activations.y, x)) / len(x),
            float(KL(activations.mean, activations.log_variance)) / len(x),
            np.concatenate([gradient.mean(axis=0).ravel() for gradient in gradients]),
        )

    def forward(self, x: np.ndarray, epsilon: np.ndarray) -> Activations:
        """Go from x (batch x d) and epsilon (batch x latent) to the decoder's output."""
        inputs = []
        layers, split = self._architecture.layers, len(self._architecture.encoder)
        for index, layer in enumerate(layers):
            if index == split:
                mean, log_variance = np.split(x, 2, axis=1)
                x = mean + np.exp(log_variance / 2) * epsilon
            inputs.append(x)
            weight, bias = self._parameters[2 * index : 2 * index + 2]
            activation, _ = ACTIVATIONS[layer.activation]
            x = activation(x.dot(weight) + bias)
        return Activations(inputs, mean, log_variance, sigmoid(x))

    def backward(
        self, activations: Activations, x: np.ndarray, epsilon: np.ndarray
    ) -> list[np.ndarray]:
        """Gradient of each image's loss with respect to each parameter tensor: batch x tensor."""
        inputs, mean, log_variance, y = activations
        layers, split = self._architecture.layers, len(self._architecture.encoder)
        gradients = []
        delta = y - x
        for index in reversed(range(len(layers))):
            gradients += [delta, inputs[index][:, :, None] * delta[:, None, :]]
            if index == 0:
                break
            delta = delta.dot(self._parameters[2 * index].T)
            if index == split:
                variance = np.exp(log_variance)
                spread = (delta * epsilon * np.sqrt(variance) + variance - 1) / 2
                delta = np.concatenate([delta + mean, spread], axis=1)
            else:
                _, slope = ACTIVATIONS[layers[index - 1].activation]
                delta = delta * slope(inputs[index])
        return gradients[::-1]

    def optimize(self, gradients: list[np.ndarray]) -> None:
        """Update the moments of each image's place, then the parameters once an image."""
        adam = self._adam
        self._step += 1
        for index, gradient in enumerate(gradients):
            first, second = (each[index][: len(gradient)] for each in (self._first, self._second))
            first[...] = adam.beta1 * first + (1 - adam.beta1) * gradient
            second[...] = adam.beta2 * second + (1 - adam.beta2) * gradient**2
            corrected_first = first / (1 - adam.beta1**self._step)
            corrected_second = second / (1 - adam.beta2**self._step)
            for m, v in zip(corrected_first, corrected_second, strict=True):
                change = adam.learning_rate * m / (np.sqrt(v) + adam.epsilon)
                self._parameters[index] = self._parameters[index] - change

    def state(self) -> dict[str, np.ndarray]:
        """Copies of parameters, moments and step; a moment is batch size x parameters.

        Only this backend can continue from such moments.
        """
        return {
            "parameters": np.concatenate([tensor.ravel() for tensor in self._parameters]),
            "first_moment": _rows(self._first),
            "second_moment": _rows(self._second),
            "step": np.array(self._step),
        }

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Continue from what `state` gave; moments of another backend go to every place."""
        self._parameters = self._tensors(state["parameters"])
        for name, moment in (("first_moment", self._first), ("second_moment", self._second)):
            saved = np.broadcast_to(state[name], (self._batch_size, state[name].shape[-1]))
            for row, values in enumerate(saved):
                for tensor, kept in zip(moment, self._tensors(values), strict=True):
                    tensor[row] = kept
        self._step = int(state["step"])

    def _tensors(self, flat: np.ndarray) -> list[np.ndarray]:
        """Copy of each layer's weight and bias, in turn."""
        return [tensor.copy() for pair in self._architecture.views(flat) for tensor in pair]


def BCE(y: np.ndarray, x: np.ndarray) -> np.floating[Any]:
    """Binary cross-entropy of the output y to x, summed over the batch (nats)."""
    return -np.sum(x * np.log(1e-8 + y) + (1 - x) * np.log(1e-8 + 1 - y))


def KL(mean: np.ndarray, log_variance: np.ndarray) -> np.floating[Any]:
    """KL divergence of the posterior from N(0, I), equation (3.7), summed over the batch (nats)."""
    return np.sum(mean**2 + np.exp(log_variance) - 1 - log_variance) / 2


def linear(a: np.ndarray) -> np.ndarray:
    """Return a itself."""
    return a


def sigmoid(a: np.ndarray) -> np.ndarray:
    """Logistic function."""
    return 1 / (1 + np.exp(-a))


def relu(a: np.ndarray) -> np.ndarray:
    """Positive part."""
    return np.maximum(a, 0)


def lrelu(a: np.ndarray) -> np.ndarray:
    """Leaky ReLU."""
    return np.maximum(a, LEAKY_SLOPE * a)


def elu(a: np.ndarray) -> np.ndarray:
    """Exponential linear unit."""
    return np.where(a > 0, a, np.expm1(np.minimum(a, 0)))


def softplus(a: np.ndarray) -> np.ndarray:
    """Smooth ReLU, log(1 + exp(a))."""
    return np.logaddexp(a, 0)


_Elementwise = Callable[[np.ndarray], np.ndarray]

ACTIVATIONS: dict[str, tuple[_Elementwise, _Elementwise]] = {
    "linear": (linear, np.ones_like),
    "relu": (relu, lambda output: output > 0),
    "leaky_relu": (lrelu, lambda output: np.where(output > 0, 1, LEAKY_SLOPE)),
    "elu": (elu, lambda output: np.where(output > 0, 1, output + 1)),
    "softplus": (softplus, lambda output: -np.expm1(-output)),
    "tanh": (np.tanh, lambda output: 1 - output**2),
    "sigmoid": (sigmoid, lambda output: output * (1 - output)),
}
"""Each activation of `vae.architecture.ACTIVATIONS`, and its derivative told by its output."""


def _pixels(x: np.ndarray) -> np.ndarray:
    return x / np.float32(255) if x.dtype == np.uint8 else x


def _rows(tensors: list[np.ndarray]) -> np.ndarray:
    """Batch x tensor each, as batch x parameters."""
    return np.concatenate([tensor.reshape(len(tensor), -1) for tensor in tensors], axis=1)
