"""NumPy backend: the kernels as in-place ufuncs and BLAS products."""

from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from vae.architecture import LEAKY_SLOPE, MINIMUM_LOG_VARIANCE, Architecture
from vae.backends.array import ArrayTrainer
from vae.optimizer import Adam

_ADAM_BLOCK = 1 << 16
"""Elements of a weight that Adam takes at a time: few enough to stay in cache, enough that calling
costs little."""

_FLUSH_PERIOD = 64
"""Steps between two flushes of the moments. A moment whose gradient vanished decays by 0.9 a
step, into denormal numbers, on which processors are up to a hundred times slower."""

_FLUSH_BELOW = 1e-32
"""Moments smaller than this become zero; 64 steps of decay do not take it below float32's range."""


def unavailable() -> str | None:
    """Return None: NumPy is always there."""
    return None


def device() -> str:
    """Return "CPU"."""
    return "CPU"


def limit_threads(threads: int) -> None:
    """Hold BLAS to a number of threads."""
    threadpool_limits(threads)


def trainer(
    architecture: Architecture, parameters: np.ndarray, adam: Adam, batch_size: int, samples: int
) -> ArrayTrainer:
    """Trainer on the CPU."""
    return ArrayTrainer(NumpyKernels(np), architecture, parameters, adam, batch_size, samples)


