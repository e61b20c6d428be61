"""CuPy: an epoch is one launch of a kernel that stays on the CUDA device."""

from __future__ import annotations

import ctypes
import ctypes.util
from typing import TYPE_CHECKING

from vae.architecture import Architecture
from vae.backends._facts import Facts
from vae.optimizer import Optimizer

if TYPE_CHECKING:
    import numpy as np

    from vae.backends._cupy_trainer import CupyTrainer

FACTS = Facts(label="CuPy", library="cupy", extra="cuda", needs_gpu=True)


def unavailable() -> str | None:
    """Why CuPy cannot run here, or None: a CUDA device is looked for first, then CuPy."""
    if _cuda_device_count() == 0:
        return "no CUDA device"
    try:
        import cupy
    except ImportError:
        return f"CuPy is not installed; install the extra '{FACTS.extra}'"
    if not cupy.cuda.is_available():
        return "CuPy finds no CUDA device that it can use"
    from vae.backends import _cuda_source as source

    memory = cupy.cuda.Device().attributes["MaxSharedMemoryPerBlockOptin"]
    needed = source.shared_memory("float32") + source.STATIC_MEMORY
    if memory < needed:
        return f"the CUDA device has {memory} bytes of shared memory a block, {needed} are needed"
    return None


def device() -> str:
    """Return "GPU"."""
    return "GPU"


def limit_threads(threads: int) -> None:
    """Do nothing: the device computes, not the CPU's threads."""


def trainer(
    architecture: Architecture,
    parameters: np.ndarray,
    optimizer: Optimizer,
    batch_size: int,
    samples: int,
    algorithm: str = "aevb",
) -> CupyTrainer:
    """Trainer on the current CUDA device."""
    import cupy

    from vae.backends._cupy_trainer import CupyTrainer

    return CupyTrainer(cupy, architecture, parameters, optimizer, batch_size, samples)


def _cuda_device_count() -> int:
    """Devices that the CUDA driver sees, 0 without a driver; needs no CUDA library in Python."""
    try:
        driver = ctypes.CDLL(ctypes.util.find_library("cuda") or "libcuda.so.1")
    except OSError:
        return 0
    count = ctypes.c_int(0)
    if driver.cuInit(0) != 0 or driver.cuDeviceGetCount(ctypes.byref(count)) != 0:
        return 0
    return count.value
