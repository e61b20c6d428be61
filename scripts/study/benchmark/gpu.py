"""What a GPU can do at best, and where an epoch of the CuPy backend goes on it."""

import os
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import numpy as np

from study.benchmark import LEARNING_RATE, benchmark_problem
from study.benchmark.limit import large_product, network_products, rate
from vae.backends.cupy import trainer
from vae.optimizer import Adam

LIMIT_COLUMNS = ("quantity", "value", "unit")
"""Columns of a GPU's limits, a row each."""

PHASE_COLUMNS = ("phase", "computing_us", "slowest_us", "waiting_us", "step_us")
"""Columns of an epoch by phase of its step, in microseconds a step: how long a multiprocessor
computes, in the median and at most, how long it waits for the others, in the median; and of the
whole step by the clock, the same in every row."""

COPIED = 1 << 30
"""Bytes that are copied to measure the rate of the device's memory: more than any cache holds."""

LAUNCHES = 2000
SECONDS = 0.3
"""How long each rate is measured for."""


def gpu_limits(settings: dict[str, Any], root_seed: int) -> list[dict[str, Any]]:
    """Measure a CUDA device's limits, by CuPy.

    Parameters
    ----------
    settings
        Those of `study.benchmark.benchmark_problem`.
    root_seed
        The study's.

    Returns
    -------
    list of dict
        Rows with the keys `LIMIT_COLUMNS`: rates of products of float32 matrices, with and without
        rounding to TF32, 2,048 square and of the network's shapes; seconds from a launch to the
        next; bytes read and written a second.
    """
    import cupy

    rows = [
        _limit(f"products of {'TF32' if tf32 else 'float32'}, {shapes}", gflops, "GFLOP/s")
        for tf32 in (False, True)
        for shapes, gflops in _rates_of_products(settings, root_seed, tf32)
    ]
    wait = cupy.cuda.Device().synchronize
    kernel = cupy.RawKernel('extern "C" __global__ void nothing() {}', "nothing")
    launches = _seconds(lambda: [kernel((1,), (1,), ()) for _ in range(LAUNCHES)], wait)
    rows.append(_limit("launch of a kernel", 1e6 * launches / LAUNCHES, "us"))
    source, target = (cupy.zeros(COPIED, np.uint8) for _ in range(2))
    copies = _seconds(lambda: target.data.copy_from_device_async(source.data, COPIED), wait)
    rows.append(_limit("copy on the device, read and written", 2e-9 * COPIED / copies, "GB/s"))
    return rows


def phases_of_an_epoch(settings: dict[str, Any], root_seed: int) -> list[dict[str, Any]]:
    """Time the phases of the CuPy backend's step, over the benchmark's epoch.

    Between phases all multiprocessors wait for one another. Their own clocks tell how long each
    computed and waited; the epoch's seconds tell how fast the clocks ran.

    Parameters
    ----------
    settings, root_seed
        As in `gpu_limits`.

    Returns
    -------
    list of dict
        Rows with the keys `PHASE_COLUMNS`, in the order of the phases.
    """
    problem = benchmark_problem(settings, root_seed)
    parameters = problem.architecture.initial_parameters(problem.generator)
    cupy_trainer = trainer(
        problem.architecture, parameters, Adam(LEARNING_RATE), settings["batch_size"], 1
    )
    cupy_trainer.load(problem.x)
    epoch = cupy_trainer.draw(problem.generator, len(problem.x))
    cupy_trainer.run_epoch(*epoch)
    start = time.perf_counter()
    clocks = cupy_trainer.profile(*epoch)
    step = 1e6 * (time.perf_counter() - start) / settings["steps"]
    microseconds = clocks * (step / clocks.sum(axis=(1, 2)).mean())
    computing, waiting = microseconds[..., 0], microseconds[..., 1]
    return [
        {
            "phase": phase,
            "computing_us": np.median(computing[:, index]),
            "slowest_us": computing[:, index].max(),
            "waiting_us": np.median(waiting[:, index]),
            "step_us": step,
        }
        for index, phase in enumerate(cupy_trainer.program.names)
    ]


def _limit(quantity: str, value: float, unit: str) -> dict[str, Any]:
    return {"quantity": quantity, "value": value, "unit": unit}


def _seconds(work: Callable[[], Any], wait: Callable[[], None], repeats: int = 5) -> float:
    """Least time that some work takes, once it has been done."""
    times = []
    for _ in range(repeats + 1):
        wait()
        start = time.perf_counter()
        work()
        wait()
        times.append(time.perf_counter() - start)
    return min(times[1:])


def _rates_of_products(
    settings: dict[str, Any], root_seed: int, tf32: bool
) -> list[tuple[str, float]]:
    """GFLOP/s by shapes, in a process of its own: CuPy asks once whether TF32 is allowed."""
    before = os.environ.get("CUPY_TF32")
    os.environ["CUPY_TF32"] = str(int(tf32))
    try:
        with ProcessPoolExecutor(1, get_context("spawn")) as process:
            return process.submit(_rates_here, settings, root_seed).result()
    finally:
        del os.environ["CUPY_TF32"]
        if before is not None:
            os.environ["CUPY_TF32"] = before


def _rates_here(settings: dict[str, Any], root_seed: int) -> list[tuple[str, float]]:
    import cupy

    architecture = benchmark_problem(settings | {"steps": 1}, root_seed).architecture
    network = network_products(architecture, settings["batch_size"], cupy)
    wait = cupy.cuda.Device().synchronize
    return [
        ("2048 x 2048", rate(large_product(cupy), cupy, wait, SECONDS)),
        ("the network's shapes", rate(network, cupy, wait, SECONDS)),
    ]
