"""The job that every backend is timed on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from vae.architecture import Architecture
from vae.seeding import generator
from vae.training import draw_epoch

COLUMNS = (
    "backend",
    "device",
    "status",
    "repeat",
    "seconds",
    "images_per_second",
    "peak_memory_mib",
    "note",
)
"""Columns of a table of timings, a row a repeat (seconds per epoch)."""


@dataclass(frozen=True)
class BenchmarkProblem:
    """Network, data and randomness of the timed job."""

    architecture: Architecture
    x: np.ndarray
    generator: np.random.Generator

    def draw_epoch(self) -> tuple[np.ndarray, np.ndarray]:
        """Order and noise of one epoch, one sample an image."""
        shape = (1, len(self.x), self.architecture.latent_dimension)
        return draw_epoch(self.generator, shape, np.float32)


def benchmark_problem(settings: Mapping[str, Any], root_seed: int) -> BenchmarkProblem:
    """Random pixels and a network of the report's NumPy program (leaky ReLU, then ReLU).

    The pixels' values do not change the time, their number does.

    Parameters
    ----------
    settings
        `input_dimension`, `hidden_sizes` (of the encoder; the decoder mirrors them),
        `latent_dimension`, `batch_size`, `steps`.
    root_seed
        The study's.
    """
    random = generator(root_seed, "benchmark")
    sizes = settings["hidden_sizes"]
    architecture = Architecture(
        settings["input_dimension"],
        settings["latent_dimension"],
        encoder_sizes=sizes,
        encoder_activation="leaky_relu",
        decoder_sizes=sizes[::-1],
        decoder_activation="relu",
    )
    shape = (settings["steps"] * settings["batch_size"], settings["input_dimension"])
    return BenchmarkProblem(architecture, random.integers(0, 256, shape, np.uint8), random)
