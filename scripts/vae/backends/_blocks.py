"""Blocks of the parameter vector, to be updated one at a time."""

from dataclasses import dataclass

from vae.architecture import Architecture


@dataclass(frozen=True)
class Piece:
    """Some rows of a layer's weight, and its bias if `bias`, which is the row after the last."""

    layer: int
    rows: slice
    bias: bool


@dataclass(frozen=True)
class Block:
    """A run of the parameter vector: the pieces that lie in it, in their order."""

    span: slice
    pieces: tuple[Piece, ...]


def parameter_blocks(architecture: Architecture, size: int) -> list[Block]:
    """Cut the parameter vector into blocks of at most `size` elements, or one row if that is more.

    Cuts fall between the rows of the weights.
    """
    blocks: list[Block] = []
    pieces: list[Piece] = []
    start = stop = 0
    for index, layer in enumerate(architecture.layers):
        row, last = 0, layer.inputs + 1
        while row < last:
            room = (size - (stop - start)) // layer.outputs
            if pieces and room < 1:
                blocks.append(Block(slice(start, stop), tuple(pieces)))
                pieces, start = [], stop
                continue
            end = min(row + max(1, room), last)
            pieces.append(Piece(index, slice(row, min(end, layer.inputs)), end == last))
            stop += (end - row) * layer.outputs
            row = end
    return [*blocks, Block(slice(start, stop), tuple(pieces))]
