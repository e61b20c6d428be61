"""Bring together how the Boltzmann machines trained, and some of the filters that they learned."""

import csv
from pathlib import Path

import numpy as np

from step import run
from study.contracts import BOLTZMANN_TRAINING, read_rows
from study.dataset import load_dataset
from vae.boltzmann.estimators import LayerMeasurement, load_boltzmann_machine

FILTERS = 36
"""Hidden units of the first layer whose weights are kept."""


def collect_boltzmann_training(
    dataset: Path,
    histories: list[Path],
    models: list[Path],
    training: Path,
    filters: Path,
    name: str,
    families: list[str],
    seeds: list[int],
) -> None:
    """Write one tidy table of all trainings, and weights of the first layers.

    Parameters
    ----------
    dataset
        npz of `study.dataset`.
    histories, models
        What was measured after every epoch of a training, and the Boltzmann machine trained.
    training
        csv of the form `study.contracts.BOLTZMANN_TRAINING`.
    filters
        npz: image_shape; by the names of the families, n x visible units float32 of the first
        machine of each, a hidden unit a row.
    name
        The dataset's.
    families, seeds
        Of the trainings, in the order of their files.
    """
    with open(training, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(BOLTZMANN_TRAINING.columns)
        for family, seed, history in zip(families, seeds, histories, strict=True):
            writer.writerows(
                [name, family, seed, *(row[column] for column in LayerMeasurement._fields)]
                for row in read_rows(history, LayerMeasurement._fields)
            )
    first = {family: models[families.index(family)] for family in families}
    weights = {
        family: load_boltzmann_machine(path).layers_[0].weights[:FILTERS].astype(np.float32)
        for family, path in first.items()
    }
    image_shape = load_dataset(dataset).image_shape
    np.savez_compressed(filters, allow_pickle=False, image_shape=image_shape, **weights)


if __name__ == "__main__":
    run(collect_boltzmann_training, globals())
