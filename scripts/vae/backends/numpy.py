"""NumPy: threads that share each batch, BLAS products and in-place ufuncs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vae.algorithms import ALGORITHMS
from vae.architecture import Architecture
from vae.backends._cpu import device, limit_threads, unavailable
from vae.backends._facts import Facts
from vae.optimizer import Optimizer

if TYPE_CHECKING:
    import numpy as np

    from vae.backends._numpy_trainer import NumpyTrainer

__all__ = ["FACTS", "device", "limit_threads", "trainer", "unavailable"]

FACTS = Facts(label="NumPy", algorithms=ALGORITHMS)


def trainer(
    architecture: Architecture,
    parameters: np.ndarray,
    optimizer: Optimizer,
    batch_size: int,
    samples: int,
    algorithm: str = "aevb",
) -> NumpyTrainer:
    """Trainer on as many threads as BLAS may use."""
    from vae.backends._numpy_trainer import NumpyTrainer

    return NumpyTrainer(architecture, parameters, optimizer, batch_size, samples, algorithm)
