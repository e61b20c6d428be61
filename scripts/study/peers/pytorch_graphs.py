"""PyTorch with a step recorded as a CUDA graph, and launched again for every batch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from study.peers import pytorch
from study.peers.pytorch import PytorchTrainer, device, limit_threads
from vae.architecture import Architecture
from vae.backends import Facts
from vae.optimizer import Adam

if TYPE_CHECKING:
    import numpy as np

__all__ = ["FACTS", "device", "limit_threads", "trainer", "unavailable"]

FACTS = Facts(label="PyTorch (CUDA graphs)", library="torch", extra="peers")

TF32 = True
"""Whether products of float32 may be rounded to TF32, as JAX rounds them on a GPU by default."""

_WARM_UP = 3
"""Steps before the recording, in which PyTorch's libraries take the memory that they keep."""


def unavailable() -> str | None:
    """Why a CUDA graph cannot be recorded here, or None."""
    reason = pytorch.unavailable()
    if reason is None and device() != "GPU":
        return "PyTorch sees no CUDA device"
    return reason


def trainer(
    architecture: Architecture, parameters: np.ndarray, adam: Adam, batch_size: int
) -> GraphedPytorchTrainer:
    """Trainer on the GPU."""
    return GraphedPytorchTrainer(architecture, parameters, adam, batch_size)


class GraphedPytorchTrainer(PytorchTrainer):
    """`PytorchTrainer` whose step is one graph, which finds its batch by a position on the device.

    The graph is recorded at the first epoch, and anew for one of another length.
    """

    def __init__(
        self, architecture: Architecture, parameters: np.ndarray, adam: Adam, batch_size: int
    ) -> None:
        super().__init__(architecture, parameters, adam, batch_size)
        torch = self._torch
        torch.backends.cuda.matmul.allow_tf32 = TF32
        self._adam = torch.optim.Adam(
            self._weights,
            adam.learning_rate,
            (adam.beta1, adam.beta2),
            adam.epsilon,
            fused=True,
            capturable=True,
        )
        self._batch = torch.arange(batch_size, device=self._device)
        self._position = torch.zeros((), dtype=torch.int64, device=self._device)
        self._totals = torch.zeros(2, device=self._device)
        self._order: Any = None
        self._noise: Any = None
        self._graph: Any = None

    def run_epoch(self, order: Any, noise: Any) -> tuple[float, float]:
        """One pass over rows of the loaded data."""
        order = self._torch.as_tensor(order, device=self._device)
        noise = self._torch.as_tensor(noise, device=self._device)[0]
        if self._order is None or len(order) != len(self._order):
            self._order, self._noise = order.clone(), noise.clone()
            self._graph = self._record()
        self._order.copy_(order)
        self._noise.copy_(noise)
        self._position.zero_()
        self._totals.zero_()
        for _ in range(len(order) // self._batch_size):
            self._graph.replay()
        reconstruction, kl = (float(total) / len(order) for total in self._totals)
        return reconstruction, kl

    def _record(self) -> Any:
        """Graph of a step; weights and moments are as before when it is done."""
        torch = self._torch
        weights = [weight.detach().clone() for weight in self._weights]
        moments = {key: value.clone() for key, value in self._moments()}
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(_WARM_UP):
                self._position.zero_()
                self._take_step()
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        self._position.zero_()
        with torch.cuda.graph(graph):
            self._take_step()
        with torch.no_grad():
            for weight, before in zip(self._weights, weights, strict=True):
                weight.copy_(before)
            for key, value in self._moments():
                value.copy_(moments.get(key, torch.zeros_like(value)))
        return graph

    def _moments(self) -> Iterator[tuple[tuple[int, str], Any]]:
        """Adam's arrays and step of every weight, by place."""
        for index, weight in enumerate(self._weights):
            for name, value in self._adam.state[weight].items():
                yield (index, name), value

    def _take_step(self) -> None:
        rows = self._position + self._batch
        pixels = self._x[self._order[rows]].float() * (1 / 255)
        reconstruction, kl = self._losses(pixels, self._noise[rows])
        self._adam.zero_grad()
        ((reconstruction + kl) / self._batch_size).backward()
        self._adam.step()
        self._totals += self._torch.stack([reconstruction, kl]).detach()
        self._position += self._batch_size
