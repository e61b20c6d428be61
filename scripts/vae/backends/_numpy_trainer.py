"""A step of training in NumPy.

A step has two parts. In the first, every thread takes some rows of the batch all the way forward
and backward. In the second, the threads take blocks of the parameters in turn: a block's gradient
from the whole batch, then the optimizer on it while it is in cache, so that the gradient of all
parameters never exists. NumPy releases the interpreter's lock in both, and BLAS runs on the calling
thread alone, since the products of one batch are too small to be worth dividing.
"""

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from math import ceil
from threading import Barrier, BrokenBarrierError, Lock

import numpy as np
from threadpoolctl import ThreadpoolController

from vae.algorithms import noise_width
from vae.architecture import Architecture
from vae.backends._array import PASSES, ElboPass
from vae.backends._blocks import Block, parameter_blocks
from vae.backends._draw import draw_epoch
from vae.backends._host import HostTrainer
from vae.backends._numpy_dreams import DreamingKernels
from vae.backends._numpy_optimizers import BlockStep, block_step
from vae.optimizer import Optimizer

_BLOCK = 1 << 17
"""Most elements of a block: few enough to stay in cache with the optimizer's arrays, enough that
packing the batch for each block's product costs little."""

_EPOCH = Lock()
"""Held for an epoch. Trainers in several threads take turns: each has threads for all cores, and
side by side they would restore the limit of BLAS, which is the process's, to what another had
set."""

_ROWS_PER_THREAD = 16
"""Fewest rows of a batch that are worth a thread: each reads all weights."""

_WORK_PER_THREAD = 1 << 21
"""Fewest multiplications of a forward pass over a batch that are worth a second thread."""

_WORK_PER_FURTHER_THREAD = 1 << 24
"""As many for a third, and for each that follows: all wait for the interpreter's lock between
operations, the longer the more there are."""


