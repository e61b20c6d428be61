"""NumPy's kernels, and those that draw images: wake-sleep learns from its dreams."""

import numpy as np
from scipy.special import ndtr

from vae.architecture import MINIMUM_LOG_VARIANCE
from vae.backends._numpy_kernels import NumpyKernels, halves


class DreamingKernels(NumpyKernels):
    """Kernels of `NumpyKernels`, which need NumPy alone, and these, which need SciPy."""

    def draw_bernoulli(self, logits: np.ndarray, noise: np.ndarray, out: np.ndarray) -> None:
        """Draw pixels of 0 and 1 from normal noise e: 1 where Phi(e) < sigmoid(logits)."""
        self._sigmoid(logits)
        np.less(ndtr(noise), logits, out=out)

    def draw_gaussian(
        self, head: np.ndarray, noise: np.ndarray, squash: bool, out: np.ndarray
    ) -> None:
        """Draw pixels mean + sigma e from normal noise e."""
        mean, log_variance = halves(head)
        if squash:
            self._sigmoid(mean)
        np.maximum(log_variance, MINIMUM_LOG_VARIANCE, out=out)
        out *= 0.5
        np.exp(out, out=out)
        out *= noise
        out += mean
