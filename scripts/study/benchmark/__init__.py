"""The job that every implementation is timed on, and what it takes in arithmetic."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from vae.architecture import Architecture
from vae.backends._draw import draw_epoch
from vae.seeding import generator

LEARNING_RATE = 1e-4
"""That of the report's NumPy program, which at ten times that does not stay finite."""


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


def benchmark_architecture(
    settings: Mapping[str, Any],
    encoder_activation: str = "leaky_relu",
    decoder_activation: str = "relu",
) -> Architecture:
    """Network of the job; the activations are those of the report's NumPy program.

    Parameters
    ----------
    settings
        `input_dimension`, `hidden_sizes` (of the encoder; the decoder mirrors them),
        `latent_dimension`.
    encoder_activation, decoder_activation
        Names of `vae.architecture.ACTIVATIONS`.
    """
    sizes = settings["hidden_sizes"]
    return Architecture(
        settings["input_dimension"],
        settings["latent_dimension"],
        encoder_sizes=sizes,
        encoder_activation=encoder_activation,
        decoder_sizes=sizes[::-1],
        decoder_activation=decoder_activation,
    )


def benchmark_problem(settings: Mapping[str, Any], root_seed: int) -> BenchmarkProblem:
    """Random pixels for the network of the job.

    The pixels' values do not change the time, their number does. The same settings and seed give
    the same pixels, and the same generator from then on, in every process.

    Parameters
    ----------
    settings
        Those of `benchmark_architecture`, `batch_size` and `steps`.
    root_seed
        The study's.
    """
    random = generator(root_seed, "benchmark")
    architecture = benchmark_architecture(settings)
    shape = (settings["steps"] * settings["batch_size"], settings["input_dimension"])
    return BenchmarkProblem(architecture, random.integers(0, 256, shape, np.uint8), random)


def gflop(architecture: Architecture, images: int) -> float:
    """Arithmetic of the products of a training pass over so many images, one sample each.

    A layer has three products, each of 2 x images x inputs x outputs operations: its output, its
    weight's gradient and its input's gradient. The pixels need no gradient.

    Returns
    -------
    float
        In units of 10^9 operations.
    """
    products = [3 * layer.inputs * layer.outputs for layer in architecture.layers]
    first = architecture.layers[0]
    return 2e-9 * images * (sum(products) - first.inputs * first.outputs)
