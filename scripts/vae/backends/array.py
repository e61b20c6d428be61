"""The ELBO's forward pass and its hand-derived backward pass, once, over a small set of kernels.

Nothing is allocated in a step: every layer owns a buffer for its output and one for the gradient
with respect to its pre-activation, long enough for a full batch; a shorter batch uses their head.
"""

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from vae.architecture import Architecture, Layer
from vae.optimizer import Adam

Views = list[tuple[Any, Any]]


class Kernels(Protocol):
    """What differs between array libraries. Arrays are theirs; every kernel works in place."""

    xp: Any

    def to_host(self, array: Any) -> np.ndarray:
        """Copy as a NumPy array."""

    def gather(self, x: Any, rows: Any, out: Any) -> None:
        """Rows of x as floats in out; bytes become value / 255."""

    def affine(self, x: Any, weight: Any, bias: Any, activation: str, out: Any) -> None:
        """Activation of x @ weight + bias."""

    def activation_gradient(self, activation: str, output: Any, delta: Any) -> None:
        """Multiply delta by the activation's derivative, told by the activation's output."""

    def reparametrise(self, head: Any, noise: Any, z: Any) -> Any:
        """Fill z = mean + sigma * noise; return the sum of the KL divergence over the batch."""

    def reparametrise_gradient(self, head: Any, noise: Any, dz: Any, scale: float) -> None:
        """Turn head (mean, log variance) into the gradient with respect to it."""

    def bernoulli(self, logits: Any, x: Any, scale: float) -> Any:
        """Sum of -log p(x|z); logits become its gradient times scale."""

    def gaussian(self, head: Any, x: Any, squash: bool, scale: float) -> Any:
        """Sum of -log p(x|z); head (mean, log variance) becomes its gradient times scale."""

    def adam(
        self, parameters: Any, gradient: Any, moments: tuple[Any, Any], adam: Adam, step: int
    ) -> None:
        """One step of Adam on arrays of one shape."""

    def blocks(self, inputs: int, outputs: int) -> list[slice]:
        """Parts of a weight's rows that are updated one at a time."""


LayerGradient = Callable[[int, Any, Any], None]
"""What takes a layer's gradient: its index, its input x and its delta, for x.T @ delta."""


class ElboPass:
    """Loss and gradient of a batch, in buffers made once.

    Parameters
    ----------
    architecture
        The network.
    batch_size
        Rows of the longest batch.
    samples
        L of equation (3.9): latent samples an item.
    kernels
        The array library's.
    dtype
        float32 or float64.
    """

    def __init__(
        self,
        architecture: Architecture,
        batch_size: int,
        samples: int,
        kernels: Kernels,
        dtype: Any,
    ) -> None:
        self.architecture = architecture
        self.kernels = kernels
        self.samples = samples

        def buffer(rows: int, columns: int) -> Any:
            return kernels.xp.empty((rows, columns), dtype)

        decoded = samples * batch_size
        self._outputs = [buffer(batch_size, layer.outputs) for layer in architecture.encoder]
        self._outputs += [buffer(decoded, layer.outputs) for layer in architecture.decoder]
        # The heads' outputs turn into their gradients in place and need no second buffer.
        self._deltas = [
            output if layer.name.endswith("head") else kernels.xp.empty_like(output)
            for output, layer in zip(self._outputs, architecture.layers, strict=True)
        ]
        self._z = buffer(decoded, architecture.latent_dimension)
        self._dz = buffer(decoded, architecture.latent_dimension)

    def __call__(self, weights: Views, take: LayerGradient, x: Any, noise: Any) -> tuple[Any, Any]:
        """Go forward and backward through the mean loss over the batch.

        Parameters
        ----------
        weights
            `Architecture.views` of the parameters.
        take
            Called for every layer, the last one first, when its weight is not needed any more.
        x
            batch x d floats.
        noise
            samples x batch x latent.

        Returns
        -------
        tuple
            Reconstruction loss and KL, summed over the batch (nats), on the device.
        """
        batch, kernels, split = len(x), self.kernels, len(self.architecture.encoder)
        decoded = self.samples * batch
        encoder = self._parts(slice(0, split), batch)
        decoder = self._parts(slice(split, None), decoded)
        z, dz = self._z[:decoded], self._dz[:decoded]
        z_cube = z.reshape(self.samples, batch, -1)

        self._forward(encoder, weights[:split], x)
        head = encoder[-1][1]
        kl = kernels.reparametrise(head, noise, z_cube)
        self._forward(decoder, weights[split:], z)
        output = decoder[-1][1].reshape(self.samples, batch, -1)
        scale = 1 / decoded
        if self.architecture.likelihood == "bernoulli":
            reconstruction = kernels.bernoulli(output, x, scale)
        else:
            reconstruction = kernels.gaussian(output, x, self.architecture.squash_mean, scale)

        self._backward(decoder, weights[split:], split, take, z, dz)
        kernels.reparametrise_gradient(head, noise, dz.reshape(z_cube.shape), 1 / batch)
        self._backward(encoder, weights[:split], 0, take, x, None)
        return reconstruction / self.samples, kl

    def _parts(self, which: slice, rows: int) -> list[tuple[Layer, Any, Any]]:
        return [
            (layer, output[:rows], delta[:rows])
            for layer, output, delta in zip(
                self.architecture.layers[which],
                self._outputs[which],
                self._deltas[which],
                strict=True,
            )
        ]

    def _forward(self, part: list[tuple[Layer, Any, Any]], weights: Views, x: Any) -> None:
        for (layer, output, _), (weight, bias) in zip(part, weights, strict=True):
            self.kernels.affine(x, weight, bias, layer.activation, output)
            x = output

    def _backward(
        self,
        part: list[tuple[Layer, Any, Any]],
        weights: Views,
        first: int,
        take: LayerGradient,
        x: Any,
        dx: Any,
    ) -> None:
        """From the head's delta down to dx, the gradient with respect to the part's input x.

        `first` is the index of the part's first layer.
        """
        xp = self.kernels.xp
        for index in reversed(range(len(part))):
            delta = part[index][2]
            weight = weights[index][0]
            if index:
                below, inputs, delta_below = part[index - 1]
                xp.matmul(delta, weight.T, out=delta_below)
                self.kernels.activation_gradient(below.activation, inputs, delta_below)
            else:
                inputs = x
                if dx is not None:
                    xp.matmul(delta, weight.T, out=dx)
            take(first + index, inputs, delta)


