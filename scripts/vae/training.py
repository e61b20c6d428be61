"""Training: epochs of steps on the ELBO, the same numbers in the same order on every backend."""

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from vae.architecture import Architecture
from vae.backends import Trainer, create_trainer
from vae.checkpoint import Checkpoint, training_key
from vae.history import Measurement
from vae.model import Model
from vae.optimizer import create_optimizer


class TrainingDiverged(ValueError):
    """The loss stopped being a number."""


def train(
    architecture: Architecture,
    x_train: np.ndarray,
    x_test: np.ndarray | None = None,
    *,
    epochs: int,
    generator: np.random.Generator,
    backend: str = "numpy",
    batch_size: int = 100,
    learning_rate: float = 1e-3,
    optimizer: str = "adam",
    initialisation: str = "xavier",
    samples: int = 1,
    dynamic_binarisation: bool = False,
    dtype: Any = np.float32,
    progress: bool = False,
    checkpoint: Path | None = None,
) -> tuple[Model, list[Measurement]]:
    """Train a model from new initial parameters.

    Initial parameters, the order of the rows and the noise all come from the generator; backends
    on the host are given the same.

    Parameters
    ----------
    architecture
        The network.
    x_train, x_test
        n x input dimension; uint8 means value / 255. Without test data only training is measured.
    epochs
        Passes over the training data.
    generator
        The run's only source of randomness.
    backend
        A name of `vae.backends.BACKENDS`.
    batch_size, samples
        Rows a step; L of equation (3.9).
    learning_rate, optimizer
        The optimizer's step size, and its name in `vae.optimizer.OPTIMIZERS`.
    initialisation
        A name of `vae.architecture.INITIALISATIONS`.
    dynamic_binarisation
        Whether every epoch trains on black and white images drawn anew from the grey ones.
    dtype
        float32 or float64.
    progress
        Whether to show a bar on standard error.
    checkpoint
        File to save the training's progress in, about once a minute, and to go on from if it is
        this very training's: of the same arguments and code. It is left behind at the end.

    Returns
    -------
    tuple
        The model and, for every epoch, `elbo`, `reconstruction` and `kl` (nats/image) on train
        (the mean over the epoch's batches, each before its step) and on test (after the epoch,
        one posterior sample an item), and the epoch's `runtime` (s, without the test).

    Raises
    ------
    TrainingDiverged
        If the loss is no longer finite, naming the epoch.
    vae.backends.BackendUnavailable
        If the backend cannot run here.
    """
    parameters_generator, epoch_generator, test_generator, pixel_generator = generator.spawn(4)
    parameters = architecture.initial_parameters(parameters_generator, dtype, initialisation)
    trainer = create_trainer(
        backend,
        architecture,
        parameters,
        create_optimizer(optimizer, learning_rate),
        batch_size,
        samples,
    )
    if not dynamic_binarisation:
        trainer.load(x_train)
    history: list[Measurement] = []
    done, keeper = 0, None
    if checkpoint is not None:
        settings = {
            "architecture": architecture.to_json(),
            "start": parameters_generator.bit_generator.state,
            "backend": backend,
            "batch_size": batch_size,
            "learning_rate": learning_rate,
            "optimizer": optimizer,
            "initialisation": initialisation,
            "samples": samples,
            "dynamic_binarisation": dynamic_binarisation,
            "dtype": np.dtype(dtype).name,
        }
        key = training_key(settings, [x_train, x_test])
        generators = [epoch_generator, test_generator, pixel_generator]
        keeper = Checkpoint(checkpoint, key, trainer, generators)
        done, history = keeper.resume()
    bar = tqdm(
        range(done + 1, epochs + 1),
        initial=done,
        total=epochs,
        unit="epoch",
        mininterval=1,
        disable=not progress,
        file=sys.stderr,
    )
    for epoch in bar:
        if dynamic_binarisation:
            trainer.load_binarised(x_train, pixel_generator)
        order, noise = trainer.draw(epoch_generator, len(x_train))
        start = time.perf_counter()
        reconstruction, kl = trainer.run_epoch(order, noise)
        seconds = time.perf_counter() - start
        history += elbo_measurements(epoch, "train", reconstruction, kl)
        history.append(Measurement(epoch, "train", "runtime", seconds, "s"))
        if x_test is not None:
            reconstruction, kl = trainer.evaluate(x_test, test_generator)
            history += elbo_measurements(epoch, "test", reconstruction, kl)
        bar.set_postfix_str(
            f"{'train' if x_test is None else 'test'} ELBO {-reconstruction - kl:.2f}"
        )
        if keeper is not None:
            keeper.save_if_due(epoch, history)
    return trained_model(architecture, trainer), history


def trained_model(architecture: Architecture, trainer: Trainer) -> Model:
    """Model with the trainer's parameters as they are now."""
    return Model(architecture, trainer.state()["parameters"])


def elbo_measurements(
    epoch: int, split: str, reconstruction: float, kl: float
) -> list[Measurement]:
    """ELBO, reconstruction loss and KL divergence of an epoch, nats per image.

    Raises
    ------
    TrainingDiverged
        If they are not finite, naming the epoch.
    """
    if not np.isfinite(reconstruction + kl):
        raise TrainingDiverged(
            f"training diverged in epoch {epoch} (reconstruction loss {reconstruction}, KL {kl}): "
            "lower learning_rate or scale the data"
        )
    values = {"elbo": -reconstruction - kl, "reconstruction": reconstruction, "kl": kl}
    return [
        Measurement(epoch, split, metric, value, "nats/image") for metric, value in values.items()
    ]
