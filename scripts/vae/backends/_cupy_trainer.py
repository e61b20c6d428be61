"""An epoch of training in CuPy: one launch of a kernel.

The kernel's text is in `_cuda_source`, what a step computes in `_cuda_program`. Data, order and
noise lie on the device, where order, noise and black and white images are drawn as well; losses
come back once an epoch.
"""

from typing import Any

import numpy as np

from vae.architecture import Architecture
from vae.backends import _cuda_source as source
from vae.backends._cuda_program import (
    Buffers,
    Program,
    padded,
    parameter_places,
    training_program,
    weight_starts,
    with_ones,
)
from vae.optimizer import Adagrad, Adam, Optimizer, Sgd

_OPTIMIZERS = {Adam: source.ADAM, Sgd: source.SGD, Adagrad: source.ADAGRAD}


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
        self._step = 0
        self._places = parameter_places(architecture)
        self._stream = cupy.cuda.Stream(non_blocking=True)
        self._blocks = cupy.cuda.Device().attributes["MultiProcessorCount"]
        self._kernel = _kernel(cupy, parameters.dtype.name)
        self._placed: dict[str, tuple[np.ndarray, Any]] = {}
        pixels = architecture.input_dimension
        with self._stream:
            self._parameters, *self._arrays = (self._vector() for _ in (None, *optimizer.arrays))
            self._set(self._parameters, parameters)
            self._buffers = Buffers(self._rows, architecture, batch_size, samples)
            rows = batch_size + source.TILE_ROWS
            self._next_pixels = rows * padded(pixels + 1)
            self._pixels = with_ones(self._rows(2 * rows, pixels + 1), pixels)
            self._zeros = cupy.zeros(4, self._dtype)
            self._arrivals = cupy.zeros(1, np.uint32)
            self._cells = cupy.zeros((2, self._blocks), np.float64)
            self._x = cupy.zeros((0, pixels), np.uint8)
            self._training = self._loaded(samples)
            self._evaluation = self._loaded(1)

    @property
    def program(self) -> Program:
        """What a training step computes, and in which phases."""
        return self._training.program

    def load(self, x: np.ndarray) -> None:
        """Place the training data on the device, bytes as bytes."""
        with self._stream:
            self._x = self._on_device(x)

    def load_binarised(self, x: np.ndarray, generator: np.random.Generator) -> None:
        """Place black and white images, drawn on the device from the grey levels x."""
        with self._stream:
            grey = self._kept("grey", x)
            white = 255 if grey.dtype == np.uint8 else 1
            drawn = self._drawing(generator).random(grey.shape, np.float32)
            self._x = (drawn * white < grey) * np.uint8(255)

    def draw(self, generator: np.random.Generator, n: int) -> tuple[Any, Any]:
        """Order and noise of an epoch of n rows, on the device; waits until they are drawn.

        Drawn by counter from a key, for which the generator is asked, and in float32 whatever the
        dtype, so that a seed gives the same run in both.
        """
        with self._stream:
            drawing = self._drawing(generator)
            order = self._cupy.argsort(drawing.random(n))
            noise = self._noise(drawing, self._samples, n)
        self._stream.synchronize()
        return order, noise

    def run_epoch(self, order: Any, noise: Any) -> tuple[float, float]:
        """One pass over the loaded data: a step of the optimizer per batch."""
        losses = self._run(self._training, self._x, order, noise, self._optimizer)
        self._step += self._steps(len(order))
        return losses

    def gradient(self, x: np.ndarray, noise: np.ndarray) -> tuple[float, float, np.ndarray]:
        """Reconstruction loss, KL and the gradient of their sum, for one batch, without a step."""
        with self._stream:
            gradient, order = self._vector(), np.arange(len(x))
            x = self._on_device(x)
            losses = self._run(self._training, x, order, noise, None, gradient=gradient)
            return *losses, self._get(gradient)

    def evaluate(self, x: np.ndarray, generator: np.random.Generator) -> tuple[float, float]:
        """Reconstruction loss and KL of the parameters as they are, with one sample an item."""
        with self._stream:
            noise = self._noise(self._drawing(generator), 1, len(x))
            order, x = np.arange(len(x)), self._kept("test", x)
            return self._run(self._evaluation, x, order, noise, None)

    def profile(self, order: Any, noise: Any) -> np.ndarray:
        """Do as `run_epoch`, and return where the time went, by the device's own clocks.

        Returns
        -------
        ndarray
            blocks x phases x 2, int64: cycles of the multiprocessors' clock in which a block
            computed, and in which it waited for the others.
        """
        with self._stream:
            clocks = self._cupy.zeros((self._blocks, len(self.program.ends), 2), np.int64)
            self._run(self._training, self._x, order, noise, self._optimizer, clocks=clocks)
            self._step += self._steps(len(order))
            return clocks.get()

    def state(self) -> dict[str, np.ndarray]:
        """Copies of parameters, the optimizer's arrays and step."""
        with self._stream:
            arrays = {name: self._get(vector) for name, vector in self._named_vectors()}
        return {**arrays, "step": np.array(self._step)}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Continue from what `state` gave."""
        with self._stream:
            for name, vector in self._named_vectors():
                self._set(vector, state[name])
        self._step = int(state["step"])

    def _named_vectors(self) -> list[tuple[str, Any]]:
        """Parameters and the optimizer's arrays."""
        arrays = zip(self._optimizer.arrays, self._arrays, strict=True)
        return [("parameters", self._parameters), *arrays]

    def _rows(self, rows: int, columns: int) -> Any:
        """Zeros for a matrix of rows, with room for a tile behind the last."""
        return self._cupy.zeros((rows + source.TILE_ROWS + 1) * padded(columns), self._dtype)

    def _vector(self) -> Any:
        """Zeros for a vector of all parameters, behind which the kernel may read a tile as well."""
        widest = max(max(layer.inputs, layer.outputs) for layer in self._architecture.layers)
        room = (source.TILE_ROWS + 1) * padded(widest)
        return self._cupy.zeros(weight_starts(self._architecture)[-1] + room, self._dtype)

    def _get(self, vector: Any) -> np.ndarray:
        """Copy a vector of all parameters to the host."""
        return vector.get()[self._places]

    def _set(self, vector: Any, values: np.ndarray) -> None:
        """Copy values for all parameters to a vector on the device."""
        placed = np.zeros(vector.shape, self._dtype)
        placed[self._places] = values
        vector[...] = self._cupy.asarray(placed)

    def _on_device(self, x: np.ndarray) -> Any:
        dtype = np.uint8 if x.dtype == np.uint8 else self._dtype
        return self._cupy.asarray(np.ascontiguousarray(x, dtype))

    def _kept(self, name: str, x: np.ndarray) -> Any:
        """An array on the device, where it stays until another is asked for by that name."""
        if name not in self._placed or self._placed[name][0] is not x:
            self._placed[name] = x, self._on_device(x)
        return self._placed[name][1]

    def _drawing(self, generator: np.random.Generator) -> Any:
        """Generator on the device, whose key comes from one on the host."""
        random = self._cupy.random
        return random.Generator(random.Philox4x3210(int(generator.integers(2**63))))

    def _noise(self, drawing: Any, samples: int, n: int) -> Any:
        shape = samples, n, self._architecture.latent_dimension
        return drawing.standard_normal(shape, np.float32).astype(self._dtype, copy=False)

    def _loaded(self, samples: int) -> "_LoadedProgram":
        """Program of a step with so many latent samples an item, on the device."""
        program = training_program(
            self._architecture, self._buffers, self._batch_size, samples, self._blocks
        )
        return _LoadedProgram(self._cupy, program, samples)

    def _steps(self, items: int) -> int:
        return -(-items // self._batch_size)

    def _run(
        self,
        loaded: "_LoadedProgram",
        x: Any,
        order: Any,
        noise: Any,
        optimizer: Optimizer | None,
        gradient: Any = None,
        clocks: Any = None,
    ) -> tuple[float, float]:
        """Launch the kernel on rows of x; return the mean losses, nats per item.

        Without an optimizer, a gradient is stored; without either, losses are all that is computed.
        """
        cupy, items, dtype = self._cupy, len(order), self._dtype
        only_losses = optimizer is None and gradient is None
        phases = loaded.program.forward if only_losses else len(loaded.program.ends)
        with self._stream:
            order = cupy.asarray(order)
            noise = cupy.ascontiguousarray(cupy.asarray(noise, dtype))
            corrected = cupy.asarray(self._corrected(self._steps(items)).astype(dtype))
            self._arrivals.fill(0)
            arguments = [
                *(loaded.products, loaded.ends, np.int32(phases), self._arrivals),
                *((x, None) if x.dtype == np.uint8 else (None, x)),
                *(order, noise, corrected, self._parameters, gradient),
                *[*self._arrays, None, None][:2],
                *(self._pixels, np.int32(self._next_pixels)),
                *(self._buffers.head, self._buffers.inputs[self._buffers.split]),
                *(self._buffers.dz, self._zeros),
                *map(np.int32, (items, self._batch_size, self._architecture.input_dimension)),
                *map(np.int32, (self._architecture.latent_dimension, loaded.samples)),
                np.int32(_OPTIMIZERS[type(optimizer)] if optimizer else source.NONE),
                *map(dtype.type, _rates(self._optimizer)),
                *(np.int32(self._architecture.squash_mean), self._cells, clocks),
            ]
            self._kernel(
                (self._blocks,),
                (source.WARPS[dtype.name] * source.LANES,),
                tuple(np.intp(0) if argument is None else argument for argument in arguments),
                shared_mem=source.shared_memory(dtype.name),
            )
            reconstruction, kl = self._cells.get().sum(axis=1)
        return float(reconstruction) / (loaded.samples * items), float(kl) / items

    def _corrected(self, steps: int) -> np.ndarray:
        """Adam's step size and epsilon of the next steps, (steps, 2)."""
        if not isinstance(self._optimizer, Adam):
            return np.zeros((steps, 2))
        first = self._step + 1
        return np.array([self._optimizer.corrected(first + step) for step in range(steps)])


class _LoadedProgram:
    """A program with its table on the device."""

    def __init__(self, cupy: Any, program: Program, samples: int) -> None:
        self.program, self.samples = program, samples
        self.products = cupy.asarray(program.table())
        self.ends = cupy.asarray(np.array(program.ends, np.int64))


def _rates(optimizer: Optimizer) -> tuple[float, float, float, float]:
    """Numbers of an optimizer that no step changes: rate, rates of both moments, epsilon."""
    match optimizer:
        case Adam():
            return 0, 1 - optimizer.beta1, 1 - optimizer.beta2, 0
        case Adagrad():
            return optimizer.learning_rate, 0, 0, optimizer.epsilon
        case Sgd():
            return optimizer.learning_rate, 0, 0, 0


def _kernel(cupy: Any, dtype: str) -> Any:
    """The kernel, compiled for a dtype."""
    module = cupy.RawModule(
        code=source.SOURCE, options=source.OPTIONS[dtype], enable_cooperative_groups=True
    )
    kernel = module.get_function(source.KERNEL)
    kernel.max_dynamic_shared_size_bytes = source.shared_memory(dtype)
    return kernel
