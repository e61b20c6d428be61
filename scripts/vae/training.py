"""Training: epochs of steps on the ELBO, the same numbers in the same order on every backend."""

import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from vae._progress import progress_bar
from vae.architecture import Architecture
from vae.backends import Trainer, create_trainer
from vae.checkpoint import Checkpoint, training_key
from vae.history import Measurement
from vae.model import Model
from vae.optimizer import create_optimizer


class TrainingDiverged(ValueError):
    """The loss stopped being a number."""


@dataclass(frozen=True)
class Training:
    """How a model is trained, whatever its network, data and length.

    Attributes
    ----------
    backend
        A name of `vae.backends.BACKENDS`.
    batch_size
        Rows a step.
    learning_rate, optimizer
        The optimizer's step size, and its name in `vae.optimizer.OPTIMIZERS`.
    initialisation
        A name of `vae.architecture.INITIALISATIONS`.
    samples
        L of equation (3.9) of the report.
    dynamic_binarisation
        Whether every epoch trains on black and white images drawn anew from the grey ones.
    dtype
        "float32" or "float64".
    """

    backend: str = "numpy"
    batch_size: int = 100
    learning_rate: float = 1e-3
    optimizer: str = "adam"
    initialisation: str = "xavier"
    samples: int = 1
    dynamic_binarisation: bool = False
    dtype: str = "float32"

    def initial_parameters(
        self, architecture: Architecture, generator: np.random.Generator
    ) -> np.ndarray:
        """Draw the parameters to start from; flat."""
        return architecture.initial_parameters(generator, np.dtype(self.dtype), self.initialisation)

    def trainer(self, architecture: Architecture, parameters: np.ndarray) -> Trainer:
        """Trainer from given parameters; raises as `vae.backends.create_trainer` does."""
        optimizer = create_optimizer(self.optimizer, self.learning_rate)
        return create_trainer(
            self.backend, architecture, parameters, optimizer, self.batch_size, self.samples
        )


class _Streams(NamedTuple):
    """Where each part of a training takes its randomness from."""

    parameters: np.random.Generator
    epoch: np.random.Generator
    test: np.random.Generator
    pixels: np.random.Generator


def train(
    architecture: Architecture,
    x_train: np.ndarray,
    x_test: np.ndarray | None = None,
    training: Training | None = None,
    *,
    epochs: int,
    generator: np.random.Generator,
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
    training
        How to train; None takes every setting as it is by default.
    epochs
        Passes over the training data.
    generator
        The run's only source of randomness.
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
    training = training or Training()
    streams = _Streams(*generator.spawn(4))
    parameters = training.initial_parameters(architecture, streams.parameters)
    trainer = training.trainer(architecture, parameters)
    if not training.dynamic_binarisation:
        trainer.load(x_train)
    history: list[Measurement] = []
    done, keeper = 0, None
    if checkpoint is not None:
        settings = {
            "architecture": architecture.to_json(),
            "start": streams.parameters.bit_generator.state,
            **asdict(training),
        }
        key = training_key(settings, [x_train, x_test])
        keeper = Checkpoint(checkpoint, key, trainer, streams[1:])
        done, history = keeper.resume(epochs)
    with progress_bar(epochs, "epoch", done=done, shown=progress) as bar:
        for epoch in range(done + 1, epochs + 1):
            if training.dynamic_binarisation:
                trainer.load_binarised(x_train, streams.pixels)
            history += _train_epoch(trainer, training.learning_rate, epoch, len(x_train), streams)
            if x_test is not None:
                losses = trainer.evaluate(x_test, streams.test)
                history += elbo_measurements(epoch, "test", *losses, training.learning_rate)
            last = next(row for row in reversed(history) if row.metric == "elbo")
            bar.set_postfix_str(f"{last.split} ELBO {last.value:.2f}", refresh=False)
            bar.update()
            if keeper is not None:
                keeper.save_if_due(epoch, history)
    return trained_model(architecture, trainer), history


def _train_epoch(
    trainer: Trainer, learning_rate: float, epoch: int, n: int, streams: _Streams
) -> list[Measurement]:
    """Train on n loaded rows, once each; the epoch's losses and runtime."""
    order, noise = trainer.draw(streams.epoch, n)
    start = time.perf_counter()
    losses = trainer.run_epoch(order, noise)
    seconds = time.perf_counter() - start
    runtime = Measurement(epoch, "train", "runtime", seconds, "s")
    return [*elbo_measurements(epoch, "train", *losses, learning_rate), runtime]


def trained_model(architecture: Architecture, trainer: Trainer) -> Model:
    """Model with the trainer's parameters as they are now."""
    return Model(architecture, trainer.state()["parameters"])


def elbo_measurements(
    epoch: int, split: str, reconstruction: float, kl: float, learning_rate: float
) -> list[Measurement]:
    """ELBO, reconstruction loss and KL divergence of an epoch, nats per image.

    Raises
    ------
    TrainingDiverged
        If they are not finite, naming the epoch and the learning rate.
    """
    if not np.isfinite(reconstruction + kl):
        raise TrainingDiverged(
            f"training diverged in epoch {epoch} at a learning_rate of {learning_rate:g} "
            f"(reconstruction loss {reconstruction}, KL {kl}): try {learning_rate / 10:g}, or "
            "scale the data"
        )
    values = {"elbo": -reconstruction - kl, "reconstruction": reconstruction, "kl": kl}
    return [
        Measurement(epoch, split, metric, value, "nats/image") for metric, value in values.items()
    ]
