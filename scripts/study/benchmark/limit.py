"""How fast a machine multiplies matrices of float32: the limit of what training can reach."""

import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from vae.architecture import Architecture

LARGE = 2048
"""Rows and columns of matrices that are large enough for any processor's best."""


class Product(NamedTuple):
    """`left @ right` into `out`, arrays of one library."""

    left: Any
    right: Any
    out: Any

    @property
    def gflop(self) -> float:
        """Its additions and multiplications, in units of 10^9."""
        rows, columns = self.out.shape
        return 2e-9 * rows * columns * self.left.shape[1]


def large_product(xp: Any) -> list[Product]:
    """One product of two square matrices of `LARGE` rows, in the array library `xp`."""
    left, right, out = (xp.ones((LARGE, LARGE), np.float32) for _ in range(3))
    return [Product(left, right, out)]


def network_products(architecture: Architecture, batch_size: int, xp: Any) -> list[Product]:
    """Make the products of one training step: of each layer, its output and its gradients."""

    def matrix(rows: int, columns: int) -> Any:
        return xp.ones((rows, columns), np.float32)

    products = []
    for index, layer in enumerate(architecture.layers):
        x, delta = matrix(batch_size, layer.inputs), matrix(batch_size, layer.outputs)
        weight = matrix(layer.inputs, layer.outputs)
        products += [Product(x, weight, matrix(*delta.shape))]
        products += [Product(x.T, delta, matrix(*weight.shape))]
        if index:
            products += [Product(delta, weight.T, matrix(*x.shape))]
    return products


def rate(
    products: Sequence[Product],
    xp: Any,
    wait: Callable[[], None] = lambda: None,
    seconds: float = 0.2,
) -> float:
    """Time products, all of them in turn, for at least so many seconds after one untimed turn.

    Parameters
    ----------
    products
        Of the array library `xp`.
    wait
        Returns when the device has done what it was given.
    seconds
        The least time to measure for.

    Returns
    -------
    float
        GFLOP/s.
    """

    def turn() -> None:
        for left, right, out in products:
            xp.matmul(left, right, out=out)
        wait()

    turn()
    turns, elapsed, start = 0, 0.0, time.perf_counter()
    while elapsed < seconds:
        turn()
        turns += 1
        elapsed = time.perf_counter() - start
    return turns * sum(product.gflop for product in products) / elapsed


def limits(architecture: Architecture, batch_size: int, backend: str) -> dict[str, float]:
    """Rates in GFLOP/s of large products and of a network's own, on a backend's device.

    Parameters
    ----------
    architecture, batch_size
        The network, whose own products are those of one of its training steps.
    backend
        "numpy" for the CPU, by the BLAS that NumPy uses; "cupy" for the GPU.
    """
    xp, wait = _library(backend)
    return {
        "limit_2048_gflops": rate(large_product(xp), xp, wait),
        "limit_network_gflops": rate(network_products(architecture, batch_size, xp), xp, wait),
    }


def _library(backend: str) -> tuple[Any, Callable[[], None]]:
    """Array library of a backend, and what waits for its device."""
    if backend == "cupy":
        import cupy

        return cupy, cupy.cuda.Device().synchronize
    return np, lambda: None
