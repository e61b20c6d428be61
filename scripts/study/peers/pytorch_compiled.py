"""PyTorch with its compiler: losses and their gradient as code made for this network."""

from __future__ import annotations

import os
import shutil
import tempfile
from typing import TYPE_CHECKING, Any

from study.peers import pytorch
from study.peers.pytorch import PytorchTrainer, device
from vae.architecture import Architecture
from vae.backends import Facts
from vae.optimizer import Adam

if TYPE_CHECKING:
    import numpy as np

__all__ = ["FACTS", "device", "limit_threads", "trainer", "unavailable"]

FACTS = Facts(label="PyTorch (compiled)", library="torch", extra="peers")


def unavailable() -> str | None:
    """Why compiled PyTorch cannot run here, or None."""
    reason = pytorch.unavailable()
    if reason is None and not any(map(shutil.which, (os.environ.get("CXX", "g++"), "clang++"))):
        return "no C++ compiler"
    return reason


def limit_threads(threads: int) -> None:
    """Hold PyTorch and its compiler to a number of threads."""
    os.environ["TORCHINDUCTOR_COMPILE_THREADS"] = str(threads)
    pytorch.limit_threads(threads)


def trainer(
    architecture: Architecture, parameters: np.ndarray, adam: Adam, batch_size: int
) -> CompiledPytorchTrainer:
    """Trainer on the GPU if there is one, else on the CPU."""
    return CompiledPytorchTrainer(architecture, parameters, adam, batch_size)


class CompiledPytorchTrainer(PytorchTrainer):
    """`PytorchTrainer` that compiles at its first step, whatever was compiled before."""

    def __init__(
        self, architecture: Architecture, parameters: np.ndarray, adam: Adam, batch_size: int
    ) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="torch_")
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = self._folder.name
        os.environ["TORCHINDUCTOR_FORCE_DISABLE_CACHES"] = "1"
        super().__init__(architecture, parameters, adam, batch_size)
        self._compiled: Any = self._torch.compile(super()._losses)

    def _losses(self, x: Any, noise: Any) -> Any:
        return self._compiled(x, noise)
