"""Measure the theory of Sec. 3 on trained models with two latent dimensions."""

from pathlib import Path
from typing import Any

from step import run
from study.contracts import THEORY
from study.dataset import load_dataset
from study.run_data import binarised, run_data
from study.theory import measurements
from vae.model import load_model
from vae.seeding import generator

IMAGES = 200
"""Most test images, and most training images, that are measured on."""


def measure_theory(
    dataset: Path,
    models: list[Path],
    table: Path,
    runs: list[dict[str, Any]],
    binarisation: str | None,
    root_seed: int,
) -> None:
    """Write what the theory states beside what the models do.

    Densities are of test images, for the Bernoulli likelihood black and white ones, of which alone
    there are probabilities; gradients are of images as the models were trained on.

    Parameters
    ----------
    dataset, models
        What the runs were trained on, and what they wrote.
    table
        csv of the form `study.contracts.THEORY`.
    runs
        What names each run, in the order of the models.
    binarisation
        That of the training.
    root_seed
        The study's.
    """
    stored, rows = load_dataset(dataset), []
    for path, parameters in zip(models, runs, strict=True):
        model, name = load_model(path), parameters["dataset"]
        black_and_white = model.architecture.likelihood == "bernoulli"
        observed = binarised(stored, root_seed, name) if black_and_white else stored
        trained_on = run_data(stored, parameters, root_seed, binarisation).x_train
        random = generator(root_seed, "theory", *parameters.values())
        rows += [
            {"dataset": name, "seed": parameters["seed"], **measured._asdict()}
            for measured in measurements(
                model, observed.x_test[:IMAGES], trained_on[:IMAGES], random
            )
        ]
    THEORY.write(table, rows)


if __name__ == "__main__":
    run(measure_theory, globals())
