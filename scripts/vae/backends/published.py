"""The report's own NumPy program, written anew from its description: slow by design."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vae.architecture import Architecture
from vae.backends._cpu import device, limit_threads, unavailable
from vae.backends._facts import Facts
from vae.optimizer import Adam, Optimizer

if TYPE_CHECKING:
    import numpy as np

    from vae.backends._published_trainer import PublishedTrainer

__all__ = ["FACTS", "device", "limit_threads", "trainer", "unavailable"]

FACTS = Facts(
    label="NumPy as published",
    # A copy of the gradients and of both moments for each image of a batch, in float64.
    memory_mb=3500,
    optimizers=("adam",),
    likelihoods=("bernoulli",),
    several_samples=False,
)


def trainer(
    architecture: Architecture,
    parameters: np.ndarray,
    optimizer: Optimizer,
    batch_size: int,
    samples: int,
    algorithm: str = "aevb",
) -> PublishedTrainer:
    """Trainer on one thread, but for its products."""
    from vae.backends._published_trainer import PublishedTrainer

    assert isinstance(optimizer, Adam)
    return PublishedTrainer(architecture, parameters, optimizer, batch_size)
