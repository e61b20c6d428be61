"""PyTorch, eager: automatic differentiation step by step, with its own fused Adam."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from vae.architecture import LEAKY_SLOPE, Architecture
from vae.backends import Facts
from vae.optimizer import Adam

if TYPE_CHECKING:
    import numpy as np

FACTS = Facts(label="PyTorch (eager)", library="torch", extra="peers")


def unavailable() -> str | None:
    """Why PyTorch cannot run here, or None."""
    return None if find_spec("torch") else "PyTorch is not installed"


def device() -> str:
    """Return "GPU" if PyTorch sees one, else "CPU"."""
    if unavailable() is not None:
        return "CPU"
    import torch

    return "GPU" if torch.cuda.is_available() else "CPU"


def limit_threads(threads: int) -> None:
    """Hold PyTorch to a number of threads."""
    import torch

    torch.set_num_threads(threads)


def trainer(
    architecture: Architecture, parameters: np.ndarray, adam: Adam, batch_size: int
) -> PytorchTrainer:
    """Trainer on the GPU if there is one, else on the CPU."""
    return PytorchTrainer(architecture, parameters, adam, batch_size)


class PytorchTrainer:
    """`PeerTrainer` of a loop over steps."""

    def __init__(
        self, architecture: Architecture, parameters: np.ndarray, adam: Adam, batch_size: int
    ) -> None:
        import torch

        self._torch = torch
        self._device = "cuda" if device() == "GPU" else "cpu"
        self._architecture, self._batch_size = architecture, batch_size
        self._weights = [
            torch.tensor(part, device=self._device, requires_grad=True)
            for pair in architecture.views(parameters)
            for part in pair
        ]
        self._adam = torch.optim.Adam(
            self._weights, adam.learning_rate, (adam.beta1, adam.beta2), adam.epsilon, fused=True
        )
        self._x: Any = None

    def load(self, x: np.ndarray) -> None:
        """Place the training data on the device, bytes as bytes."""
        self._x = self._torch.tensor(x, device=self._device)

    def place(self, order: np.ndarray, noise: np.ndarray) -> tuple[Any, Any]:
        """Order and noise on the trainer's device."""
        device = self._device
        return self._torch.tensor(order, device=device), self._torch.tensor(noise, device=device)

    def run_epoch(self, order: Any, noise: Any) -> tuple[float, float]:
        """One pass over rows of the loaded data."""
        torch = self._torch
        rows = torch.as_tensor(order, device=self._device).split(self._batch_size)
        epsilon = torch.as_tensor(noise, device=self._device)[0].split(self._batch_size)
        totals = torch.zeros(2, device=self._device)
        for batch, normal in zip(rows, epsilon, strict=True):
            reconstruction, kl = self._losses(self._x[batch].float() * (1 / 255), normal)
            self._adam.zero_grad()
            ((reconstruction + kl) / len(batch)).backward()
            self._adam.step()
            totals += torch.stack([reconstruction, kl]).detach()
        reconstruction, kl = (float(total) / len(order) for total in totals)
        return reconstruction, kl

    def parameters(self) -> np.ndarray:
        """Copy of the parameters as a flat vector."""
        import numpy as np

        return np.concatenate([part.detach().cpu().numpy().ravel() for part in self._weights])

    def _losses(self, x: Any, noise: Any) -> Any:
        """Reconstruction loss and KL, summed over the batch."""
        torch = self._torch
        split = 2 * len(self._architecture.encoder)
        head = self._layers(self._architecture.encoder, self._weights[:split], x)
        mean, log_variance = head.chunk(2, dim=1)
        kl = -0.5 * (1 + log_variance - mean**2 - log_variance.exp()).sum()
        z = mean + (log_variance / 2).exp() * noise
        logits = self._layers(self._architecture.decoder, self._weights[split:], z)
        bce = torch.nn.functional.binary_cross_entropy_with_logits
        return bce(logits, x, reduction="sum"), kl

    def _layers(self, layers: Any, weights: Any, x: Any) -> Any:
        functional = self._torch.nn.functional
        activations = {
            "linear": lambda a: a,
            "relu": functional.relu,
            "leaky_relu": lambda a: functional.leaky_relu(a, LEAKY_SLOPE),
        }
        for layer, weight, bias in zip(layers, weights[::2], weights[1::2], strict=True):
            x = activations[layer.activation](self._torch.addmm(bias, x, weight))
        return x
