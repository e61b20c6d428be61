"""Keras on TensorFlow: a compiled model, and `fit`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from vae.architecture import Architecture
from vae.backends import Facts
from vae.backends.tensorflow import device, library, limit_threads, unavailable
from vae.optimizer import Adam

if TYPE_CHECKING:
    import numpy as np

__all__ = ["FACTS", "device", "limit_threads", "trainer", "unavailable"]

FACTS = Facts(label="Keras (fit)", library="keras", extra="tensorflow")

_STEPS_PER_EXECUTION = 100
"""Steps between two returns to Python: so many that returning costs nothing to speak of."""


def trainer(
    architecture: Architecture, parameters: np.ndarray, adam: Adam, batch_size: int
) -> KerasTrainer:
    """Trainer on TensorFlow's default device."""
    return KerasTrainer(architecture, parameters, adam, batch_size)


class KerasTrainer:
    """`PeerTrainer` whose epoch is one call of `fit`.

    Keras adds Adam's epsilon to the root of the uncorrected second moment: where a gradient is not
    vanishing, the same to many digits.
    """

    def __init__(
        self, architecture: Architecture, parameters: np.ndarray, adam: Adam, batch_size: int
    ) -> None:
        os.environ["KERAS_BACKEND"] = "tensorflow"
        tf = library()
        self._batch_size = batch_size
        self._model = _model(tf, architecture)
        self._model.set_weights([part for pair in architecture.views(parameters) for part in pair])
        self._model.compile(
            optimizer=tf.keras.optimizers.Adam(
                adam.learning_rate, adam.beta1, adam.beta2, adam.epsilon
            ),
            jit_compile=True,
            steps_per_execution=_STEPS_PER_EXECUTION,
        )
        self._x: Any = None

    def load(self, x: np.ndarray) -> None:
        """Keep the training data, bytes as bytes."""
        self._x = x

    def run_epoch(self, order: np.ndarray, noise: np.ndarray) -> tuple[float, float]:
        """One pass over rows of the loaded data."""
        inputs = (self._x[order], noise[0])
        history = self._model.fit(
            inputs, batch_size=self._batch_size, shuffle=False, verbose=0
        ).history
        return history["reconstruction"][0], history["kl"][0]

    def parameters(self) -> np.ndarray:
        """Copy of the parameters as a flat vector."""
        import numpy as np

        return np.concatenate([part.ravel() for part in self._model.get_weights()])


def _model(tf: Any, architecture: Architecture) -> Any:
    """Make a Keras model with a training step of its own, which takes pixels and noise."""
    keras: Any = tf.keras
    base: Any = keras.Model

    def dense(layers: Any) -> Any:
        return keras.Sequential(
            [
                keras.Input((layers[0].inputs,)),
                *(keras.layers.Dense(layer.outputs, layer.activation) for layer in layers),
            ]
        )

    class Autoencoder(base):
        def __init__(self) -> None:
            super().__init__()
            self.encoder = dense(architecture.encoder)
            self.decoder = dense(architecture.decoder)
            self.reconstruction = keras.metrics.Mean("reconstruction")
            self.kl = keras.metrics.Mean("kl")

        @property
        def metrics(self) -> list[Any]:
            return [self.reconstruction, self.kl]

        def train_step(self, data: Any) -> dict[str, Any]:
            x, noise = data[0]
            x = tf.cast(x, tf.float32) * (1 / 255)
            with tf.GradientTape() as tape:
                mean, log_variance = tf.split(self.encoder(x), 2, axis=1)
                z = mean + tf.exp(log_variance / 2) * noise
                logits = self.decoder(z)
                bce = tf.nn.sigmoid_cross_entropy_with_logits(labels=x, logits=logits)
                reconstruction = tf.reduce_mean(tf.reduce_sum(bce, axis=1))
                divergence = tf.square(mean) + tf.exp(log_variance) - 1 - log_variance
                kl = tf.reduce_mean(tf.reduce_sum(divergence, axis=1)) / 2
                loss = reconstruction + kl
            gradients = tape.gradient(loss, self.trainable_variables)
            self.optimizer.apply(gradients, self.trainable_variables)
            self.reconstruction.update_state(reconstruction)
            self.kl.update_state(kl)
            return {metric.name: metric.result() for metric in self.metrics}

    return Autoencoder()
