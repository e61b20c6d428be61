"""CuPy backend: the NumPy kernels' formulas on a CUDA device."""

import ctypes
import ctypes.util
from typing import Any

import numpy as np

from vae.architecture import Architecture
from vae.backends.array import ArrayTrainer
from vae.backends.numpy import NumpyKernels
from vae.optimizer import Adam


def unavailable() -> str | None:
    """Why CuPy cannot run here, or None: a CUDA device is looked for first, then CuPy."""
    if _cuda_device_count() == 0:
        return "no CUDA device"
    try:
        import cupy
    except ImportError:
        return "CuPy is not installed; install the extra 'cuda'"
    return None if cupy.cuda.is_available() else "CuPy finds no CUDA device that it can use"


def device() -> str:
    """Return "GPU"."""
    return "GPU"


def limit_threads(threads: int) -> None:
    """Do nothing: the device computes, not the CPU's threads."""


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


def trainer(
    architecture: Architecture, parameters: np.ndarray, adam: Adam, batch_size: int, samples: int
) -> ArrayTrainer:
    """Trainer on the current CUDA device."""
    import cupy

    return ArrayTrainer(CupyKernels(cupy), architecture, parameters, adam, batch_size, samples)


class CupyKernels(NumpyKernels):
    """`Kernels` on the device; only what touches the host or its memory differs."""

    def to_host(self, array: Any) -> np.ndarray:
        """Copy to the host, waiting for the device."""
        return array.get()

    def _take(self, x: Any, rows: Any, out: Any) -> None:
        self.xp.take(x, rows, axis=0, out=out)

    def blocks(self, inputs: int, outputs: int) -> list[slice]:
        """All rows at once: on the device a launch costs more than the traffic it would save."""
        return [slice(0, inputs)]
