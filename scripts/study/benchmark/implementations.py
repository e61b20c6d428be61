"""Backends and peers under one roof: what the benchmark times, by name."""

from typing import Any

import numpy as np

from study.benchmark import LEARNING_RATE
from study.peers import PEERS, peer
from vae import backends
from vae.architecture import Architecture
from vae.backends import BACKENDS, Facts
from vae.names import require_known
from vae.optimizer import Adam

IMPLEMENTATIONS = BACKENDS + PEERS


def facts(name: str) -> Facts:
    """What an implementation says of itself."""
    return peer(name).FACTS if name in PEERS else backends.facts(name)


def unavailable(name: str) -> str | None:
    """Why an implementation cannot run here, or None if it can.

    Raises
    ------
    ValueError
        If there is none of that name.
    """
    require_known("implementation", name, IMPLEMENTATIONS)
    return peer(name).unavailable() if name in PEERS else backends.unavailable(name)


def device(name: str) -> str:
    """What an implementation runs on here, or would run on: "CPU" or "GPU"."""
    return peer(name).device() if name in PEERS else backends.device(name)


def limit_threads(name: str, threads: int) -> None:
    """Hold an available implementation to a number of CPU threads, before it computes."""
    if name in PEERS:
        peer(name).limit_threads(threads)
    else:
        backends.limit_threads(name, threads)


def create_trainer(
    name: str, architecture: Architecture, parameters: np.ndarray, batch_size: int
) -> Any:
    """Trainer of a backend or a peer, with Adam and one sample an image."""
    adam = Adam(LEARNING_RATE)
    if name in PEERS:
        return peer(name).trainer(architecture, parameters, adam, batch_size)
    return backends.create_trainer(name, architecture, parameters, adam, batch_size)
