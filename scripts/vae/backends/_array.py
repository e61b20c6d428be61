"""The forward pass and its hand-derived backward pass, once, over a small set of kernels.

Nothing is allocated in a step: every layer owns a buffer for its output and one for the gradient
with respect to its pre-activation (its delta), long enough for a full batch; a shorter batch uses
their head.
"""

from copy import copy
from math import inf
from typing import Any, Protocol, Self

from vae.architecture import MINIMUM_LOG_VARIANCE, Architecture

Views = list[tuple[Any, Any]]


class Kernels(Protocol):
    """What differs between array libraries. Arrays are theirs; every kernel works in place.

    `scale` multiplies a gradient, not a loss.
    """

    xp: Any

    def gather(self, x: Any, rows: Any, out: Any) -> None:
        """Rows of x as floats in out; bytes become value / 255."""

    def affine(self, x: Any, weight: Any, bias: Any, activation: str, out: Any) -> None:
        """Activation of x @ weight + bias."""

    def activation_gradient(self, activation: str, output: Any, delta: Any) -> None:
        """Multiply delta by the activation's derivative, told by the activation's output."""

    def reparametrise(self, head: Any, noise: Any, z: Any) -> Any:
        """Fill z = mean + sigma * noise; return the sum of the KL divergence over the rows.

        head is rows x 2 latent (mean, log variance); noise and z are rows x samples x latent.
        """

    def reparametrise_gradient(self, head: Any, noise: Any, dz: Any, scale: float) -> None:
        """Turn head into the gradient with respect to it; `scale` is that of the KL divergence.

        dz, rows x samples x latent, is the gradient with respect to z.
        """

    def bernoulli(self, logits: Any, x: Any, scale: float) -> Any:
        """Sum of -log p(x|z); logits (rows x samples x d) become its gradient times scale."""

    def gaussian(
        self,
        head: Any,
        x: Any,
        squash: bool,
        scale: float,
        floor: float = MINIMUM_LOG_VARIANCE,
    ) -> Any:
        """Sum of -log p(x|z); head (rows x samples x 2 d) becomes its gradient times scale."""

    def draw_bernoulli(self, logits: Any, noise: Any, out: Any) -> None:
        """Draw x ~ p(x|z) from normal noise; all are rows x d, and logits are used up."""

    def draw_gaussian(self, head: Any, noise: Any, squash: bool, out: Any) -> None:
        """Draw x ~ p(x|z) from normal noise; head is rows x 2 d and used up."""


