"""TensorFlow: a whole epoch in one function that XLA compiles, gradients by its tape."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from vae.algorithms import ALGORITHMS
from vae.architecture import Architecture
from vae.backends._facts import Facts
from vae.optimizer import Optimizer

if TYPE_CHECKING:
    import numpy as np

    from vae.backends._tensorflow_trainer import TensorflowTrainer

FACTS = Facts(
    label="TensorFlow",
    library="tensorflow",
    extra="tensorflow",
    memory_mb=2500,
    compiles_epoch=True,
    convolutions=True,
    algorithms=ALGORITHMS,
)


def unavailable() -> str | None:
    """Why TensorFlow cannot run here, or None."""
    if find_spec("tensorflow") is None:
        return f"TensorFlow is not installed; install the extra '{FACTS.extra}'"
    return None


def device() -> str:
    """Return "GPU" if TensorFlow sees one, else "CPU"."""
    if unavailable() is not None:
        return "CPU"
    return "GPU" if library().config.list_physical_devices("GPU") else "CPU"


def limit_threads(threads: int) -> None:
    """Hold TensorFlow to a number of threads; call before its first operation.

    Raises
    ------
    RuntimeError
        If TensorFlow has run already.
    """
    tf = library()
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)


def trainer(
    architecture: Architecture,
    parameters: np.ndarray,
    optimizer: Optimizer,
    batch_size: int,
    samples: int,
    algorithm: str = "aevb",
) -> TensorflowTrainer:
    """Trainer on TensorFlow's default device."""
    from vae.backends._tensorflow_trainer import TensorflowTrainer

    return TensorflowTrainer(
        library(), architecture, parameters, optimizer, batch_size, samples, algorithm
    )


def library() -> Any:
    """Import TensorFlow, without what it says when it starts, and without Keras.

    It would import Keras as well, for a third of the time, which it does when Keras is asked for.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    loaded = {"keras", "tensorflow"} & sys.modules.keys()
    if not loaded:
        sys.modules["keras"] = None  # type: ignore[assignment]  # cannot be imported
    try:
        import tensorflow
    finally:
        if not loaded:
            del sys.modules["keras"]
    return tensorflow
