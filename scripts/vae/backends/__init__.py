"""One mathematics, several implementations: a trainer each, chosen by name.

A backend is a module of this folder. It has `FACTS`, what is known of it without its libraries, and
four functions: `unavailable()`, the reason why it cannot run here or None; `device()`, what it runs
on; `limit_threads(threads)`; and `trainer(...)`, which makes a `Trainer`. Libraries, NumPy too, are
imported inside the functions: who only plans a training needs none, and a machine without
TensorFlow or CuPy still runs everything else. What a backend is made of begins with an underscore.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from vae.algorithms import ALGORITHMS
from vae.architecture import Architecture
from vae.backends._facts import Facts
from vae.names import require_known
from vae.optimizer import Optimizer

if TYPE_CHECKING:
    import numpy as np

BACKENDS = tuple(sorted(path.stem for path in Path(__file__).parent.glob("[!_]*.py")))
"""The modules of this folder."""


class Trainer(Protocol):
    """Parameters, optimizer and data of one training, on the backend's device."""

    def load(self, x: np.ndarray) -> None:
        """Place the training data (n x d; uint8 means value / 255) on the device."""

    def load_binarised(self, x: np.ndarray, generator: np.random.Generator) -> None:
        """Place black and white images, drawn from the grey levels x, on the device.

        Drawn as `vae.binarisation.binarise` draws them: on the host by it, on a device from a
        generator there whose key comes from this one.
        """

    def draw(self, generator: np.random.Generator, n: int) -> tuple[Any, Any]:
        """Order of n rows and noise of an epoch, for `run_epoch`, from the generator's stream.

        On the host, the same for every backend of a dtype; on a device, from a generator there
        whose key comes from this one.
        """

    def run_epoch(self, order: Any, noise: Any) -> tuple[float, float]:
        """One pass over the loaded data: a step of the optimizer per batch.

        Parameters
        ----------
        order
            (n,) int, the row to take at each position; consecutive positions make a batch.
        noise
            samples x n x `vae.algorithms.noise_width`, the standard normal numbers of each
            position. Both are NumPy arrays or what `draw` gave.

        Returns
        -------
        tuple of float
            Reconstruction loss -E log p(x|z) and KL divergence, nats per item: the means over
            the epoch, each batch measured before its step.
        """

    def gradient(self, x: np.ndarray, noise: np.ndarray) -> tuple[float, float, np.ndarray]:
        """Reconstruction loss, KL and what a step descends by, for one batch, without the step.

        Parameters
        ----------
        x
            batch x d, at most a batch's rows.
        noise
            samples x batch x `vae.algorithms.noise_width`.

        Returns
        -------
        tuple
            Means over the batch (nats per item), and a flat vector in the parameters' order: the
            gradient of their sum, or that of wake-sleep's losses.
        """

    def evaluate(self, x: np.ndarray, generator: np.random.Generator) -> tuple[float, float]:
        """Reconstruction loss and KL of the parameters as they are, with one sample an item.

        Means over the items of x (n x d), nats per item: the terms of `Model.elbo_terms`, whose
        noise on a device comes from a generator there.
        """

    def state(self) -> dict[str, np.ndarray]:
        """Copies of `parameters` and the optimizer's `arrays` (flat, by name), and `step`.

        The step is a scalar, the number of steps taken.
        """

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Continue from what `state` gave with the same optimizer, here or on another backend."""


class BackendUnavailable(RuntimeError):
    """A backend cannot run on this machine; the message says why."""


def facts(backend: str) -> Facts:
    """What a backend says of itself.

    Raises
    ------
    ValueError
        If there is no backend of that name.
    """
    return _module(backend).FACTS


def refusals(
    backend: str, *, filters: bool, likelihood: str, optimizer: str, samples: int, algorithm: str
) -> list[str]:
    """What a backend cannot do of a training, a clause each that names those who can.

    Such as "does not train with filters; expected tensorflow".
    """
    refused = {
        name: list(
            facts(name).refused(
                filters=filters,
                likelihood=likelihood,
                optimizer=optimizer,
                samples=samples,
                algorithm=algorithm,
            )
        )
        for name in BACKENDS
    }
    return [
        f"does not train with {what}; expected "
        + " or ".join(name for name in BACKENDS if what not in refused[name])
        for what in refused[backend]
    ]


def unavailable(backend: str) -> str | None:
    """Why a backend cannot run here, or None if it can.

    Raises
    ------
    ValueError
        If there is no backend of that name.
    """
    return _module(backend).unavailable()


def device(backend: str) -> str:
    """What a backend runs on here, or would run on: "CPU" or "GPU"."""
    return _module(backend).device()


def limit_threads(backend: str, threads: int) -> None:
    """Hold an available backend to a number of CPU threads, before its first computation.

    Raises
    ------
    RuntimeError
        If TensorFlow has computed already with another number.
    """
    _module(backend).limit_threads(threads)


def create_trainer(
    backend: str,
    architecture: Architecture,
    parameters: np.ndarray,
    optimizer: Optimizer,
    batch_size: int = 100,
    samples: int = 1,
    algorithm: str = "aevb",
) -> Trainer:
    """Trainer of the named backend; its dtype is that of the parameters (float32 or float64).

    Raises
    ------
    ValueError
        If there is no backend or algorithm of that name, or the backend lacks convolutions, the
        optimizer, the likelihood, the samples or the algorithm.
    BackendUnavailable
        If it cannot run on this machine.
    """
    require_known("algorithm", algorithm, ALGORITHMS)
    module = _module(backend)
    for refusal in refusals(
        backend,
        filters=architecture.convolutional,
        likelihood=architecture.likelihood,
        optimizer=optimizer.name,
        samples=samples,
        algorithm=algorithm,
    ):
        raise ValueError(f"backend {backend} {refusal}")
    reason = module.unavailable()
    if reason is not None:
        raise BackendUnavailable(f"backend {backend}: {reason}")
    return module.trainer(architecture, parameters, optimizer, batch_size, samples, algorithm)


def _module(backend: str) -> Any:
    require_known("backend", backend, BACKENDS)
    return import_module(f"vae.backends.{backend}")
