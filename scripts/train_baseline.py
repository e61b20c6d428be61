"""Train one model that the VAE is compared with."""

import csv
from pathlib import Path
from typing import Any

from step import run
from study.alone import alone
from study.dataset import load_dataset
from study.models import BASELINES
from study.run_data import run_data
from vae.boltzmann.estimators import LayerMeasurement
from vae.seeding import generator


def train_baseline(
    dataset: Path,
    model: Path,
    history: Path,
    run_parameters: dict[str, Any],
    settings: dict[str, Any],
    root_seed: int,
) -> None:
    """Train on a dataset; write the model and what was measured after every epoch.

    Parameters
    ----------
    dataset
        npz of `study.dataset`.
    model, history
        npz of the model's own, and csv with the columns of `LayerMeasurement`, without rows for a
        model that is not trained by epochs.
    run_parameters
        What names the run: dataset, family, train_size, seed. The images are those of a VAE of the
        same seed.
    settings
        Those of the family.
    root_seed
        The study's.
    """
    data = run_data(load_dataset(dataset), run_parameters, root_seed)
    random = generator(root_seed, "train", *run_parameters.values())
    family = BASELINES[run_parameters["family"]]
    with alone(model.parent):
        trained = family.train(data.pixels("train"), settings, random)
        trained.save(model)
        with open(history, "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(LayerMeasurement._fields)
            writer.writerows(trained.history)


if __name__ == "__main__":
    run(train_baseline, globals())
