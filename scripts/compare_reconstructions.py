"""Reconstruction errors of VAE, RBM and DBN, for Table 6.1 and Figure 6.6."""

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np

from step import run
from vae.boltzmann import load_machine
from vae.comparison import (
    PUBLISHED_IMAGES,
    corrupt,
    like_for_like_errors,
    published_errors,
)
from vae.datasets import load_dataset
from vae.datasets.subset import training_rows
from vae.model import load_model
from vae.pixels import grey_levels
from vae.reconstruction import entropy_floor, mean_image_errors
from vae.results import classes_in_turn
from vae.seeding import generator

COLUMNS = ("dataset", "model", "protocol", "seed", "metric", "value", "unit")

SHOWN = 10
"""Held-out images whose reconstructions are kept for the figure."""


def compare_reconstructions(
    dataset: Path,
    vae: list[Path],
    rbm: list[Path],
    dbn: list[Path],
    evaluation: Path,
    images: Path,
    name: str,
    train_size: int | Literal["all"],
    seeds: list[int],
    root_seed: int,
) -> None:
    """Write the errors of both protocols, and what the first seed's models make of some images.

    Parameters
    ----------
    dataset
        npz of `vae.datasets`.
    vae, rbm, dbn
        Trained models, one a seed.
    evaluation
        csv with the columns `COLUMNS`; mean and standard deviation over the images.
    images
        npz: image_shape, and test images x and reconstructions vae, rbm, dbn in grey levels, n x d
        uint8.
    name
        The dataset's.
    train_size
        Training images of every model.
    seeds
        Training seeds, in the order of the models.
    root_seed
        The study's.
    """
    data = load_dataset(dataset)
    trained: list[dict[str, Any]] = [
        {"vae": load_model(paths[0]), "rbm": load_machine(paths[1]), "dbn": load_machine(paths[2])}
        for paths in zip(vae, rbm, dbn, strict=True)
    ]
    with open(evaluation, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        corrupted = corrupt(
            data.pixels("test")[:PUBLISHED_IMAGES], generator(root_seed, "corrupt", name)
        )
        for seed, models in zip(seeds, trained, strict=True):
            rows = training_rows(len(data.x_train), train_size, root_seed, name, seed)
            train = data.pixels("train")[rows]
            for model, protocol, errors in _errors(train, data.pixels("test"), models, corrupted):
                for metric, value in (
                    ("reconstruction_error", errors.mean()),
                    ("reconstruction_error_std", errors.std(ddof=1)),
                ):
                    writer.writerow([name, model, protocol, seed, metric, value, "nats/image"])

    shown = data.pixels("test")[classes_in_turn(data.y_test, SHOWN)]
    pixels = {"x": shown}
    pixels |= {model: machine.reconstruct(shown) for model, machine in trained[0].items()}
    np.savez_compressed(
        images,
        allow_pickle=False,
        image_shape=data.image_shape,
        **{name: grey_levels(values) for name, values in pixels.items()},
    )


def _errors(
    train: np.ndarray, test: np.ndarray, models: Mapping[str, Any], corrupted: np.ndarray
) -> Iterator[tuple[str, str, np.ndarray]]:
    """Model, protocol and its errors, an image each; the ends of the scale beside the models."""
    for model, errors in published_errors(**models, train=train, corrupted=corrupted).items():
        yield model, "published", errors
    for model, errors in like_for_like_errors(models, test).items():
        yield model, "like_for_like", errors
    yield "entropy_floor", "like_for_like", entropy_floor(test)
    yield "mean_image", "like_for_like", mean_image_errors(train, test)


if __name__ == "__main__":
    run(compare_reconstructions, globals())
