"""A training step as a table of products, in phases between which the device's blocks wait.

A phase computes what only needs what the phases before it computed. Beside the chain of products
that runs forward through the layers and backward again, every layer's gradient is a product of its
own, with the step of the optimizer behind it: it is due as soon as the layer's weight is no longer
read, and fills the blocks that the chain leaves idle.
"""

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Any, NamedTuple

import numpy as np

from vae.architecture import Architecture
from vae.backends import _cuda_source as source


@dataclass(frozen=True)
class Product:
    """One product of matrices: a row of the kernel's table, its fields in that order.

    `input` and `delta` are the addresses of the layer's input (0 for the batch's pixels) and of the
    gradient with respect to its pre-activation; `parameters` is where the layer's weight begins in
    the parameter vector; `out` is what the product is written to. An item has `repeats` rows. Tiles
    have `tile_columns` columns; `blocks` blocks from `first_block` on have some.
    """

    kind: int
    finish: int
    activation: int
    tile_columns: int
    first_block: int
    blocks: int
    inputs: int
    outputs: int
    repeats: int
    input: int
    delta: int
    parameters: int
    out: int

    def tiles(self, batch_size: int) -> int:
        """Tiles of the product for a whole batch."""
        rows = batch_size * self.repeats
        if self.kind == source.GRADIENT:
            rows = self.inputs + 1
        columns = self.inputs if self.kind == source.BACKWARD else self.outputs
        return ceil(rows / source.TILE_ROWS) * ceil(columns / self.tile_columns)

    def turns(self, batch_size: int) -> int:
        """Tiles of a whole batch that a team takes, at most."""
        return ceil(self.tiles(batch_size) / (self.blocks * source.TEAMS[self.kind]))

    def blocks_needed(self, batch_size: int) -> int:
        """Blocks on which every tile has a block of its own; of what has no tiles, any number."""
        if self.kind not in source.WIDTHS:
            return sys.maxsize
        return replace(self, tile_columns=source.WIDTHS[self.kind][0]).tiles(batch_size)

    def fitted(self, batch_size: int) -> "Product":
        """With tiles as wide as keeps the busiest team the shortest time."""
        choices = [
            replace(self, tile_columns=width) for width in source.WIDTHS.get(self.kind, (0,))
        ]
        if len(choices) == 1:
            return choices[0]
        return min(choices, key=lambda p: (p.turns(batch_size) * p.tile_columns, -p.tile_columns))


class Program(NamedTuple):
    """Products of a step, and how they fall into phases.

    `names` says what each phase computes; the first `forward` of them compute the loss.
    """

    products: list[Product]
    ends: list[int]
    names: list[str]
    forward: int

    def table(self) -> np.ndarray:
        """Products as the kernel reads them, (products x fields) int64."""
        rows = [[getattr(p, field) for field in source.PRODUCT_FIELDS] for p in self.products]
        return np.array(rows, np.int64)


def with_ones(matrix: Any, column: int) -> Any:
    """A vector of rows of `padded(column + 1)` numbers, with ones in that column."""
    matrix.reshape(-1, padded(column + 1))[:, column] = 1
    return matrix


class Buffers:
    """Arrays of a step, made once: `inputs[i]` and `deltas[i]` are those of layer i.

    A hidden layer's output is the next one's input; the first layer's is the batch, which is not
    here. `head` keeps the encoder's output, `dz` the gradient by the latent samples.
    """

    def __init__(
        self,
        make: Callable[[int, int], Any],
        architecture: Architecture,
        batch_size: int,
        samples: int,
    ) -> None:
        self.split = len(architecture.encoder)
        self.inputs: list[Any] = []
        self.deltas: list[Any] = []
        for index, layer in enumerate(architecture.layers):
            rows = batch_size * (1 if index < self.split else samples)
            self.inputs.append(
                with_ones(make(rows, layer.inputs + 1), layer.inputs) if index else None
            )
            self.deltas.append(make(rows, layer.outputs))
        self.head = make(batch_size, 2 * architecture.latent_dimension)
        self.dz = make(batch_size * samples, architecture.latent_dimension)


