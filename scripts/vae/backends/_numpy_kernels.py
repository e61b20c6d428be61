"""The ELBO's kernels as in-place NumPy ufuncs."""

from typing import Any

import numpy as np

from vae.architecture import LEAKY_SLOPE, MINIMUM_LOG_VARIANCE

_FACTORS = 100
"""How many numbers in [1, 2] are multiplied before one logarithm; 2^128 overflows in float32."""


class NumpyKernels:
    """`Kernels` on the calling thread, with scratch memory that only it may use."""

    def __init__(self) -> None:
        self.xp: Any = np
        self._buffers: dict[tuple[str, tuple[int, ...], Any], np.ndarray] = {}

    def _scratch(self, like: np.ndarray, name: str = "", dtype: Any = None) -> np.ndarray:
        """Array of a shape and dtype, the same one at every call."""
        key = (name, like.shape, dtype or like.dtype)
        if key not in self._buffers:
            self._buffers[key] = np.empty(like.shape, dtype or like.dtype)
        return self._buffers[key]

    def gather(self, x: np.ndarray, rows: np.ndarray, out: np.ndarray) -> None:
        """Rows of x as floats in out; bytes become value / 255."""
        taken = self._scratch(out, "taken", x.dtype)
        # Any mode but the default writes to `out` without a copy between; rows are never outside.
        np.take(x, rows, axis=0, out=taken, mode="clip")
        if x.dtype == np.uint8:
            np.multiply(taken, out.dtype.type(1 / 255), out=out, dtype=out.dtype)
        else:
            np.copyto(out, taken, casting="same_kind")

    def affine(
        self, x: np.ndarray, weight: np.ndarray, bias: np.ndarray, activation: str, out: np.ndarray
    ) -> None:
        """Activation of x @ weight + bias."""
        np.matmul(x, weight, out=out)
        out += bias
        self.activate(activation, out)

    def activate(self, activation: str, a: np.ndarray) -> None:
        """Apply the activation to a, in place.

        ELU and softplus subtract or add 1 around exp and log: NumPy's expm1 and log1p would be
        more exact near zero, beyond what a sum with the bias keeps, and take ten times as long.
        """
        if activation == "relu":
            np.maximum(a, 0, out=a)
        elif activation == "leaky_relu":
            scaled = self._scratch(a)
            np.multiply(a, LEAKY_SLOPE, out=scaled)
            np.maximum(a, scaled, out=a)
        elif activation == "tanh":
            np.tanh(a, out=a)
        elif activation == "sigmoid":
            self._sigmoid(a)
        elif activation == "elu":
            below = self._scratch(a)
            np.minimum(a, 0, out=below)
            np.exp(below, out=below)
            below -= 1
            np.maximum(a, below, out=a)
        elif activation == "softplus":
            rest = self._scratch(a)
            np.abs(a, out=rest)
            np.negative(rest, out=rest)
            np.exp(rest, out=rest)
            rest += 1
            np.log(rest, out=rest)
            np.maximum(a, 0, out=a)
            a += rest

    def activation_gradient(self, activation: str, output: np.ndarray, delta: np.ndarray) -> None:
        """Multiply delta by the activation's derivative, told by the activation's output."""
        if activation == "linear":
            return
        slope = self._scratch(delta)
        if activation == "relu":
            np.greater(output, 0, out=slope)
        elif activation == "leaky_relu":
            np.greater(output, 0, out=slope)
            np.maximum(slope, LEAKY_SLOPE, out=slope)
        elif activation == "tanh":
            np.multiply(output, output, out=slope)
            np.subtract(1, slope, out=slope)
        elif activation == "sigmoid":
            np.subtract(1, output, out=slope)
            slope *= output
        elif activation == "elu":
            np.minimum(output, 0, out=slope)
            slope += 1
        elif activation == "softplus":
            np.negative(output, out=slope)
            np.exp(slope, out=slope)
            np.subtract(1, slope, out=slope)
        delta *= slope

    def _sigmoid(self, a: np.ndarray) -> None:
        a *= 0.5
        np.tanh(a, out=a)
        a += 1
        a *= 0.5

    def reparametrise(self, head: np.ndarray, noise: np.ndarray, z: np.ndarray) -> float:
        """Fill z = mean + sigma * noise; return the sum of the KL divergence over the rows."""
        mean, log_variance = halves(head)
        sigma = self._scratch(mean, "sigma")
        np.multiply(log_variance, 0.5, out=sigma)
        np.exp(sigma, out=sigma)
        np.multiply(sigma[:, None], noise, out=z)
        z += mean[:, None]
        squares = np.vdot(sigma, sigma) + np.einsum("ij,ij->", mean, mean)
        return (squares - np.add.reduce(log_variance, axis=None) - mean.size) / 2

    def reparametrise_gradient(
        self, head: np.ndarray, noise: np.ndarray, dz: np.ndarray, scale: float
    ) -> None:
        """Turn head (mean, log variance) into the gradient with respect to it.

        With dz the gradient of the reconstruction loss: d/d mean = sum_l dz + scale mean and
        d/d log variance = ((sum_l dz noise + scale sigma) sigma - scale) / 2.
        """
        mean, log_variance = halves(head)
        sigma = self._scratch(mean, "sigma")
        summed = self._scratch(mean, "summed")
        mean *= scale
        np.add.reduce(dz, axis=1, out=summed)
        mean += summed
        np.einsum("ijk,ijk->ik", dz, noise, out=summed)
        np.multiply(sigma, scale, out=log_variance)
        log_variance += summed
        log_variance *= sigma
        log_variance -= scale
        log_variance *= 0.5

    def bernoulli(self, logits: np.ndarray, x: np.ndarray, scale: float) -> float:
        """Sum of softplus(a) - x a; logits a become (sigmoid(a) - x) scale.

        With e = exp(-|a|), which cannot overflow, softplus(a) is (a + |a|) / 2 + log(1 + e) and
        sigmoid(a) - 1/2 has the sign of a and the size 1 / (1 + e) - 1/2.
        """
        e = self._scratch(logits, "e")
        centred = self._scratch(logits, "centred")
        np.subtract(x[:, None], 0.5, out=centred)
        np.abs(logits, out=e)
        loss = 0.5 * e.sum() - np.vdot(logits, centred)
        np.negative(e, out=e)
        np.exp(e, out=e)
        e += 1
        loss += self._sum_of_logarithms(e.reshape(-1, x.shape[-1]))
        np.divide(1, e, out=e)
        e -= 0.5
        np.copysign(e, logits, out=logits)
        logits -= centred
        logits *= scale
        return loss

    def _sum_of_logarithms(self, factors: np.ndarray) -> float:
        """Sum of log(factors), each in [1, 2]: of products over rows, a logarithm for many."""
        product = self._scratch(factors[0], "product")
        total = 0.0
        for start in range(0, len(factors), _FACTORS):
            np.multiply.reduce(factors[start : start + _FACTORS], axis=0, out=product)
            np.log(product, out=product)
            total += product.sum()
        return total

    def gaussian(
        self,
        head: np.ndarray,
        x: np.ndarray,
        squash: bool,
        scale: float,
        floor: float = MINIMUM_LOG_VARIANCE,
    ) -> float:
        """Sum of -log N(x; mean, exp(s)); head becomes its gradient times scale.

        The log variance s is held at or above its floor, where its gradient is zero.
        """
        mean, log_variance = halves(head)
        if squash:
            self._sigmoid(mean)
        precision = self._scratch(mean, "precision")
        squared = self._scratch(mean, "squared")
        free = self._scratch(mean, "free")
        np.greater(log_variance, floor, out=free)
        np.maximum(log_variance, floor, out=log_variance)
        np.negative(log_variance, out=precision)
        np.exp(precision, out=precision)
        residual = self._scratch(mean, "residual")
        np.subtract(mean, x[:, None], out=residual)
        np.multiply(residual, residual, out=squared)
        squared *= precision
        loss = (squared.sum() + log_variance.sum() + mean.size * np.log(2 * np.pi)) / 2
        residual *= precision
        if squash:
            np.subtract(1, mean, out=precision)
            precision *= mean
            residual *= precision
        np.multiply(residual, scale, out=mean)
        np.subtract(1, squared, out=log_variance)
        log_variance *= free
        log_variance *= scale / 2
        return loss


def halves(head: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and log variance, the two halves of the last axis."""
    middle = head.shape[-1] // 2
    return head[..., :middle], head[..., middle:]