class ElboPass:
    """Loss and deltas of a batch, in buffers made once.

    After `forward_backward` over all rows of a batch, `inputs[i]` and `deltas[i]` hold what the
    gradient of layer i is made of: `inputs[i].T @ deltas[i]` for its weight and the sum of
    `deltas[i]` over the rows for its bias. The decoder has `samples` rows for each of the batch.

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
        self._architecture = architecture
        self._kernels = kernels
        self._samples = samples
        self._split = len(architecture.encoder)
        self._encoder, self._decoder = slice(0, self._split), slice(self._split, None)

        def buffers(rows: int, sizes: list[int]) -> list[Any]:
            return [kernels.xp.empty((rows, size), dtype) for size in sizes]

        decoded = samples * batch_size
        self.inputs = buffers(batch_size, [layer.inputs for layer in architecture.encoder])
        self.inputs += buffers(decoded, [layer.inputs for layer in architecture.decoder])
        # A hidden layer's output is the next one's input. A head's output turns into its delta.
        self.deltas = buffers(batch_size, [layer.outputs for layer in architecture.encoder])
        self.deltas += buffers(decoded, [layer.outputs for layer in architecture.decoder])
        (self._dz,) = buffers(decoded, [architecture.latent_dimension])

    def sharing_buffers(self, kernels: Kernels) -> Self:
        """Return a pass over the same buffers whose kernels have scratch memory of their own."""
        other = copy(self)
        other._kernels = kernels
        return other

    def decoder_rows(self, rows: slice) -> slice:
        """Rows of the decoder's buffers that belong to rows of the batch."""
        return slice(rows.start * self._samples, rows.stop * self._samples)

    def layer_rows(self, layer: int, rows: slice) -> slice:
        """Rows of the buffers of a layer (its index) that belong to rows of the batch."""
        return rows if layer < self._split else self.decoder_rows(rows)

    def forward_backward(
        self, weights: Views, noise: Any, rows: slice, scale: float
    ) -> tuple[Any, Any]:
        """Go through some rows of the batch, whose data lie in `inputs[0]`, forward and backward.

        Parameters
        ----------
        weights
            `Architecture.views` of the parameters.
        noise
            samples x rows x latent.
        rows
            Which rows of the batch.
        scale
            What the gradient of the summed loss is multiplied by, 1 / batch for the mean.

        Returns
        -------
        tuple
            Reconstruction loss and KL, summed over the rows (nats), on the device.
        """
        kl = self._infer(weights, noise, rows)
        loss = self._explain(weights, rows, scale)
        decoded, weight = self.decoder_rows(rows), weights[self._split][0]
        head, dz = self.deltas[self._split - 1][rows], self._dz[decoded]
        self._kernels.xp.matmul(self.deltas[self._split][decoded], weight.T, out=dz)
        cube = self._cube(dz, rows)
        self._kernels.reparametrise_gradient(head, noise.swapaxes(0, 1), cube, scale)
        self._backward(self._encoder, weights, rows)
        return loss, kl

    def _infer(self, weights: Views, noise: Any, rows: slice) -> Any:
        """Draw z ~ q(z|x) as the decoder's input; the sum of the KL divergence."""
        self._forward(self._encoder, weights, rows)
        z = self._cube(self.inputs[self._split][self.decoder_rows(rows)], rows)
        head = self.deltas[self._split - 1][rows]
        return self._kernels.reparametrise(head, noise.swapaxes(0, 1), z)

    def _explain(self, weights: Views, rows: slice, scale: float) -> Any:
        """Decode z, and go back to the decoder's first layer; the sum of -log p(x|z)."""
        decoded, x, scale = self.decoder_rows(rows), self.inputs[0][rows], scale / self._samples
        self._forward(self._decoder, weights, decoded)
        output = self._cube(self.deltas[-1][decoded], rows)
        if self._architecture.likelihood == "bernoulli":
            loss = self._kernels.bernoulli(output, x, scale)
        else:
            loss = self._kernels.gaussian(output, x, self._architecture.squash_mean, scale)
        self._backward(self._decoder, weights, decoded)
        return loss / self._samples

    def _cube(self, decoded: Any, rows: slice) -> Any:
        """Rows of the decoder as rows x samples x width."""
        return decoded.reshape(rows.stop - rows.start, self._samples, -1)

    def _forward(self, part: slice, weights: Views, rows: slice) -> None:
        """From the input of a part of the layers to its head's output."""
        layers = self._architecture.layers[part]
        inputs = [buffer[rows] for buffer in self.inputs[part]]
        outputs = [*inputs[1:], self.deltas[part][-1][rows]]
        for layer, x, (weight, bias), out in zip(
            layers, inputs, weights[part], outputs, strict=True
        ):
            self._kernels.affine(x, weight, bias, layer.activation, out)

    def _backward(self, part: slice, weights: Views, rows: slice) -> None:
        """From the delta of a part's head to that of its first layer."""
        layers = self._architecture.layers[part]
        inputs = [buffer[rows] for buffer in self.inputs[part]]
        deltas = [buffer[rows] for buffer in self.deltas[part]]
        for index in range(len(layers) - 1, 0, -1):
            weight, below = weights[part][index][0], deltas[index - 1]
            self._kernels.xp.matmul(deltas[index], weight.T, out=below)
            activation = layers[index - 1].activation
            self._kernels.activation_gradient(activation, inputs[index], below)


class WakeSleepPass(ElboPass):
    """Losses and deltas of wake-sleep: the decoder's of the batch, the encoder's of its dreams.

    See `vae.algorithms`. Parameters are those of `ElboPass`.
    """

    def __init__(
        self,
        architecture: Architecture,
        batch_size: int,
        samples: int,
        kernels: Kernels,
        dtype: Any,
    ) -> None:
        super().__init__(architecture, batch_size, samples, kernels, dtype)
        self._dreams = kernels.xp.empty((batch_size, architecture.input_dimension), dtype)

    def forward_backward(
        self, weights: Views, noise: Any, rows: slice, scale: float
    ) -> tuple[Any, Any]:
        """Go through both phases; noise is samples x rows x `vae.algorithms.noise_width`.

        Returns
        -------
        tuple
            As of `ElboPass.forward_backward`, of the batch.
        """
        latent = self._architecture.latent_dimension
        z, pixels = noise[0, :, latent : 2 * latent], noise[0, :, 2 * latent :]
        # The decoder dreams first: what its buffers hold at the end is of the batch.
        self._dream(weights, z, pixels, rows)
        kl = self._infer(weights, noise[:, :, :latent], rows)
        loss = self._explain(weights, rows, scale)
        self.inputs[0][rows] = self._dreams[rows]
        self._forward(self._encoder, weights, rows)
        head = self.deltas[self._split - 1][rows]
        self._kernels.gaussian(head[:, None], z, False, scale, floor=-inf)
        self._backward(self._encoder, weights, rows)
        return loss, kl

    def _dream(self, weights: Views, z: Any, pixels: Any, rows: slice) -> None:
        """Draw x ~ p(x|z), a row for each of the batch, in as many of its decoder's rows."""
        start = self.decoder_rows(rows).start
        decoded, dreams = slice(start, start + len(z)), self._dreams[rows]
        self.inputs[self._split][decoded] = z
        self._forward(self._decoder, weights, decoded)
        output = self.deltas[-1][decoded]
        if self._architecture.likelihood == "bernoulli":
            self._kernels.draw_bernoulli(output, pixels, dreams)
        else:
            self._kernels.draw_gaussian(output, pixels, self._architecture.squash_mean, dreams)


PASSES = {"aevb": ElboPass, "wake_sleep": WakeSleepPass}
"""The pass of every algorithm of `vae.algorithms`."""
