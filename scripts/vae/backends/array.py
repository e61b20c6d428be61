"""The ELBO's forward pass and its hand-derived backward pass, once, over a small set of kernels.

Nothing is allocated in a step: every layer owns a buffer for its output and one for the gradient
with respect to its pre-activation, long enough for a full batch; a shorter batch uses their head.
"""

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
        self, parameters: Any, gradient: Any, first: Any, second: Any, adam: Adam, step: int
    ) -> None:
        """One step on the flat vectors."""


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
        self._rows = [batch_size] * len(architecture.encoder) + [decoded] * len(
            architecture.decoder
        )
        layers = architecture.layers
        self._outputs = [
            buffer(rows, layer.outputs) for rows, layer in zip(self._rows, layers, strict=True)
        ]
        # The heads' outputs turn into their gradients in place and need no second buffer.
        self._deltas = [
            output if layer.name.endswith("head") else kernels.xp.empty_like(output)
            for output, layer in zip(self._outputs, layers, strict=True)
        ]
        self._z = buffer(decoded, architecture.latent_dimension)
        self._dz = buffer(decoded, architecture.latent_dimension)

    def __call__(self, weights: Views, gradients: Views, x: Any, noise: Any) -> tuple[Any, Any]:
        """Fill gradients with that of the mean loss over the batch.

        Parameters
        ----------
        weights, gradients
            `Architecture.views` of the parameters and of their gradient.
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

        self._backward(decoder, weights[split:], gradients[split:], z, dz)
        kernels.reparametrise_gradient(head, noise, dz.reshape(z_cube.shape), 1 / batch)
        self._backward(encoder, weights[:split], gradients[:split], x, None)
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
        self, part: list[tuple[Layer, Any, Any]], weights: Views, gradients: Views, x: Any, dx: Any
    ) -> None:
        """From the head's delta down to dx, the gradient with respect to the part's input x."""
        xp = self.kernels.xp
        for index in reversed(range(len(part))):
            delta = part[index][2]
            below = part[index - 1] if index else None
            xp.matmul((below[1] if below else x).T, delta, out=gradients[index][0])
            xp.sum(delta, axis=0, out=gradients[index][1])
            if below:
                xp.matmul(delta, weights[index][0].T, out=below[2])
                self.kernels.activation_gradient(below[0].activation, below[1], below[2])
            elif dx is not None:
                xp.matmul(delta, weights[index][0].T, out=dx)


class ArrayTrainer:
    """`Trainer` over kernels: parameters, gradient and moments are one flat vector each."""

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
        self._parameters = xp.array(parameters)
        self._gradient = xp.empty_like(self._parameters)
        self._first = xp.zeros_like(self._parameters)
        self._second = xp.zeros_like(self._parameters)
        self._step = 0
        self._views = architecture.views(self._parameters)
        self._gradient_views = architecture.views(self._gradient)
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
            reconstruction, kl = self._elbo(self._views, self._gradient_views, x, noise[:, batch])
            totals[0] += reconstruction
            totals[1] += kl
            self.optimize()
        reconstruction, kl = (float(total) / len(rows) for total in self._kernels.to_host(totals))
        return reconstruction, kl

    def optimize(self) -> None:
        """One step of Adam along the gradient of the last batch."""
        self._step += 1
        self._kernels.adam(
            self._parameters, self._gradient, self._first, self._second, self._adam, self._step
        )

    def gradient(self, x: np.ndarray, noise: np.ndarray) -> tuple[float, float, np.ndarray]:
        """Reconstruction loss, KL and the gradient of their sum, for one batch, without a step."""
        xp = self._kernels.xp
        batch = self._batch[: len(x)]
        self._kernels.gather(xp.asarray(x), xp.arange(len(x)), batch)
        noise = xp.asarray(noise, self._parameters.dtype)
        reconstruction, kl = self._elbo(self._views, self._gradient_views, batch, noise)
        gradient = self._kernels.to_host(self._gradient)
        return float(reconstruction) / len(x), float(kl) / len(x), gradient

    def state(self) -> dict[str, np.ndarray]:
        """Copies of parameters, moments and step."""
        return {
            "parameters": self._kernels.to_host(self._parameters),
            "first_moment": self._kernels.to_host(self._first),
            "second_moment": self._kernels.to_host(self._second),
            "step": np.array(self._step),
        }

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Continue from what `state` gave."""
        xp = self._kernels.xp
        self._parameters[...] = xp.asarray(state["parameters"])
        self._first[...] = xp.asarray(state["first_moment"])
        self._second[...] = xp.asarray(state["second_moment"])
        self._step = int(state["step"])
