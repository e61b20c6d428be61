"""Protocols that compare models by their reconstruction error.

The `published` protocol is the one behind Table 6.1 of the report: it gives every model other
images, and some models targets above 1. The `like_for_like` protocol gives every model the same
held-out images and lets it answer deterministically; in `like_for_like_sampled`, hidden variables
are drawn.
"""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from vae.boltzmann.estimators import DBN, reconstruct_through
from vae.boltzmann.gibbs import sampled_reconstruction
from vae.model import Model
from vae.objective import binary_cross_entropy

PROTOCOLS = ("published", "like_for_like", "like_for_like_sampled")

PUBLISHED_IMAGES = 100
"""Images that the report reconstructs with each model."""


class Reconstructor(Protocol):
    """A model that reconstructs images (n x d, pixels in [0, 1]), deterministically."""

    def reconstruct(self, x: NDArray[np.float32], /) -> NDArray[Any]:
        """Give back n x d pixels in [0, 1]."""


def like_for_like_errors(
    models: Mapping[str, Reconstructor], images: NDArray[np.float32]
) -> dict[str, NDArray[np.float64]]:
    """Errors of all models on the same images, which none of them was trained on.

    Parameters
    ----------
    models
        By name.
    images
        n x d, in [0, 1].

    Returns
    -------
    dict of float64 arrays of shape (n,)
        By name; nats per image.
    """
    return {
        name: binary_cross_entropy(images, model.reconstruct(images))
        for name, model in models.items()
    }


def sampled_errors(
    vae: Model, rbm: DBN, dbn: DBN, images: NDArray[np.float32], generator: np.random.Generator
) -> dict[str, NDArray[np.float64]]:
    """Errors of the models on the same images, their hidden variables drawn.

    The VAE decodes one draw of its posterior, and a machine draws every hidden layer on its way up
    and down; what is held against the image is the mean of its pixels given those.

    Parameters
    ----------
    vae, rbm, dbn
        The trained models.
    images
        n x d, in [0, 1], which none of the models was trained on.
    generator
        Source of the draws.

    Returns
    -------
    dict of float64 arrays of shape (n,)
        `vae`, `rbm` and `dbn`; nats per image.
    """
    mean, log_variance = vae.encode(images)
    z = mean + np.exp(log_variance / 2) * generator.standard_normal(mean.shape)
    reconstructions = {"vae": vae.decode(z)} | {
        name: sampled_reconstruction(machine, images, generator)
        for name, machine in (("rbm", rbm), ("dbn", dbn))
    }
    return {
        name: binary_cross_entropy(images, reconstruction)
        for name, reconstruction in reconstructions.items()
    }


def published_errors(
    vae: Reconstructor,
    rbm: DBN,
    dbn: DBN,
    train: NDArray[np.float32],
    corrupted: NDArray[np.float32],
) -> dict[str, NDArray[np.float64]]:
    """Errors as Table 6.1 of the report came about.

    The VAE reconstructs the first 100 training images, as they are. The RBM and the DBN
    reconstruct corrupted test images, with the corrupted images as targets: where a target is
    above 1 the error has no lower bound, and an image's may be negative. The DBN leaves out its
    top layer.

    Parameters
    ----------
    vae, rbm, dbn
        The trained models.
    train
        The VAE's training images, n x d in [0, 1].
    corrupted
        What `corrupt` made of 100 test images.

    Returns
    -------
    dict of float64 arrays
        `vae`, `rbm` and `dbn`; nats per image.
    """
    seen = train[:PUBLISHED_IMAGES]
    return {
        "vae": binary_cross_entropy(seen, vae.reconstruct(seen)),
        "rbm": binary_cross_entropy(corrupted, reconstruct_through(rbm.layers_, corrupted)),
        "dbn": binary_cross_entropy(corrupted, reconstruct_through(dbn.layers_[:-1], corrupted)),
    }


def corrupt(images: NDArray[np.float32], generator: np.random.Generator) -> NDArray[np.float32]:
    """Drop pixels of the images as the authors of the report did, each image more than the last.

    Image i of n keeps each pixel with probability 1 - i / 2n, which falls from 1 to nearly 1/2,
    and what is kept is divided by that probability: pixels reach almost 2.

    Parameters
    ----------
    images
        n x d, in [0, 1].
    generator
        Decides which pixels are kept.

    Returns
    -------
    float32 array of shape (n, d)
    """
    kept = 1 - np.arange(len(images))[:, np.newaxis] / (2 * len(images))
    return (images * (generator.random(images.shape) < kept) / kept).astype(np.float32)
