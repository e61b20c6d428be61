"""Train one Boltzmann machine: an RBM, or a DBN of stacked ones."""

import csv
from pathlib import Path
from typing import Any, Literal

from step import run
from study.dataset import load_dataset
from study.subset import training_rows
from vae.boltzmann.estimators import DBN, LayerMeasurement
from vae.seeding import generator


def train_boltzmann(
    dataset: Path,
    model: Path,
    history: Path,
    name: str,
    machine: str,
    settings: dict[str, Any],
    train_size: int | Literal["all"],
    root_seed: int,
    seed: int,
) -> None:
    """Train on a dataset; write the machine and what was measured after every epoch.

    Parameters
    ----------
    dataset
        npz of `study.dataset`.
    model, history
        npz of `DBN.save`, and csv with the columns of `LayerMeasurement`.
    name
        The dataset's.
    machine
        rbm or dbn; an RBM is a DBN of one layer.
    settings
        `hidden_sizes`, `epochs`, `batch_size`, `learning_rate`.
    train_size
        Training images, the same ones as those of a VAE of the same seed.
    root_seed, seed
        The study's, and the training's.
    """
    data = load_dataset(dataset)
    rows = training_rows(len(data.x_train), train_size, root_seed, name, seed)
    random = generator(root_seed, "train", name, machine, train_size, seed)
    trained = DBN(**settings, random_state=int(random.integers(2**31)), verbose=True)
    trained.fit(data.pixels("train")[rows])
    trained.save(model)
    with open(history, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(LayerMeasurement._fields)
        writer.writerows(trained.history_)


if __name__ == "__main__":
    run(train_boltzmann, globals())
