"""pythae, a PyTorch library of many kinds of auto-encoder: its VAE in its trainer."""

from __future__ import annotations

import tempfile
from importlib.util import find_spec
from itertools import repeat
from typing import TYPE_CHECKING, Any

from study.peers import pytorch
from study.peers.pytorch import device, limit_threads
from vae.architecture import LEAKY_SLOPE, Architecture
from vae.backends import Facts
from vae.optimizer import Adam

if TYPE_CHECKING:
    import numpy as np

__all__ = ["FACTS", "device", "limit_threads", "trainer", "unavailable"]

FACTS = Facts(label="pythae", library="pythae", extra="peers")


def unavailable() -> str | None:
    """Why pythae cannot run here, or None."""
    return pytorch.unavailable() or (None if find_spec("pythae") else "pythae is not installed")


def trainer(
    architecture: Architecture, parameters: np.ndarray, adam: Adam, batch_size: int
) -> PythaeTrainer:
    """Trainer on the GPU if there is one, else on the CPU."""
    return PythaeTrainer(architecture, parameters, adam, batch_size)


class PythaeTrainer:
    """`PeerTrainer` whose epoch is a `train_step` of pythae's trainer.

    What pythae would draw itself, the order and the noise, is given to it.
    """

    def __init__(
        self, architecture: Architecture, parameters: np.ndarray, adam: Adam, batch_size: int
    ) -> None:
        import torch

        self._torch, self._adam, self._batch_size = torch, adam, batch_size
        self._model: Any = _model(architecture)
        self._order: list[int] = []
        self._trainer: Any = None
        with torch.no_grad():
            for part, value in zip(self._weights(), architecture.views(parameters), strict=True):
                part.weight.copy_(torch.tensor(value[0].T))
                part.bias.copy_(torch.tensor(value[1]))

    def load(self, x: np.ndarray) -> None:
        """Make pythae's dataset, of floats, and its trainer."""
        from pythae.data.datasets import BaseDataset
        from pythae.trainers import BaseTrainer, BaseTrainerConfig
        from pythae.trainers.training_callbacks import ProgressBarCallback

        order, torch = self._order, self._torch

        class InOrder(BaseTrainer):
            def get_train_dataloader(self, train_dataset: Any) -> Any:
                usual = super().get_train_dataloader(train_dataset)
                return torch.utils.data.DataLoader(
                    train_dataset, usual.batch_size, sampler=order, collate_fn=usual.collate_fn
                )

        order.extend(range(self._batch_size))
        images = torch.tensor(x).float() * (1 / 255)
        self._folder = tempfile.TemporaryDirectory(prefix="pythae_")
        self._trainer = InOrder(
            self._model,
            BaseDataset(images, torch.zeros(len(images))),
            training_config=BaseTrainerConfig(
                output_dir=self._folder.name,
                learning_rate=self._adam.learning_rate,
                per_device_train_batch_size=self._batch_size,
                optimizer_params={
                    "betas": (self._adam.beta1, self._adam.beta2),
                    "eps": self._adam.epsilon,
                },
            ),
        )
        self._trainer.prepare_training()
        # Its progress bar would fill the log.
        handler = self._trainer.callback_handler
        handler.callbacks = [
            each for each in handler.callbacks if not isinstance(each, ProgressBarCallback)
        ]

    def run_epoch(self, order: np.ndarray, noise: np.ndarray) -> tuple[float, float]:
        """One pass over rows of the loaded data."""
        self._order[:] = order.tolist()
        batches = len(order) // self._batch_size
        self._model.noise = iter(self._torch.tensor(noise[0]).split(self._batch_size))
        self._model.losses.zero_()
        self._trainer.train_step(1)
        reconstruction, kl = (self._model.losses / batches).tolist()
        return reconstruction, kl

    def parameters(self) -> np.ndarray:
        """Copy of the parameters as a flat vector."""
        import numpy as np

        parts = [part for layer in self._weights() for part in (layer.weight.T, layer.bias)]
        return np.concatenate([part.detach().cpu().numpy().ravel() for part in parts])

    def _weights(self) -> list[Any]:
        """Every layer that has weights, from the encoder's first to the decoder's last."""
        linear = self._torch.nn.Linear
        parts = (self._model.encoder, self._model.decoder)
        return [layer for part in parts for layer in part.modules() if isinstance(layer, linear)]


def _model(architecture: Architecture) -> Any:
    """Make pythae's VAE with networks of one's own, as its manual tells to."""
    from pythae.models import VAE, VAEConfig
    from pythae.models.base.base_utils import ModelOutput
    from pythae.models.nn import BaseDecoder, BaseEncoder
    from torch import nn, zeros

    activations = {
        "linear": nn.Identity,
        "relu": nn.ReLU,
        "leaky_relu": lambda: nn.LeakyReLU(LEAKY_SLOPE),
    }

    def dense(layers: Any) -> Any:
        return nn.Sequential(
            *(
                nn.Sequential(nn.Linear(each.inputs, each.outputs), activations[each.activation]())
                for each in layers
            )
        )

    class Encoder(BaseEncoder):
        def __init__(self) -> None:
            super().__init__()
            self.layers = dense(architecture.encoder)

        def forward(self, x: Any) -> Any:
            mean, log_variance = self.layers(x).chunk(2, dim=1)
            return ModelOutput(embedding=mean, log_covariance=log_variance)

    class Decoder(BaseDecoder):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.Sequential(dense(architecture.decoder), nn.Sigmoid())

        def forward(self, z: Any) -> Any:
            return ModelOutput(reconstruction=self.layers(z))

    class Autoencoder(VAE):
        def __init__(self) -> None:
            settings = VAEConfig(
                input_dim=(architecture.input_dimension,),
                latent_dim=architecture.latent_dimension,
                reconstruction_loss="bce",
            )
            super().__init__(settings, Encoder(), Decoder())
            self.losses = zeros(2)
            self.noise = repeat(zeros(1))  # for the one batch with which its trainer tries a model

        def loss_function(self, *of_a_batch: Any) -> Any:
            losses = super().loss_function(*of_a_batch)
            for total, loss in enumerate(losses[1:]):
                self.losses[total] += loss.detach()
            return losses

        def _sample_gauss(self, mean: Any, deviation: Any) -> Any:
            noise = next(self.noise).to(mean.device)
            return mean + noise * deviation, noise

    return Autoencoder()
