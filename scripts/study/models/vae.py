"""The variational auto-encoder in the comparison; `train_vae` trains it, for all experiments."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from study.models._face import Compared

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from study.dataset import Dataset
    from study.likelihood_table import Estimate
    from vae.model import Model

POINTS, REACH = 201, 5.0
"""The grid over a latent plane: at twice the points a mean differs by less than 0.001 nats."""


class VAE(Compared):
    """A trained `vae.model.Model`."""

    label = "VAE"
    place = 0
    size_in_words = "{} latent dimensions"
    likelihood_settings = ("importance_samples",)

    def __init__(self, model: Model) -> None:
        self.model = model

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `train_vae` wrote."""
        from vae.model import load_model

        return cls(load_model(path))

    @property
    def size(self) -> int:
        """The latent dimension."""
        return self.model.architecture.latent_dimension

    def reconstruct(self, images: NDArray[Any]) -> NDArray[Any]:
        """Decode the mean of the posterior."""
        return self.model.reconstruct(images)

    def reconstruct_drawn(
        self, images: NDArray[np.float32], generator: np.random.Generator
    ) -> NDArray[Any]:
        """Decode one draw of the posterior."""
        import numpy as np

        mean, log_variance = self.model.encode(images)
        z = mean + np.exp(log_variance / 2) * generator.standard_normal(mean.shape)
        return self.model.decode(z)

    def reconstruct_as_published(
        self, train: NDArray[np.float32], corrupted: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[Any]]:
        """Reconstruct training images, as they are."""
        return train, self.reconstruct(train)

    def draw(self, n: int, steps: int, generator: np.random.Generator) -> NDArray[Any]:
        """Decode draws of the prior."""
        return self.model.sample(n, generator)

    def log_likelihood(
        self, data: Dataset, run: Mapping[str, Any], settings: Mapping[str, Any], root_seed: int
    ) -> list[Estimate]:
        """Estimate by importance sampling, of a latent plane by quadrature as well."""
        import numpy as np

        from study.likelihood_table import Estimate, mean_and_interval
        from vae.marginal_likelihood import importance_log_likelihood, quadrature_log_likelihood
        from vae.objective import binary_cross_entropy
        from vae.seeding import generator

        samples = settings["importance_samples"]
        random = generator(root_seed, "likelihood", *run.values())
        estimate = importance_log_likelihood(
            self.model, data.x_test, samples, random, progress=True
        )
        measured = [
            row
            for count, values in zip(samples, estimate.log_likelihood, strict=True)
            for row in mean_and_interval("importance_sampling", count, "log_likelihood", values)
        ]
        if self.size == 2:
            values = quadrature_log_likelihood(self.model, data.x_test, POINTS, REACH)
            measured += mean_and_interval("quadrature", POINTS**2, "log_likelihood", values)
        test = data.pixels("test")
        error = binary_cross_entropy(test, self.reconstruct(test))
        measured += mean_and_interval("mean_field", None, "reconstruction_error", error)
        size = float(np.median(estimate.effective_sample_size))
        return [
            *measured,
            Estimate("importance_sampling", max(samples), "effective_sample_size", size),
        ]


MODEL = VAE
