"""CuPy backend: fused kernels on a CUDA device, a step of which is one launch of a CUDA graph.

What a step depends on lies on the device: the data, the order and noise of the epoch, and where in
them the batch begins. So the step can be recorded once, as a graph, and launched again for every
whole batch. Every layer's gradient is a branch of its own in the graph: together they fill a
device that none of them could fill alone. The loss is read once an epoch.
"""

import ctypes
import ctypes.util
import warnings
from contextlib import suppress
from typing import Any

import numpy as np

from vae.architecture import Architecture
from vae.backends._array import ElboPass
from vae.backends.cublas import Cublas
from vae.backends.cuda_kernels import CudaKernels
from vae.optimizer import Optimizer

_WORKSPACE = 32 << 20
"""Bytes of cuBLAS's workspace: what NVIDIA recommends for its Hopper devices."""

_BRANCH_WORKSPACE = 4 << 20
"""The same for a layer's gradient: a sum over a batch is short and seldom worth dividing."""


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
    architecture: Architecture,
    parameters: np.ndarray,
    optimizer: Optimizer,
    batch_size: int,
    samples: int,
) -> "CupyTrainer":
    """Trainer on the current CUDA device."""
    import cupy

    return CupyTrainer(cupy, architecture, parameters, optimizer, batch_size, samples)


