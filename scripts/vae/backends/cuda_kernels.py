"""The ELBO's kernels, the optimizers and the taking of a batch, on a CUDA device."""

from collections.abc import Sequence
from math import ceil
from types import SimpleNamespace
from typing import Any, assert_never

import numpy as np

from vae.backends.cublas import Cublas
from vae.backends.cuda_source import ACTIVATION_CODES, KERNELS, SOURCE, THREADS, TILE
from vae.optimizer import Adagrad, Adam, Optimizer, Sgd

_CELLS = 1024
"""Blocks of a kernel that sums a loss, at most: each has a cell for its part of the sum."""


class CudaKernels:
    """`Kernels` on the current CUDA device and stream, one launch each, without an allocation.

    Losses are not returned (that would wait for the device) but added up in `losses`. Arrays are
    contiguous but for the noise, whose last axis alone has to be.

    Parameters
    ----------
    cupy
        The module.
    products
        What multiplies matrices, on the stream of the kernels.
    dtype
        float32 or float64.
    """

    def __init__(self, cupy: Any, products: Cublas, dtype: np.dtype) -> None:
        # All that `ElboPass` uses of an array library; CuPy's own matmul cannot be recorded.
        self.xp = SimpleNamespace(empty=cupy.empty, matmul=products.matmul)
        self._real = dtype.type
        name = {"float32": "float", "float64": "double"}[dtype.name]
        module = cupy.RawModule(code=SOURCE, options=(f"-DREAL={name}",))
        self._functions = {kernel: module.get_function(kernel) for kernel in KERNELS}
        self._cells = cupy.zeros((2, _CELLS), np.float64)
        self._start = cupy.zeros(1, np.int64)

    def to_host(self, array: Any) -> np.ndarray:
        """Copy to the host, waiting for the device."""
        return array.get()

    def forget_losses(self) -> None:
        """Set the sums of the losses to zero."""
        self._cells.fill(0)

    def losses(self) -> tuple[float, float]:
        """Reconstruction loss over all samples and KL divergence, summed since `forget_losses`."""
        reconstruction, kl = self.to_host(self._cells).sum(axis=1)
        return float(reconstruction), float(kl)

    def gather(self, x: Any, rows: Any, out: Any) -> None:
        """Rows of x as floats in out; bytes become value / 255."""
        no_noise = out.reshape(1, *out.shape)[:0]
        self.take_batch(x, rows, no_noise, self._start, out, no_noise)

    def take_batch(
        self, x: Any, order: Any, noise: Any, position: Any, out: Any, batch_noise: Any
    ) -> None:
        """Take the items of a batch, which begins at a place in the order that the device knows.

        Parameters
        ----------
        x
            The training data, bytes or of the kernels' dtype.
        order
            (n,) int64, rows of x.
        noise
            samples x n x latent.
        position
            (1,) int64, where in the order the batch begins.
        out
            rows x d: is filled with the items' floats.
        batch_noise
            samples x rows x latent, its samples one after the other: is filled with their noise.
        """
        (rows, columns), (samples, items, latent) = out.shape, noise.shape
        batch_size = batch_noise.strides[0] // (latent * noise.itemsize)
        self._each(
            "take_batch_of_bytes" if x.dtype == np.uint8 else "take_batch_of_reals",
            out.size + batch_noise.size,
            *(x, order, position, out),
            *_ints(rows, columns),
            *(noise, batch_noise),
            *_ints(samples, items, batch_size, latent),
        )

    def affine(self, x: Any, weight: Any, bias: Any, activation: str, out: Any) -> None:
        """Activation of x @ weight + bias."""
        self.xp.matmul(x, weight, out=out)
        code = ACTIVATION_CODES[activation]
        integers = _ints(out.size, out.shape[1], code)
        self._each("add_bias_and_activate", out.size, out, bias, *integers)

    def activation_gradient(self, activation: str, output: Any, delta: Any) -> None:
        """Multiply delta by the activation's derivative, told by the activation's output."""
        if activation == "linear":
            return
        integers = _ints(delta.size, ACTIVATION_CODES[activation])
        self._each("activation_gradient", delta.size, output, delta, *integers)

    def reparametrise(self, head: Any, noise: Any, z: Any) -> float:
        """Fill z = mean + sigma * noise; add the KL divergence to the losses and return 0."""
        self._each(
            "reparametrise",
            min(head.size // 2, _CELLS * THREADS),
            *(head, noise, *_row_and_sample_strides(noise), z),
            *_ints(*z.shape),
            self._cells[1],
        )
        return 0.0

    def reparametrise_gradient(self, head: Any, noise: Any, dz: Any, scale: float) -> None:
        """Turn head into the gradient with respect to it; `scale` is that of the KL divergence."""
        self._each(
            "reparametrise_gradient",
            head.size // 2,
            *(head, noise, *_row_and_sample_strides(noise), dz),
            *_ints(*dz.shape),
            self._real(scale),
        )

    def bernoulli(self, logits: Any, x: Any, scale: float) -> float:
        """Add -log p(x|z) to the losses and return 0; logits become its gradient times scale."""
        self._each(
            "bernoulli",
            min(logits.size, _CELLS * THREADS),
            *(logits, x, *_ints(*logits.shape)),
            *(self._real(scale), self._cells[0]),
        )
        return 0.0

    def gaussian(self, head: Any, x: Any, squash: bool, scale: float) -> float:
        """Add -log p(x|z) to the losses and return 0; head becomes its gradient times scale."""
        rows, samples, columns = head.shape
        self._each(
            "gaussian",
            min(head.size // 2, _CELLS * THREADS),
            *(head, x, *_ints(rows, samples, columns // 2, squash)),
            *(self._real(scale), self._cells[0]),
        )
        return 0.0

    def column_sums(self, a: Any, out: Any) -> None:
        """Sum the rows of a matrix."""
        blocks = ceil(a.shape[1] / TILE[0])
        self._functions["column_sums"]((blocks,), TILE, (a, out, *_ints(*a.shape)))

    def advance(
        self, position: Any, step: Any, corrected: Any, rows: int, optimizer: Optimizer
    ) -> None:
        """Move `position` past a batch of rows and `step` to the optimizer's next one.

        If that is Adam, `corrected` (2, float64) becomes the step's `Adam.corrected`. All three are
        on the device.
        """
        if isinstance(optimizer, Adam):
            settings = optimizer.learning_rate, optimizer.beta1, optimizer.beta2, optimizer.epsilon
            arguments = position, step, corrected, *_ints(rows), *map(np.float64, settings)
            self._functions["advance_and_correct"]((1,), (1,), arguments)
        else:
            self._functions["advance"]((1,), (1,), (position, step, *_ints(rows)))

    def update(
        self,
        parameters: Any,
        gradient: Any,
        arrays: Sequence[Any],
        corrected: Any,
        optimizer: Optimizer,
    ) -> None:
        """One step of the optimizer on flat vectors, with the step's `corrected` on the device."""
        real = self._real
        settings: tuple[Any, ...]
        match optimizer:
            case Adam():
                settings = corrected, real(1 - optimizer.beta1), real(1 - optimizer.beta2)
            case Sgd():
                settings = (real(optimizer.learning_rate),)
            case Adagrad():
                settings = real(optimizer.learning_rate), real(optimizer.epsilon)
            case _:
                assert_never(optimizer)
        arguments = parameters, gradient, *arrays, *settings, *_ints(parameters.size)
        self._each(optimizer.name, parameters.size, *arguments)

    def _each(self, kernel: str, size: int, *arguments: Any) -> None:
        """Launch a kernel with a thread for each of `size` elements."""
        self._functions[kernel]((ceil(size / THREADS),), (THREADS,), arguments)


def _ints(*numbers: int) -> tuple[np.int32, ...]:
    """Arguments that a kernel takes as `int`."""
    return tuple(map(np.int32, numbers))


def _row_and_sample_strides(noise: Any) -> tuple[np.int32, ...]:
    """Elements from one row, and from one sample, of rows x samples x latent to the next."""
    return _ints(*(stride // noise.itemsize for stride in noise.strides[:2]))
