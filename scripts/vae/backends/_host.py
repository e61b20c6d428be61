"""What trainers on the host share: drawing black and white images, and measuring losses."""

import numpy as np

from vae.architecture import Architecture
from vae.binarisation import binarise
from vae.model import Model


class HostTrainer:
    """The part of a `Trainer` that needs nothing of its library."""

    _architecture: Architecture

    def load_binarised(self, x: np.ndarray, generator: np.random.Generator) -> None:
        """Place black and white images, drawn from the grey levels x, on the device."""
        self.load(binarise(x, generator))

    @np.errstate(all="ignore")  # The losses tell of numbers that are too large.
    def evaluate(self, x: np.ndarray, generator: np.random.Generator) -> tuple[float, float]:
        """Reconstruction loss and KL of the parameters as they are, with one sample an item."""
        parameters = self.state()["parameters"]
        if not np.isfinite(parameters).all():
            return np.nan, np.nan
        reconstruction, kl = Model(self._architecture, parameters).elbo_terms(x, generator)
        return float(np.mean(reconstruction)), float(np.mean(kl))

    def load(self, x: np.ndarray) -> None:
        """Place the training data on the device."""
        raise NotImplementedError

    def state(self) -> dict[str, np.ndarray]:
        """Copies of parameters, the optimizer's arrays and step."""
        raise NotImplementedError