class CupyTrainer:
    """`Trainer` whose work is all queued on a stream of its own; `cupy` is the module."""

    def __init__(
        self,
        cupy: Any,
        architecture: Architecture,
        parameters: np.ndarray,
        optimizer: Optimizer,
        batch_size: int,
        samples: int,
    ) -> None:
        self._cupy, self._architecture, self._optimizer = cupy, architecture, optimizer
        self._batch_size, self._samples, self._dtype = batch_size, samples, parameters.dtype
        self._stream = cupy.cuda.Stream(non_blocking=True)
        with self._stream:
            products = Cublas(cupy, self._stream, _WORKSPACE)
            self._kernels = CudaKernels(cupy, products, self._dtype)
            self._elbo = ElboPass(architecture, batch_size, samples, self._kernels, self._dtype)
            self._parameters = cupy.array(parameters)
            self._gradient = cupy.zeros_like(self._parameters)
            self._arrays = [cupy.zeros_like(self._parameters) for _ in optimizer.arrays]
            self._position, self._step = cupy.zeros(1, np.int64), cupy.zeros(1, np.int64)
            self._corrected = cupy.zeros(2, np.float64)
            latent = architecture.latent_dimension
            self._batch_noise = cupy.empty((samples, batch_size, latent), self._dtype)
            self._x = cupy.empty((0, architecture.input_dimension), np.uint8)
            self._order = cupy.empty(0, np.int64)
            self._noise = cupy.empty((samples, 0, latent), self._dtype)
        self._views = architecture.views(self._parameters)
        self._gradient_views = architecture.views(self._gradient)
        self._branches = [_Branch(cupy) for _ in architecture.layers]
        self._forked = cupy.cuda.Event(disable_timing=True)
        self._graph: Any = None
        self._records = True

    def load(self, x: np.ndarray) -> None:
        """Place the training data on the device, bytes as bytes."""
        dtype = np.uint8 if x.dtype == np.uint8 else self._dtype
        with self._stream:
            self._x = self._cupy.asarray(np.ascontiguousarray(x, dtype))
        self._graph = None

    def draw(self, generator: np.random.Generator, n: int) -> tuple[Any, Any]:
        """Order and noise of an epoch of n rows, on the device; waits until they are drawn.

        Drawn by counter from a key, for which the generator is asked, and in float32 whatever the
        dtype, so that a seed gives the same run in both.
        """
        cupy, key = self._cupy, int(generator.integers(2**63))
        shape = self._samples, n, self._architecture.latent_dimension
        with self._stream:
            drawn = cupy.random.Generator(cupy.random.Philox4x3210(key))
            order = cupy.argsort(drawn.random(n))
            noise = drawn.standard_normal(shape, np.float32).astype(self._dtype, copy=False)
        self._stream.synchronize()
        return order, noise

    def run_epoch(self, order: Any, noise: Any) -> tuple[float, float]:
        """One pass over the loaded data: a step of the optimizer per batch."""
        whole, rest = divmod(len(order), self._batch_size)
        with self._stream:
            self._place(order, noise)
            self._position.fill(0)
            self._kernels.forget_losses()
            for _ in range(whole):
                self._take_whole_step()
            if rest:
                self._take_step(rest)
            return self._mean_losses(len(order))

    def gradient(self, x: np.ndarray, noise: np.ndarray) -> tuple[float, float, np.ndarray]:
        """Reconstruction loss, KL and the gradient of their sum, for one batch, without a step."""
        cupy, rows = self._cupy, slice(0, len(x))
        x = np.ascontiguousarray(x, None if x.dtype == np.uint8 else self._dtype)
        with self._stream:
            self._kernels.forget_losses()
            order = cupy.arange(len(x), dtype=np.int64)
            self._kernels.gather(cupy.asarray(x), order, self._elbo.inputs[0][rows])
            noise = cupy.asarray(np.ascontiguousarray(noise, self._dtype))
            self._elbo.forward_backward(self._views, noise, rows, 1 / len(x))
            self._fork_gradients(rows)
            self._join_gradients()
            return *self._mean_losses(len(x)), self._kernels.to_host(self._gradient)

    def state(self) -> dict[str, np.ndarray]:
        """Copies of parameters, the optimizer's arrays and step."""
        with self._stream:
            return {
                **{name: self._kernels.to_host(array) for name, array in self._named_arrays()},
                "step": self._kernels.to_host(self._step).reshape(()),
            }

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Continue from what `state` gave."""
        with self._stream:
            for name, array in [*self._named_arrays(), ("step", self._step)]:
                array[...] = self._cupy.asarray(state[name])

    def _named_arrays(self) -> list[tuple[str, Any]]:
        """Parameters and the optimizer's arrays."""
        arrays = zip(self._optimizer.arrays, self._arrays, strict=True)
        return [("parameters", self._parameters), *arrays]

    def _place(self, order: Any, noise: Any) -> None:
        """Put an epoch's order and noise where the graph looks for them."""
        cupy = self._cupy
        if len(order) != len(self._order):
            self._order = cupy.empty(len(order), np.int64)
            shape = self._samples, len(order), self._architecture.latent_dimension
            self._noise = cupy.empty(shape, self._dtype)
            self._graph = None
        self._order[...] = cupy.asarray(order)
        self._noise[...] = cupy.asarray(noise)

    def _mean_losses(self, items: int) -> tuple[float, float]:
        reconstruction, kl = self._kernels.losses()
        return reconstruction / (self._samples * items), kl / items

    def _take_whole_step(self) -> None:
        """Launch the graph of a step; the first step is taken plainly and then recorded."""
        if self._graph is not None:
            self._graph.launch()
            return
        self._take_step(self._batch_size)
        if self._records:
            try:
                self._graph = self._record()
            except Exception as error:
                self._records = False
                warnings.warn(
                    "a training step cannot be recorded as a CUDA graph, and is launched kernel "
                    f"by kernel, which is slower: {error}",
                    RuntimeWarning,
                    stacklevel=2,
                )

    def _record(self) -> Any:
        """Graph of a step on a whole batch; nothing is computed."""
        self._stream.begin_capture()
        try:
            self._take_step(self._batch_size)
        except BaseException:
            # The recording has to be ended, which itself fails after some errors.
            with suppress(Exception):
                self._stream.end_capture()
            raise
        return self._stream.end_capture()

    def _take_step(self, count: int) -> None:
        """Step of the optimizer on the batch of `count` rows at `_position`, which moves on."""
        kernels, elbo, rows = self._kernels, self._elbo, slice(0, count)
        noise = self._batch_noise[:, rows]
        kernels.take_batch(
            self._x, self._order, self._noise, self._position, elbo.inputs[0][rows], noise
        )
        elbo.forward_backward(self._views, noise, rows, 1 / count)
        self._fork_gradients(rows)
        kernels.advance(self._position, self._step, self._corrected, count, self._optimizer)
        self._join_gradients()
        kernels.update(
            self._parameters, self._gradient, self._arrays, self._corrected, self._optimizer
        )

    def _fork_gradients(self, batch: slice) -> None:
        """Begin every layer's gradient on a branch, from its input and delta."""
        self._forked.record(self._stream)
        for layer, branch in enumerate(self._branches):
            rows = self._elbo.layer_rows(layer, batch)
            x, delta = self._elbo.inputs[layer][rows], self._elbo.deltas[layer][rows]
            weight, bias = self._gradient_views[layer]
            branch.stream.wait_event(self._forked)
            with branch.stream:
                branch.products.matmul(x.T, delta, out=weight)
                self._kernels.column_sums(delta, out=bias)
            branch.finished.record(branch.stream)

    def _join_gradients(self) -> None:
        """Let the trainer's stream wait for all branches."""
        for branch in self._branches:
            self._stream.wait_event(branch.finished)


class _Branch:
    """A stream for one layer's gradient, its products, and the event that it is done."""

    def __init__(self, cupy: Any) -> None:
        self.stream = cupy.cuda.Stream(non_blocking=True)
        with self.stream:
            self.products = Cublas(cupy, self.stream, _BRANCH_WORKSPACE)
        self.finished = cupy.cuda.Event(disable_timing=True)
