"""Reconstruction errors of the compared models, for Table 6.1 and Figure 6.6."""

import csv
from collections.abc import Iterable, Mapping
from itertools import combinations
from pathlib import Path
from typing import Literal

import numpy as np

from step import run
from study.comparison import (
    PROTOCOLS,
    PUBLISHED_IMAGES,
    Errors,
    corrupt,
    like_for_like_errors,
    published_errors,
    sampled_errors,
)
from study.contracts import RECONSTRUCTION
from study.dataset import load_dataset
from study.models import MODELS, Compared
from study.pixels import grey_levels
from study.reconstruction import entropy_floor, half_width, mean_image_errors
from study.results import classes_in_turn
from study.run_data import run_data
from vae.names import require_known
from vae.seeding import generator

Row = tuple[str, str, float]

SHOWN = 10
"""Held-out images whose reconstructions are kept for the figure."""


def compare_reconstructions(
    dataset: Path,
    models: list[Path],
    evaluation: Path,
    images: Path,
    name: str,
    train_size: int | Literal["all"],
    families: list[str],
    seeds: list[int],
    protocols: list[str],
    root_seed: int,
) -> None:
    """Write the errors of every protocol, and what the first seed's models make of some images.

    Parameters
    ----------
    dataset
        npz of `study.dataset`.
    models
        Trained models.
    evaluation
        csv of the form `study.contracts.RECONSTRUCTION`: means over the images with their
        standard deviations and 95% intervals, and the paired differences of the models.
    images
        npz: image_shape, and test images x and, by the names of the families, reconstructions in
        grey levels, n x d uint8.
    name
        The dataset's.
    train_size
        Training images of every model.
    families, seeds
        Names in `study.models`, and training seeds, in the order of the models.
    protocols
        Names of `study.comparison.PROTOCOLS`.
    root_seed
        The study's.
    """
    data = load_dataset(dataset)
    trained: dict[int, dict[str, Compared]] = {seed: {} for seed in seeds}
    for family, seed, path in zip(families, seeds, models, strict=True):
        trained[seed][family] = MODELS[family].load(path)
    with open(evaluation, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(RECONSTRUCTION.columns)
        test = data.pixels("test")
        corrupted = corrupt(test[:PUBLISHED_IMAGES], generator(root_seed, "corrupt", name))
        for seed, compared in trained.items():
            run = {"dataset": name, "train_size": train_size, "seed": seed}
            train = run_data(data, run, root_seed).pixels("train")
            random = generator(root_seed, "sampled reconstruction", name, seed)
            for protocol in protocols:
                errors = _errors(protocol, train, test, compared, corrupted, random)
                summary = _summary(errors)
                if protocol != "published":
                    summary += _paired_differences(errors, compared)
                for model, metric, value in summary:
                    writer.writerow([name, model, protocol, seed, metric, value, "nats/image"])

    shown = data.pixels("test")[classes_in_turn(data.y_test, SHOWN)]
    pixels = {"x": shown}
    pixels |= {name: model.reconstruct(shown) for name, model in trained[seeds[0]].items()}
    np.savez_compressed(
        images,
        allow_pickle=False,
        image_shape=data.image_shape,
        **{name: grey_levels(values) for name, values in pixels.items()},
    )


def _errors(
    protocol: str,
    train: np.ndarray,
    test: np.ndarray,
    models: Mapping[str, Compared],
    corrupted: np.ndarray,
    random: np.random.Generator,
) -> Errors:
    """Errors of every model under a protocol, an image each; like for like, also the scale's ends.

    Raises
    ------
    ValueError
        If there is no such protocol.
    """
    require_known("protocol", protocol, PROTOCOLS)
    if protocol == "published":
        return published_errors(models, train, corrupted)
    if protocol == "like_for_like_sampled":
        return sampled_errors(models, test, random)
    ends = {
        "entropy_floor": entropy_floor(test),
        "mean_image": mean_image_errors(train, test),
    }
    return like_for_like_errors(models, test) | ends


def _summary(errors: Errors) -> list[Row]:
    """Model, metric and value: means over images, with their spread and half their 95% interval."""
    return [
        row
        for model, values in errors.items()
        for row in (
            (model, "reconstruction_error", float(values.mean())),
            (model, "reconstruction_error_std", float(values.std(ddof=1))),
            (model, "reconstruction_error_interval", half_width(values)),
        )
    ]


def _paired_differences(errors: Errors, models: Iterable[str]) -> list[Row]:
    """Differences of every two models' errors on the same images, likewise."""
    rows = []
    for model, other in combinations(models, 2):
        difference = errors[other] - errors[model]
        rows += [
            (other, f"difference_from_{model}", float(difference.mean())),
            (other, f"difference_from_{model}_interval", half_width(difference)),
        ]
    return rows


if __name__ == "__main__":
    run(compare_reconstructions, globals())
