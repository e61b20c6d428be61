"""Other libraries' ways of doing the benchmark's job, to hold the backends against.

A peer is a module with `FACTS` and the four functions of a backend: `unavailable()`, `device()`,
`limit_threads(threads)` and `trainer(architecture, parameters, adam, batch_size)`, which makes a
`PeerTrainer`. It is written as its library's users would write it, with the settings that make it
fast, for what the benchmark asks: a Bernoulli decoder, ReLU and leaky ReLU, whole batches.

A trainer whose library may use a GPU has `place(order, noise)` besides, which returns both on its
device: for the backends they lie there before an epoch is timed.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from vae.backends import BACKENDS, facts
from vae.names import require_known

if TYPE_CHECKING:
    import numpy as np

PEERS = tuple(sorted(path.stem for path in Path(__file__).parent.glob("[!_]*.py")))
"""The modules of this folder."""


class PeerTrainer(Protocol):
    """What the benchmark needs of a `vae.backends.Trainer`."""

    def load(self, x: np.ndarray) -> None:
        """Place the training data (n x d, uint8, meaning value / 255) on the device."""

    def run_epoch(self, order: np.ndarray, noise: np.ndarray) -> tuple[float, float]:
        """One pass over rows of the loaded data; see `vae.backends.Trainer.run_epoch`.

        The rows must be whole batches, with one sample each.
        """

    def parameters(self) -> np.ndarray:
        """Copy of the parameters as a flat vector, in the architecture's order."""


def peer(name: str) -> Any:
    """Module of a peer.

    Raises
    ------
    ValueError
        If there is no peer of that name.
    """
    require_known("peer", name, PEERS)
    return import_module(f"study.peers.{name}")


def labels() -> dict[str, str]:
    """Names in figures and tables of all that may be timed: backends and peers."""
    return {name: facts(name).label for name in BACKENDS} | {
        name: peer(name).FACTS.label for name in PEERS
    }