class NumpyKernels:
    """`Kernels` in ufuncs that NumPy and CuPy share; `xp` is either."""

    def __init__(self, xp: Any) -> None:
        self.xp = xp
        self._buffers: dict[tuple[str, tuple[int, ...], Any], Any] = {}

    def _scratch(self, like: Any, name: str = "", dtype: Any = None) -> Any:
        """Array of a shape and dtype, the same one at every call."""
        key = (name, like.shape, dtype or like.dtype)
        if key not in self._buffers:
            self._buffers[key] = self.xp.empty(like.shape, dtype or like.dtype)
        return self._buffers[key]

    def to_host(self, array: Any) -> np.ndarray:
        """Copy as a NumPy array."""
        return np.array(array)

    def gather(self, x: Any, rows: Any, out: Any) -> None:
        """Rows of x as floats in out; bytes become value / 255."""
        xp = self.xp
        if x.dtype == np.uint8:
            pixels = self._scratch(out, "bytes", x.dtype)
            self._take(x, rows, pixels)
            xp.multiply(pixels, out.dtype.type(1 / 255), out=out, dtype=out.dtype)
        else:
            out[...] = x[rows]

    def _take(self, x: Any, rows: Any, out: Any) -> None:
        # Any mode but the default writes to `out` without a copy between; rows are never outside.
        np.take(x, rows, axis=0, out=out, mode="clip")

    def affine(self, x: Any, weight: Any, bias: Any, activation: str, out: Any) -> None:
        """Activation of x @ weight + bias."""
        self.xp.matmul(x, weight, out=out)
        out += bias
        self.activate(activation, out)

    def activate(self, activation: str, a: Any) -> None:
        """Apply the activation to a, in place."""
        xp = self.xp
        if activation == "relu":
            xp.maximum(a, 0, out=a)
        elif activation == "leaky_relu":
            scaled = self._scratch(a)
            xp.multiply(a, LEAKY_SLOPE, out=scaled)
            xp.maximum(a, scaled, out=a)
        elif activation == "tanh":
            xp.tanh(a, out=a)
        elif activation == "sigmoid":
            self._sigmoid(a)
        elif activation == "elu":
            below = self._scratch(a)
            xp.minimum(a, 0, out=below)
            xp.expm1(below, out=below)
            xp.maximum(a, below, out=a)
        elif activation == "softplus":
            xp.logaddexp(a, 0, out=a)

    def activation_gradient(self, activation: str, output: Any, delta: Any) -> None:
        """Multiply delta by the activation's derivative, told by the activation's output."""
        xp = self.xp
        slope = self._scratch(delta)
        if activation == "linear":
            return
        if activation == "relu":
            xp.greater(output, 0, out=slope)
        elif activation == "leaky_relu":
            xp.greater(output, 0, out=slope)
            slope *= 1 - LEAKY_SLOPE
            slope += LEAKY_SLOPE
        elif activation == "tanh":
            xp.multiply(output, output, out=slope)
            xp.subtract(1, slope, out=slope)
        elif activation == "sigmoid":
            xp.subtract(1, output, out=slope)
            slope *= output
        elif activation == "elu":
            xp.minimum(output, 0, out=slope)
            slope += 1
        elif activation == "softplus":
            xp.negative(output, out=slope)
            xp.expm1(slope, out=slope)
            xp.negative(slope, out=slope)
        delta *= slope

    def _sigmoid(self, a: Any) -> None:
        a *= 0.5
        self.xp.tanh(a, out=a)
        a += 1
        a *= 0.5

    def reparametrise(self, head: Any, noise: Any, z: Any) -> Any:
        """Fill z = mean + sigma * noise; return the sum of the KL divergence over the batch."""
        xp = self.xp
        mean, log_variance = _halves(head)
        sigma = self._scratch(mean, "sigma")
        xp.multiply(log_variance, 0.5, out=sigma)
        xp.exp(sigma, out=sigma)
        xp.multiply(sigma, noise, out=z)
        z += mean
        term = self._scratch(mean, "term")
        xp.multiply(sigma, sigma, out=term)
        term -= log_variance
        term -= 1
        kl = xp.sum(term)
        xp.multiply(mean, mean, out=term)
        return (kl + xp.sum(term)) / 2

    def reparametrise_gradient(self, head: Any, noise: Any, dz: Any, scale: float) -> None:
        """Turn head (mean, log variance) into the gradient with respect to it.

        With dz the gradient of the reconstruction loss: d/d mean = sum_l dz + mean / batch and
        d/d log variance = (sum_l dz noise) sigma / 2 + (sigma^2 - 1) / (2 batch).
        """
        xp = self.xp
        mean, log_variance = _halves(head)
        sigma = self._scratch(mean, "sigma")
        summed = self._scratch(mean, "term")
        mean *= scale
        xp.sum(dz, axis=0, out=summed)
        mean += summed
        dz *= noise
        xp.sum(dz, axis=0, out=summed)
        summed *= sigma
        xp.multiply(sigma, sigma, out=log_variance)
        log_variance -= 1
        log_variance *= scale
        log_variance += summed
        log_variance *= 0.5

    def bernoulli(self, logits: Any, x: Any, scale: float) -> Any:
        """Sum of softplus(a) - x a; logits a become (sigmoid(a) - x) scale.

        With e = exp(-|a|): softplus(a) = max(a, 0) + log(1 + e) and sigmoid(a) is 1 / (1 + e) for
        a >= 0, e / (1 + e) below, so that nothing overflows.
        """
        xp = self.xp
        e = self._scratch(logits, "e")
        term = self._scratch(logits, "loss")
        negative = self._scratch(logits, "negative", np.dtype(bool))
        xp.abs(logits, out=e)
        xp.negative(e, out=e)
        xp.exp(e, out=e)
        xp.multiply(logits, x, out=term)
        loss = -xp.sum(term)
        xp.less(logits, 0, out=negative)
        xp.maximum(logits, 0, out=term)
        loss += xp.sum(term)
        xp.add(e, 1, out=logits)
        xp.log(logits, out=term)
        loss += xp.sum(term)
        xp.divide(1, logits, out=logits)
        e *= logits
        xp.copyto(logits, e, where=negative)
        logits -= x
        logits *= scale
        return loss

    def gaussian(self, head: Any, x: Any, squash: bool, scale: float) -> Any:
        """Sum of -log N(x; mean, exp(s)); head becomes its gradient times scale.

        The log variance s is held at or above its floor, where its gradient is zero.
        """
        xp = self.xp
        mean, log_variance = _halves(head)
        if squash:
            self._sigmoid(mean)
        precision = self._scratch(mean, "precision")
        squared = self._scratch(mean, "squared")
        free = self._scratch(mean, "free", np.dtype(bool))
        xp.greater(log_variance, MINIMUM_LOG_VARIANCE, out=free)
        xp.maximum(log_variance, MINIMUM_LOG_VARIANCE, out=log_variance)
        xp.negative(log_variance, out=precision)
        xp.exp(precision, out=precision)
        residual = self._scratch(mean, "residual")
        xp.subtract(mean, x, out=residual)
        xp.multiply(residual, residual, out=squared)
        squared *= precision
        loss = (xp.sum(squared) + xp.sum(log_variance) + mean.size * np.log(2 * np.pi)) / 2
        residual *= precision
        if squash:
            xp.subtract(1, mean, out=precision)
            precision *= mean
            residual *= precision
        xp.multiply(residual, scale, out=mean)
        xp.subtract(1, squared, out=log_variance)
        log_variance *= free
        log_variance *= scale / 2
        return loss

    def adam(
        self, parameters: Any, gradient: Any, moments: tuple[Any, Any], adam: Adam, step: int
    ) -> None:
        """One step of Adam on arrays of one shape; uses up the gradient."""
        xp = self.xp
        first, second = moments
        step_size, epsilon = adam.corrected(step)
        change = self._scratch(gradient, "change")
        xp.subtract(gradient, first, out=change)
        change *= 1 - adam.beta1
        first += change
        gradient *= gradient
        gradient -= second
        gradient *= 1 - adam.beta2
        second += gradient
        xp.sqrt(second, out=change)
        change += epsilon
        xp.divide(first, change, out=change)
        change *= step_size
        parameters -= change
        if step % _FLUSH_PERIOD == 0:
            for moment in moments:
                xp.abs(moment, out=change)
                moment *= change > _FLUSH_BELOW

    def blocks(self, inputs: int, outputs: int) -> list[slice]:
        """Rows of a weight that stay in cache with their gradient and moments."""
        rows = max(1, _ADAM_BLOCK // outputs)
        return [slice(start, start + rows) for start in range(0, inputs, rows)]


def _halves(head: Any) -> tuple[Any, Any]:
    """Mean and log variance, the two halves of the last axis."""
    middle = head.shape[-1] // 2
    return head[..., :middle], head[..., middle:]