class ArrayTrainer:
    """`Trainer` over kernels: the parameters and both moments are one flat vector each."""

    def __init__(
        self,
        kernels: Kernels,
        architecture: Architecture,
        parameters: np.ndarray,
        adam: Adam,
        batch_size: int,
        samples: int,
    ) -> None:
        xp = kernels.xp
        self._kernels, self._adam, self._batch_size = kernels, adam, batch_size
        self._architecture = architecture
        self._parameters = xp.array(parameters)
        self._moments = xp.zeros_like(self._parameters), xp.zeros_like(self._parameters)
        self._step = 0
        self._views = architecture.views(self._parameters)
        self._moment_views = [architecture.views(moment) for moment in self._moments]
        self._blocks = [
            kernels.blocks(layer.inputs, layer.outputs) for layer in architecture.layers
        ]
        self._block_gradients = [
            xp.empty_like(weight[blocks[0]])
            for (weight, _), blocks in zip(self._views, self._blocks, strict=True)
        ]
        dtype = self._parameters.dtype
        self._elbo = ElboPass(architecture, batch_size, samples, kernels, dtype)
        self._batch = xp.empty((batch_size, architecture.input_dimension), dtype)
        self._x: Any = None

    def load(self, x: np.ndarray) -> None:
        """Place the training data on the device, bytes as bytes."""
        self._x = self._kernels.xp.asarray(x)

    def run_epoch(self, order: np.ndarray, noise: np.ndarray) -> tuple[float, float]:
        """One pass over the loaded data: a step of Adam per batch."""
        xp = self._kernels.xp
        rows = xp.asarray(order)
        noise = xp.asarray(noise, self._parameters.dtype)
        totals = xp.zeros(2, np.float64)
        for start in range(0, len(rows), self._batch_size):
            batch = slice(start, start + self._batch_size)
            x = self._batch[: len(rows[batch])]
            self._kernels.gather(self._x, rows[batch], x)
            self._step += 1
            reconstruction, kl = self._elbo(self._views, self._optimize, x, noise[:, batch])
            totals[0] += reconstruction
            totals[1] += kl
        reconstruction, kl = (float(total) / len(rows) for total in self._kernels.to_host(totals))
        return reconstruction, kl

    def _optimize(self, index: int, x: Any, delta: Any) -> None:
        """Adam on one layer, a block of its weight's rows at a time.

        A block's gradient is used up while it is in cache: it is never written to memory.
        """
        xp, kernels = self._kernels.xp, self._kernels
        (weight, bias), (first, second) = self._views[index], (v[index] for v in self._moment_views)
        gradient = self._block_gradients[index]
        for rows in self._blocks[index]:
            part = weight[rows]
            xp.matmul(x[:, rows].T, delta, out=gradient[: len(part)])
            moments = first[0][rows], second[0][rows]
            kernels.adam(part, gradient[: len(part)], moments, self._adam, self._step)
        bias_gradient = gradient[0]
        xp.sum(delta, axis=0, out=bias_gradient)
        kernels.adam(bias, bias_gradient, (first[1], second[1]), self._adam, self._step)

    def gradient(self, x: np.ndarray, noise: np.ndarray) -> tuple[float, float, np.ndarray]:
        """Reconstruction loss, KL and the gradient of their sum, for one batch, without a step."""
        xp = self._kernels.xp
        batch = self._batch[: len(x)]
        self._kernels.gather(xp.asarray(x), xp.arange(len(x)), batch)
        gradient = xp.empty_like(self._parameters)
        views = self._architecture.views(gradient)

        def keep(index: int, x: Any, delta: Any) -> None:
            xp.matmul(x.T, delta, out=views[index][0])
            xp.sum(delta, axis=0, out=views[index][1])

        noise = xp.asarray(noise, self._parameters.dtype)
        reconstruction, kl = self._elbo(self._views, keep, batch, noise)
        return (
            float(reconstruction) / len(x),
            float(kl) / len(x),
            self._kernels.to_host(gradient),
        )

    def state(self) -> dict[str, np.ndarray]:
        """Copies of parameters, moments and step."""
        return {
            "parameters": self._kernels.to_host(self._parameters),
            "first_moment": self._kernels.to_host(self._moments[0]),
            "second_moment": self._kernels.to_host(self._moments[1]),
            "step": np.array(self._step),
        }

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Continue from what `state` gave."""
        xp = self._kernels.xp
        self._parameters[...] = xp.asarray(state["parameters"])
        self._moments[0][...] = xp.asarray(state["first_moment"])
        self._moments[1][...] = xp.asarray(state["second_moment"])
        self._step = int(state["step"])