def padded(columns: int) -> int:
    """Numbers from one row of a matrix to the next on the device, where a row is whole fours."""
    return -(-columns // 4) * 4


def weight_starts(architecture: Architecture) -> list[int]:
    """Where every layer's weight begins in the device's parameter vector, and where that ends.

    A weight is followed by its bias, as if that were the weight of one more input.
    """
    sizes = [(layer.inputs + 1) * padded(layer.outputs) for layer in architecture.layers]
    return [sum(sizes[:index]) for index in range(len(sizes) + 1)]


def parameter_places(architecture: Architecture) -> np.ndarray:
    """Place of every parameter in the device's vector, (parameter count,) int64.

    There the encoder's head has mean and log variance of each latent dimension side by side.
    """
    places = []
    head = architecture.encoder[-1]
    for layer, start in zip(architecture.layers, weight_starts(architecture), strict=False):
        columns = np.arange(layer.outputs)
        if layer is head:
            columns = columns.reshape(-1, 2).T.ravel()
        rows = np.arange(layer.inputs + 1)[:, None] * padded(layer.outputs)
        places.append((start + rows + columns).ravel())
    return np.concatenate(places)


def training_program(
    architecture: Architecture, buffers: Buffers, batch_size: int, samples: int, blocks: int
) -> Program:
    """Phases of a training step.

    Parameters
    ----------
    architecture
        The network, fully connected.
    buffers
        Arrays of the step.
    batch_size, samples
        Rows of a batch; latent samples an item.
    blocks
        Blocks that the kernel is launched with.

    Raises
    ------
    ValueError
        If the network has too many layers.
    """
    layers = _Layers(architecture, buffers, samples)
    last, split = len(architecture.layers) - 1, buffers.split
    phases = [
        ([layers.forward(index)], f"forward, {layer.name}")
        for index, layer in enumerate(architecture.layers)
    ]
    # The encoder's head leaves most blocks idle.
    phases[split - 1][0].append(layers.gather())
    if architecture.likelihood == "gaussian":
        phases.append(([layers.gaussian()], "loss"))
    forward = len(phases)
    due: list[int] = []
    for index in range(last, 0, -1):
        products = [layers.backward(index), *map(layers.gradient, due)]
        phases.append((products, _name(architecture, [index], due)))
        due = [index]
        if index == split and samples > 1:
            phases.append(([layers.reparametrisation()], "backward, latent samples"))
    due.append(0)
    phases.append(([*map(layers.gradient, due)], _name(architecture, [], due)))
    products, ends = [], []
    for members, _ in phases:
        products += _laid_out(members, batch_size, blocks)
        ends.append(len(products))
    if len(products) > source.MOST_PRODUCTS:
        raise ValueError(
            f"backend cupy: a step of this network has {len(products)} products, "
            f"at most {source.MOST_PRODUCTS} products are possible: give it fewer layers"
        )
    return Program(products, ends, [name for _, name in phases], forward)


def _name(architecture: Architecture, through: Iterable[int], due: Iterable[int]) -> str:
    """Words for a phase: layers that it passes through backward, and layers that it updates."""
    parts = [f"backward, {architecture.layers[index].name}" for index in through]
    return "; ".join([*parts, *(f"update, {architecture.layers[index].name}" for index in due)])


def _laid_out(members: Sequence[Product], batch_size: int, blocks: int) -> list[Product]:
    """Share the blocks among the products of a phase.

    A product that needs few has blocks of its own, so that nobody waits for who has it and another;
    the rest is done on the rest of the blocks, one product after the other.
    """
    placed, first = [], 0
    by_need = sorted(members, key=lambda product: product.blocks_needed(batch_size))
    for product in by_need:
        needed = product.blocks_needed(batch_size)
        few = product is not by_need[-1] and needed <= blocks // 4
        share = needed if few else blocks - first
        placed.append(replace(product, first_block=first, blocks=share).fitted(batch_size))
        first += needed if few else 0
    return placed


class _Layers:
    """The products of an architecture's layers, by index."""

    def __init__(self, architecture: Architecture, buffers: Buffers, samples: int) -> None:
        self._architecture, self._buffers, self._samples = architecture, buffers, samples
        self._starts = weight_starts(architecture)
        self._last = len(architecture.layers) - 1

    def forward(self, index: int) -> Product:
        """A layer's output, from its input."""
        buffers, gaussian = self._buffers, self._architecture.likelihood == "gaussian"
        if index == buffers.split - 1:
            finish, out = source.ENCODER_HEAD, buffers.head
        elif index == self._last:
            finish, out = source.OUTPUT if gaussian else source.BERNOULLI, buffers.deltas[index]
        else:
            finish, out = source.HIDDEN, buffers.inputs[index + 1]
        activation = self._architecture.layers[index].activation
        return self._product(index, source.FORWARD, finish, out, activation)

    def backward(self, index: int) -> Product:
        """The delta of the layer before, that of the encoder's head through its latent samples."""
        buffers = self._buffers
        if index != buffers.split:
            activation = self._architecture.layers[index - 1].activation
            out = buffers.deltas[index - 1]
            return self._product(index, source.BACKWARD, source.DELTA, out, activation)
        if self._samples > 1:
            return self._product(index, source.BACKWARD, source.STORE, buffers.dz)
        out = buffers.deltas[index - 1]
        return self._product(index, source.BACKWARD, source.LATENT_DELTA, out)

    def gradient(self, index: int) -> Product:
        """The gradient of a layer's weight and bias, with a step on them."""
        return self._product(index, source.GRADIENT, source.UPDATE, None)

    def gather(self) -> Product:
        """The next batch's pixels."""
        return self._product(0, source.GATHER, source.STORE, None)

    def gaussian(self) -> Product:
        """The loss and the delta of a Gaussian decoder's output."""
        out = self._buffers.deltas[self._last]
        return self._product(self._last, source.GAUSSIAN, source.STORE, out)

    def reparametrisation(self) -> Product:
        """The delta of the encoder's head from several latent samples."""
        index = self._buffers.split - 1
        out = self._buffers.deltas[index]
        return self._product(index, source.REPARAMETRISATION, source.STORE, out)

    def _product(
        self, index: int, kind: int, finish: int, out: Any, activation: str = "linear"
    ) -> Product:
        layer, buffers = self._architecture.layers[index], self._buffers
        return Product(
            kind=kind,
            finish=finish,
            activation=source.ACTIVATION_CODES[activation],
            tile_columns=0,
            first_block=0,
            blocks=0,
            inputs=layer.inputs,
            outputs=layer.outputs,
            repeats=1 if index < buffers.split else self._samples,
            input=_address(buffers.inputs[index]),
            delta=_address(buffers.deltas[index]),
            parameters=self._starts[index],
            out=_address(out),
        )


def _address(array: Any) -> int:
    return 0 if array is None else array.data.ptr
