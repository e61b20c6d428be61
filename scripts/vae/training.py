"""Training: epochs of steps, the same numbers in the same order on every backend."""

import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from vae._arrays import require_rows
from vae._progress import progress_bar
from vae.algorithms import ALGORITHMS
from vae.architecture import INITIALISATIONS, Architecture
from vae.backends import BACKENDS, Trainer, create_trainer
from vae.checkpoint import Checkpoint, training_key
from vae.history import LARGEST_LOSS, Measurement, TrainingDiverged, diverged
from vae.model import Model
from vae.names import require_known, require_positive, require_whole
from vae.optimizer import OPTIMIZERS, create_optimizer

DTYPES = ("float32", "float64")


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
        What the backend computes in, "float32" or "float64".
    algorithm
        What a step follows, a name in `vae.algorithms.ALGORITHMS`.

    Raises
    ------
    ValueError
        If a name is unknown or a number out of its range.
    """

    backend: str = "numpy"
    batch_size: int = 100
    learning_rate: float = 1e-3
    optimizer: str = "adam"
    initialisation: str = "xavier"
    samples: int = 1
    dynamic_binarisation: bool = False
    dtype: str = "float32"
    algorithm: str = "aevb"

    def __post_init__(self) -> None:
        require_known("backend", self.backend, BACKENDS)
        require_known("optimizer", self.optimizer, OPTIMIZERS)
        require_known("initialisation", self.initialisation, INITIALISATIONS)
        require_known("dtype", self.dtype, DTYPES)
        require_known("algorithm", self.algorithm, ALGORITHMS)
        require_positive("learning_rate", self.learning_rate)
        for name in ("batch_size", "samples"):
            object.__setattr__(self, name, require_whole(name, getattr(self, name)))

    def initial_parameters(
        self, architecture: Architecture, generator: np.random.Generator
    ) -> np.ndarray:
        """Draw the parameters to start from; flat."""
        return architecture.initial_parameters(generator, np.dtype(self.dtype), self.initialisation)

    def trainer(self, architecture: Architecture, parameters: np.ndarray) -> Trainer:
        """Trainer from given parameters; raises as `vae.backends.create_trainer` does."""
        optimizer = create_optimizer(self.optimizer, self.learning_rate)
        return create_trainer(
            self.backend,
            architecture,
            parameters,
            optimizer,
            self.batch_size,
            self.samples,
            self.algorithm,
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
        n x input dimension; uint8 means value / 255. In [0, 1] for the Bernoulli likelihood or
        `dynamic_binarisation`. Without test data only training is measured.
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
    ValueError
        If the data or the number of epochs are not usable.
    vae.history.TrainingDiverged
        If the loss is no longer finite, naming the epoch.
    vae.backends.BackendUnavailable
        If the backend cannot run here.
    """
    training = training or Training()
    require_whole("epochs", epochs)
    x_train = _items("x_train", x_train, architecture, training)
    x_test = None if x_test is None else _items("x_test", x_test, architecture, training)
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
    if x_test is None:
        require_learned(trainer, x_train, epochs, training.learning_rate)
    return trained_model(architecture, trainer), history


def _items(name: str, x: Any, architecture: Architecture, training: Training) -> np.ndarray:
    """Rows that the architecture can be trained on; a `ValueError` of any others."""
    rows = require_rows(name, x, architecture.input_dimension)
    if not len(rows):
        raise ValueError(f"{name}: expected at least one row, got none")
    bounded = architecture.likelihood == "bernoulli" or training.dynamic_binarisation
    low, high = (0, 1) if bounded else (np.finfo(training.dtype).min, np.finfo(training.dtype).max)
    if rows.dtype != np.uint8 and not (low <= rows.min() and rows.max() <= high):
        raise ValueError(
            f"{name}: expected numbers from {low:g} to {high:g}, got some from {rows.min():g} to "
            f"{rows.max():g}"
        )
    return rows


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


def require_learned(trainer: Trainer, x: np.ndarray, epoch: int, learning_rate: float) -> None:
    """Require losses below `vae.history.LARGEST_LOSS` after an epoch's last step, by fixed noise.

    Raises
    ------
    vae.history.TrainingDiverged
        If they are larger, or not finite.
    """
    reconstruction, kl = trainer.evaluate(x, np.random.default_rng(0))
    if not abs(reconstruction) + kl < LARGEST_LOSS:
        raise _diverged(epoch, learning_rate, reconstruction, kl)


def elbo_measurements(
    epoch: int, split: str, reconstruction: float, kl: float, learning_rate: float
) -> list[Measurement]:
    """ELBO, reconstruction loss and KL divergence of an epoch, nats per image.

    Raises
    ------
    vae.history.TrainingDiverged
        If they are not finite, naming the epoch and the learning rate.
    """
    if not np.isfinite(reconstruction + kl):
        raise _diverged(epoch, learning_rate, reconstruction, kl)
    values = {"elbo": -reconstruction - kl, "reconstruction": reconstruction, "kl": kl}
    return [
        Measurement(epoch, split, metric, value, "nats/image") for metric, value in values.items()
    ]


def _diverged(
    epoch: int, learning_rate: float, reconstruction: float, kl: float
) -> TrainingDiverged:
    found = f"reconstruction loss {reconstruction}, KL {kl}"
    return diverged(f"epoch {epoch}", learning_rate, found)
