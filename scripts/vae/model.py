"""A trained variational auto-encoder: plain arrays and an architecture, used with NumPy alone."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import numpy as np

from vae._arrays import require_floats, require_rows
from vae._saved import save_arrays, saved_arrays
from vae.architecture import Architecture, Layer
from vae.backends._numpy_kernels import NumpyKernels
from vae.names import require_whole
from vae.objective import bernoulli_log_likelihood, gaussian_log_likelihood, kl_divergence

_ROWS = 500
"""Most rows that pass through the network at a time, so that memory does not grow with the data."""

_LAYER_INPUTS = 1 << 22
"""Most numbers that a layer is given at a time, those of overlapping patches counted each: few
rows at a time pass through convolutions."""


class Model:
    """Encoder q(z|x) and decoder p(x|z) with fixed parameters, whatever backend trained them.

    Parameters
    ----------
    architecture
        The network.
    parameters
        Flat vector in the order of `Architecture.views`, float32 or float64.

    Raises
    ------
    ValueError
        If the parameters are of another dtype or number, or not all finite.
    """

    def __init__(self, architecture: Architecture, parameters: np.ndarray) -> None:
        self.architecture = architecture
        self.parameters = require_floats("parameters", parameters)
        views = architecture.views(self.parameters)
        split = len(architecture.encoder)
        self._encoder_weights, self._decoder_weights = views[:split], views[split:]
        widest = max(layer.positions * layer.inputs for layer in architecture.layers)
        self._rows = max(1, min(_ROWS, _LAYER_INPUTS // widest))

    def __reduce__(self) -> tuple[Any, ...]:
        # Without the views, which a copy would hold as arrays of their own.
        return type(self), (self.architecture, self.parameters)

    def widened(self, dtype: Any) -> Self:
        """Return the model in float64 if it or the dtype is that."""
        wide = np.result_type(self.parameters, dtype)
        if wide == self.parameters.dtype:
            return self
        return type(self)(self.architecture, self.parameters.astype(wide))

    def encode(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and log variance of the posterior q(z|x), equations (4.1)-(4.3).

        Parameters
        ----------
        x
            n x input dimension; uint8 means value / 255.

        Returns
        -------
        tuple of ndarray
            Each n x latent dimension.
        """
        x = require_rows("x", x, self.architecture.input_dimension)
        head = np.empty((len(x), 2 * self.architecture.latent_dimension), self.parameters.dtype)
        for rows in self._chunks(len(x)):
            head[rows] = self._forward(
                self.architecture.encoder, self._encoder_weights, self._floats(x[rows])
            )
        mean, log_variance = np.split(head, 2, axis=1)
        return mean, log_variance

    def decode(self, z: np.ndarray) -> np.ndarray:
        """Mean of p(x|z) at every pixel: the Bernoulli probability or the Gaussian mean.

        Parameters
        ----------
        z
            n x latent dimension.

        Returns
        -------
        ndarray
            n x input dimension.
        """
        z = require_rows("z", z, self.architecture.latent_dimension)
        x = np.empty((len(z), self.architecture.input_dimension), self.parameters.dtype)
        for rows in self._chunks(len(z)):
            head = self._decoder_head(z[rows])
            if self.architecture.likelihood == "gaussian":
                head = head[:, : self.architecture.input_dimension]
            if self.architecture.likelihood == "bernoulli" or self.architecture.squash_mean:
                NumpyKernels().activate("sigmoid", head)
            x[rows] = head
        return x

    def reconstruct(self, x: np.ndarray) -> np.ndarray:
        """Decoder mean at the posterior mean of every item; n x input dimension, like x."""
        return self.decode(self.encode(x)[0])

    def sample(self, n: int, generator: np.random.Generator) -> np.ndarray:
        """Decoder means of n draws of z from the prior N(0, I); n x input dimension."""
        shape = require_whole("n", n), self.architecture.latent_dimension
        return self.decode(generator.standard_normal(shape))

    def log_likelihood(self, x: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Log-likelihood log p(x|z) of every image given every latent vector.

        Those of `vae.objective`. Each latent vector is decoded once, whatever the number of images.

        Parameters
        ----------
        x
            n x input dimension; uint8 means value / 255.
        z
            m x latent dimension.

        Returns
        -------
        ndarray
            n x m, nats, in the dtype of the parameters.
        """
        pixels = self._floats(require_rows("x", x, self.architecture.input_dimension))
        z = require_rows("z", z, self.architecture.latent_dimension)
        log_likelihoods = np.empty((len(x), len(z)), self.parameters.dtype)
        kernels = NumpyKernels()
        for rows in self._chunks(len(z)):
            head = self._decoder_head(z[rows])
            if self.architecture.likelihood == "bernoulli":
                # The sum of x a - softplus(a), whose second term is the same for all images.
                np.matmul(pixels, head.T, out=log_likelihoods[:, rows])
                kernels.activate("softplus", head)
                log_likelihoods[:, rows] -= head.sum(axis=1)
            else:
                mean, log_variance = self._gaussian(head)
                for log_likelihood, item in zip(log_likelihoods, pixels, strict=True):
                    log_likelihood[rows] = gaussian_log_likelihood(item, mean, log_variance)
        return log_likelihoods

    def elbo_terms(
        self, x: np.ndarray, generator: np.random.Generator, samples: int = 1
    ) -> tuple[np.ndarray, np.ndarray]:
        """Reconstruction loss -E log p(x|z) and KL divergence of every item.

        The ELBO, equation (3.9), is minus their sum.

        Parameters
        ----------
        x
            n x input dimension; uint8 means value / 255.
        generator
            Source of the posterior samples.
        samples
            L of equation (3.9).

        Returns
        -------
        tuple of ndarray
            Each (n,), nats.
        """
        x = require_rows("x", x, self.architecture.input_dimension)
        require_whole("samples", samples)
        reconstruction = np.empty(len(x))
        kl = np.empty(len(x))
        for rows in self._chunks(len(x)):
            pixels = self._floats(x[rows])
            head = self._forward(self.architecture.encoder, self._encoder_weights, pixels)
            mean, log_variance = np.split(head, 2, axis=1)
            kl[rows] = kl_divergence(mean, log_variance)
            noise = generator.standard_normal((samples, *mean.shape)).astype(mean.dtype)
            log_likelihoods = [
                self._log_likelihood(pixels, mean + np.exp(log_variance / 2) * epsilon)
                for epsilon in noise
            ]
            reconstruction[rows] = -np.mean(log_likelihoods, axis=0)
        return reconstruction, kl

    def save(self, path: Path) -> None:
        """Write architecture and parameters as an npz file without pickles, whole or not at all."""
        save_arrays(
            path, architecture=np.array(self.architecture.to_json()), parameters=self.parameters
        )

    def _log_likelihood(self, x: np.ndarray, z: np.ndarray) -> np.ndarray:
        head = self._decoder_head(z)
        if self.architecture.likelihood == "bernoulli":
            return bernoulli_log_likelihood(x, head)
        return gaussian_log_likelihood(x, *self._gaussian(head))

    def _gaussian(self, head: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and log variance of the Gaussian decoder."""
        mean, log_variance = np.split(head, 2, axis=1)
        if self.architecture.squash_mean:
            NumpyKernels().activate("sigmoid", mean)
        return mean, log_variance

    def _decoder_head(self, z: np.ndarray) -> np.ndarray:
        z = np.asarray(z, self.parameters.dtype)
        return self._forward(self.architecture.decoder, self._decoder_weights, z)

    def _forward(
        self, layers: tuple[Layer, ...], weights: list[tuple[np.ndarray, np.ndarray]], x: np.ndarray
    ) -> np.ndarray:
        kernels = NumpyKernels()
        for layer, (weight, bias) in zip(layers, weights, strict=True):
            inputs = x if layer.convolution is None else layer.convolution.gather(x)
            output = np.empty((len(inputs), layer.outputs), self.parameters.dtype)
            kernels.affine(inputs, weight, bias, layer.activation, output)
            # One head after the other, each an image where there are convolutions.
            parts = output.reshape(len(x), layer.positions, layer.heads, -1)
            x = parts.swapaxes(1, 2).reshape(len(x), -1)
        return x

    def _chunks(self, n: int) -> Iterator[slice]:
        return (slice(start, start + self._rows) for start in range(0, n, self._rows))

    def _floats(self, x: np.ndarray) -> np.ndarray:
        pixels = np.asarray(x, self.parameters.dtype)
        return pixels * pixels.dtype.type(1 / 255) if x.dtype == np.uint8 else pixels


def load_model(path: str | Path) -> Model:
    """Read the model that `Model.save` wrote.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is not such a file, naming it.
    """
    with saved_arrays(path, "a model") as arrays:
        architecture = Architecture.from_json(str(arrays["architecture"]))
        return Model(architecture, arrays["parameters"])
