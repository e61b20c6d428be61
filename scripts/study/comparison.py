"""Protocols that compare models by their reconstruction error.

The `published` protocol is the one behind Table 6.1 of the report: it gives every model other
images, and some models targets above 1. The `like_for_like` protocol gives every model the same
held-out images and lets it answer deterministically; in `like_for_like_sampled`, hidden variables
are drawn.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from study.models import Compared
from vae.objective import binary_cross_entropy

PROTOCOLS = ("published", "like_for_like", "like_for_like_sampled")

PUBLISHED_IMAGES = 100
"""Images that the report reconstructs with each model."""

Errors = dict[str, NDArray[np.float64]]
"""By model, of every image, nats."""


def like_for_like_errors(models: Mapping[str, Compared], images: NDArray[np.float32]) -> Errors:
    """Errors of all models on the same images, which none of them was trained on.

    Parameters
    ----------
    models
        By name.
    images
        n x d, in [0, 1].
    """
    return _errors(images, {name: model.reconstruct(images) for name, model in models.items()})


def sampled_errors(
    models: Mapping[str, Compared], images: NDArray[np.float32], generator: np.random.Generator
) -> Errors:
    """Errors of all models on the same images, their hidden variables drawn.

    What is held against an image is the mean of its pixels given those.

    Parameters
    ----------
    models, images
        As of `like_for_like_errors`.
    generator
        Source of the draws, of one model after the other.
    """
    return _errors(
        images,
        {name: model.reconstruct_drawn(images, generator) for name, model in models.items()},
    )


def published_errors(
    models: Mapping[str, Compared], train: NDArray[np.float32], corrupted: NDArray[np.float32]
) -> Errors:
    """Errors as Table 6.1 of the report came about, of the models that it has.

    The VAE reconstructs the first 100 training images, as they are. The RBM and the DBN
    reconstruct corrupted test images, with the corrupted images as targets: where a target is
    above 1 the error has no lower bound, and an image's may be negative. The DBN leaves out its
    top layer.

    Parameters
    ----------
    models
        By name.
    train
        Their training images, n x d in [0, 1].
    corrupted
        What `corrupt` made of 100 test images.
    """
    answers = {
        name: model.reconstruct_as_published(train[:PUBLISHED_IMAGES], corrupted)
        for name, model in models.items()
    }
    return {name: binary_cross_entropy(*answer) for name, answer in answers.items() if answer}


def _errors(images: NDArray[np.float32], answers: Mapping[str, NDArray[Any]]) -> Errors:
    return {name: binary_cross_entropy(images, answer) for name, answer in answers.items()}


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
