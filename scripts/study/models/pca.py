"""Probabilistic principal component analysis (Tipping & Bishop 1999): the linear baseline.

x = W z + mu + e, with z of N(0, I) and e of N(0, s I): a VAE whose decoder is linear and Gaussian,
whose posterior is exact, and which is fitted in closed form.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from study.models._face import Baseline

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

HALF_A_LEVEL = 0.5 / 255
"""How near to black and white a pixel may come. The mean of a Gaussian may lie beyond both, where
the error of the comparison is not defined."""


LEAST_NOISE = (1 / 255) ** 2 / 12
"""Least variance of a pixel: that of rounding to a grey level. Of images that components explain
without rest, the density would be infinite."""

ROWS = 1000
"""Images of which the covariance is added up at a time, so that memory does not grow with them."""


class PCA(Baseline):
    """A fitted model.

    Parameters
    ----------
    mean
        mu; (d,).
    weights
        W; d x components.
    noise
        s, the variance that the components leave to every pixel.
    """

    label = "PCA"
    place = 3
    without_likelihood = "a density of grey levels is no likelihood of black and white images"

    def __init__(
        self, mean: NDArray[np.float64], weights: NDArray[np.float64], noise: float
    ) -> None:
        self.mean = mean
        self.weights = weights
        self.noise = noise

    @classmethod
    def settings(cls, config: Mapping[str, Any]) -> dict[str, Any]:
        """As many components as the compared VAE has latent dimensions."""
        (components,) = config["experiments"]["comparison"]["latent_dimensions"]
        return {"components": components}

    @classmethod
    def train(
        cls,
        images: NDArray[np.float32],
        settings: Mapping[str, Any],
        generator: np.random.Generator,
    ) -> Self:
        """Fit by maximum likelihood: W = U (L - s I)^(1/2) (eqs. 7 and 8).

        U and L are the first eigenvectors and eigenvalues of the covariance, and s is the mean of
        the others, or `LEAST_NOISE`.

        Raises
        ------
        ValueError
            If there are fewer images or pixels than components, or none is left for the noise.
        """
        import numpy as np
        from scipy.linalg import eigh

        components, (n, d) = settings["components"], images.shape
        if components >= min(images.shape):
            raise ValueError(
                f"components: expected fewer than the {n} images and the {d} pixels, "
                f"got {components}"
            )
        mean = images.mean(axis=0, dtype=np.float64)
        covariance = np.zeros((d, d))
        for start in range(0, n, ROWS):
            centred = images[start : start + ROWS] - mean
            covariance += centred.T @ centred / (n - 1)
        values, vectors = eigh(covariance, subset_by_index=[d - components, d - 1])
        noise = max(float(np.trace(covariance) - values.sum()) / (d - components), LEAST_NOISE)
        return cls(mean, vectors * np.sqrt(np.maximum(values - noise, 0)), noise)

    def save(self, path: Path) -> None:
        """Write an npz without pickles."""
        from vae._saved import save_arrays

        save_arrays(path, mean=self.mean, weights=self.weights, noise=self.noise)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote."""
        from study.arrays import read_arrays

        arrays = read_arrays(path, "mean", "weights", "noise")
        return cls(arrays["mean"], arrays["weights"], float(arrays["noise"]))

    @property
    def size(self) -> int:
        """Components."""
        return self.weights.shape[1]

    def posterior(self, images: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Mean and covariance of z given images: M^-1 W' (x - mu) and s M^-1, M = W' W + s I.

        Sec. 3.2; n x components, and components x components for all images alike.
        """
        import numpy as np

        inverse = np.linalg.inv(self.weights.T @ self.weights + self.noise * np.eye(self.size))
        return (images - self.mean) @ self.weights @ inverse, self.noise * inverse

    def log_density(self, images: NDArray[Any]) -> NDArray[np.float64]:
        """Logarithm of the density N(mu, W W' + s I) of images, whose sum is eq. 4; (n,), nats."""
        import numpy as np

        d, centred = len(self.mean), images - self.mean
        inner = self.weights.T @ self.weights + self.noise * np.eye(self.size)
        projected = centred @ self.weights
        explained = (projected * np.linalg.solve(inner, projected.T).T).sum(axis=1)
        squared = ((centred**2).sum(axis=1) - explained) / self.noise
        log_determinant = (d - self.size) * np.log(self.noise) + np.linalg.slogdet(inner)[1]
        return -(d * np.log(2 * np.pi) + log_determinant + squared) / 2

    def decode(self, z: NDArray[Any]) -> NDArray[np.float64]:
        """Mean of the pixels, W z + mu, cut to `HALF_A_LEVEL` inside [0, 1]; n x d."""
        return (z @ self.weights.T + self.mean).clip(HALF_A_LEVEL, 1 - HALF_A_LEVEL)

    def reconstruct(self, images: NDArray[np.float32]) -> NDArray[np.float64]:
        """Decode the mean of the posterior."""
        return self.decode(self.posterior(images)[0])

    def reconstruct_drawn(
        self, images: NDArray[np.float32], generator: np.random.Generator
    ) -> NDArray[np.float64]:
        """Decode one draw of the posterior."""
        import numpy as np

        mean, covariance = self.posterior(images)
        noise = generator.standard_normal(mean.shape)
        return self.decode(mean + noise @ np.linalg.cholesky(covariance).T)

    def draw(self, n: int, steps: int, generator: np.random.Generator) -> NDArray[np.float64]:
        """Decode draws of the prior."""
        return self.decode(generator.standard_normal((n, self.size)))


MODEL = PCA