class NumpyTrainer(HostTrainer):
    """`Trainer` whose threads share every batch."""

    def __init__(
        self,
        architecture: Architecture,
        parameters: np.ndarray,
        optimizer: Optimizer,
        batch_size: int,
        samples: int,
        algorithm: str = "aevb",
    ) -> None:
        self._architecture, self._optimizer = architecture, optimizer
        self._batch_size, self._samples = batch_size, samples
        self._noise_width = noise_width(algorithm, architecture)
        self._parameters = np.array(parameters)
        self._arrays = [np.zeros_like(self._parameters) for _ in optimizer.arrays]
        self._step = 0
        self._views = architecture.views(self._parameters)
        self._blas = ThreadpoolController().select(user_api="blas")
        with _EPOCH:
            available = max((library["num_threads"] for library in self._blas.info()), default=1)
        work = batch_size * samples * architecture.parameter_count
        worthwhile = max(min(2, work // _WORK_PER_THREAD), work // _WORK_PER_FURTHER_THREAD)
        threads = max(1, min(available, worthwhile))
        count = threads * ceil(architecture.parameter_count / (threads * _BLOCK))
        widest = max(layer.outputs for layer in architecture.layers)
        size = ceil(architecture.parameter_count / count) + widest
        self._blocks = parameter_blocks(architecture, size)
        dtype = self._parameters.dtype
        self._elbo = PASSES[algorithm](architecture, batch_size, samples, DreamingKernels(), dtype)
        self._workers = [_Worker(self._elbo, np.empty((2, size), dtype)) for _ in range(threads)]
        self._x = np.empty((0, architecture.input_dimension), np.uint8)

    def load(self, x: np.ndarray) -> None:
        """Keep the training data, bytes as bytes."""
        self._x = np.asarray(x)

    def draw(self, generator: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
        """Order and noise of an epoch of n rows."""
        shape = (self._samples, n, self._noise_width)
        return draw_epoch(generator, shape, self._parameters.dtype)

    def run_epoch(self, order: np.ndarray, noise: np.ndarray) -> tuple[float, float]:
        """One pass over the loaded data: a step of the optimizer per batch."""
        noise = np.asarray(noise, self._parameters.dtype)
        barrier, pending = Barrier(len(self._workers)), deque[Block]()

        @np.errstate(all="ignore")  # The losses tell of numbers that are too large.
        def work(thread: int) -> np.ndarray:
            try:
                return self._share_epoch(thread, order, noise, barrier, pending)
            except BaseException:
                barrier.abort()
                raise

        with _EPOCH, self._blas.limit(limits=1), ThreadPoolExecutor(len(self._workers)) as pool:
            others = [pool.submit(work, thread) for thread in range(1, len(self._workers))]
            losses = np.zeros(2)
            # A barrier breaks because a thread failed, whose own error says why.
            with suppress(BrokenBarrierError):
                losses += work(0)
            for other in others:
                if not isinstance(other.exception(), BrokenBarrierError):
                    losses += other.result()
        self._step += ceil(len(order) / self._batch_size)
        reconstruction, kl = losses / len(order)
        return float(reconstruction), float(kl)

    def gradient(self, x: np.ndarray, noise: np.ndarray) -> tuple[float, float, np.ndarray]:
        """Reconstruction loss, KL and what a step descends by, for one batch, without the step."""
        worker, batch = self._workers[0], slice(0, len(x))
        worker.kernels.gather(x, np.arange(len(x)), self._elbo.inputs[0][batch])
        noise = np.asarray(noise, self._parameters.dtype)
        losses = worker.elbo.forward_backward(self._views, noise, batch, 1 / len(x))
        gradient = np.empty_like(self._parameters)
        (block,) = parameter_blocks(self._architecture, len(gradient))
        self._weight_gradient(block, batch, gradient)
        return float(losses[0]) / len(x), float(losses[1]) / len(x), gradient

    def state(self) -> dict[str, np.ndarray]:
        """Copies of parameters, the optimizer's arrays and step."""
        arrays = zip(self._optimizer.arrays, self._arrays, strict=True)
        return {
            "parameters": self._parameters.copy(),
            **{name: array.copy() for name, array in arrays},
            "step": np.array(self._step),
        }

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Continue from what `state` gave."""
        self._parameters[...] = state["parameters"]
        for name, array in zip(self._optimizer.arrays, self._arrays, strict=True):
            array[...] = state[name]
        self._step = int(state["step"])

    def _share_epoch(
        self,
        thread: int,
        order: np.ndarray,
        noise: np.ndarray,
        barrier: Barrier,
        pending: deque[Block],
    ) -> np.ndarray:
        """One thread's part of an epoch: its sums of reconstruction loss and KL."""
        worker, losses = self._workers[thread], np.zeros(2)
        starts = range(0, len(order), self._batch_size)
        for index, start in enumerate(starts):
            rows = order[start : start + self._batch_size]
            mine = self._share(thread, len(rows))
            step = block_step(self._optimizer, self._step, index, index == len(starts) - 1)
            if mine.start < mine.stop:
                worker.kernels.gather(self._x, rows[mine], self._elbo.inputs[0][mine])
                my_noise = noise[:, start + mine.start : start + mine.stop]
                scale = step.gradient_scale / len(rows)
                losses += worker.elbo.forward_backward(self._views, my_noise, mine, scale)
            if thread == 0:
                pending.extend(self._blocks)
            barrier.wait()
            with suppress(IndexError):
                while True:
                    block = pending.popleft()
                    self._update(worker, block, slice(0, len(rows)), step)
            barrier.wait()
        return losses

    def _share(self, thread: int, batch: int) -> slice:
        """Rows of a batch that a thread takes; none for some threads if the batch is short."""
        threads = max(1, min(len(self._workers), batch // _ROWS_PER_THREAD))
        first, stop = (min(part, threads) * batch // threads for part in (thread, thread + 1))
        return slice(first, stop)

    def _update(self, worker: "_Worker", block: Block, batch: slice, step: BlockStep) -> None:
        """Take the step on a block."""
        parameters = self._parameters[block.span]
        gradient, scratch = worker.scratch[:, : len(parameters)]
        self._weight_gradient(block, batch, gradient)
        step.take(parameters, gradient, [array[block.span] for array in self._arrays], scratch)

    def _weight_gradient(self, block: Block, batch: slice, out: np.ndarray) -> None:
        """Gradient with respect to a block, from the whole batch's inputs and deltas."""
        start = 0
        for piece in block.pieces:
            rows = self._elbo.layer_rows(piece.layer, batch)
            x, delta = self._elbo.inputs[piece.layer][rows], self._elbo.deltas[piece.layer][rows]
            outputs = delta.shape[1]
            stop = start + (piece.rows.stop - piece.rows.start) * outputs
            np.matmul(x[:, piece.rows].T, delta, out=out[start:stop].reshape(-1, outputs))
            start = stop
            if piece.bias:
                stop += outputs
                np.add.reduce(delta, axis=0, out=out[start:stop])
                start = stop


class _Worker:
    """What a thread has for itself: kernels with their scratch memory, and two blocks' room."""

    def __init__(self, elbo: ElboPass, scratch: np.ndarray) -> None:
        self.kernels = DreamingKernels()
        self.elbo = elbo.sharing_buffers(self.kernels)
        self.scratch = scratch
