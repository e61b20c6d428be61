"""JAX: one compiled function an epoch, a scan over its steps, with donated parameters."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from vae.architecture import LEAKY_SLOPE, Architecture
from vae.backends import Facts
from vae.optimizer import Adam

if TYPE_CHECKING:
    import numpy as np

FACTS = Facts(label="JAX (scan)", library="jax", extra="peers", compiles_epoch=True)


def unavailable() -> str | None:
    """Why JAX cannot run here, or None."""
    return None if find_spec("jax") else "JAX is not installed"


def device() -> str:
    """Return what JAX computes on, "CPU" or "GPU"."""
    if unavailable() is not None:
        return "CPU"
    import jax

    return jax.default_backend().upper()


def limit_threads(threads: int) -> None:
    """JAX reads the environment alone, before it is imported: see `study.benchmark.worker`."""


def trainer(
    architecture: Architecture, parameters: np.ndarray, adam: Adam, batch_size: int
) -> JaxTrainer:
    """Trainer on JAX's default device."""
    return JaxTrainer(architecture, parameters, adam, batch_size)


class JaxTrainer:
    """`PeerTrainer` whose epoch is one call of a compiled function."""

    def __init__(
        self, architecture: Architecture, parameters: np.ndarray, adam: Adam, batch_size: int
    ) -> None:
        import jax

        self._jax = jax
        self._architecture, self._adam, self._batch_size = architecture, adam, batch_size
        weights = [tuple(map(jax.numpy.array, pair)) for pair in architecture.views(parameters)]
        moments = [jax.tree.map(jax.numpy.zeros_like, weights) for _ in range(2)]
        self._state = weights, *moments
        self._step = 0
        self._epoch = jax.jit(self._scan, donate_argnums=0)
        self._x: Any = None

    def load(self, x: np.ndarray) -> None:
        """Place the training data on the device, bytes as bytes."""
        self._x = self._jax.numpy.asarray(x)

    def place(self, order: np.ndarray, noise: np.ndarray) -> tuple[Any, Any]:
        """Order and noise on JAX's default device."""
        return self._jax.device_put((order.astype("int32"), noise))

    def run_epoch(self, order: Any, noise: Any) -> tuple[float, float]:
        """One pass over rows of the loaded data."""
        steps = len(order) // self._batch_size
        scalars = [self._adam.corrected(self._step + 1 + step) for step in range(steps)]
        self._step += steps
        batches = (
            order.reshape(steps, self._batch_size).astype("int32"),
            noise.reshape(steps, self._batch_size, -1),
            self._jax.numpy.array(scalars, "float32"),
        )
        self._state, totals = self._epoch(self._state, self._x, batches)
        reconstruction, kl = (float(total) / len(order) for total in totals)
        return reconstruction, kl

    def parameters(self) -> np.ndarray:
        """Copy of the parameters as a flat vector."""
        leaves = self._jax.tree.leaves(self._state[0])
        import numpy as np

        return np.concatenate([np.asarray(leaf).ravel() for leaf in leaves])

    def _scan(self, state: Any, x: Any, batches: Any) -> Any:
        def step(state: Any, batch: Any) -> Any:
            rows, noise, scalars = batch
            pixels = x[rows].astype(noise.dtype) * (1 / 255)
            gradients, losses = gradient(state[0], pixels, noise)
            return self._adam_step(state, gradients, *scalars), losses

        gradient = self._jax.grad(self._loss, has_aux=True)
        state, losses = self._jax.lax.scan(step, state, batches)
        return state, losses.sum(0)

    def _adam_step(self, state: Any, gradients: Any, step_size: Any, epsilon: Any) -> Any:
        jax, adam = self._jax, self._adam
        weights, first, second = state
        first = jax.tree.map(lambda m, g: adam.beta1 * m + (1 - adam.beta1) * g, first, gradients)
        second = jax.tree.map(
            lambda v, g: adam.beta2 * v + (1 - adam.beta2) * g * g, second, gradients
        )
        weights = jax.tree.map(
            lambda w, m, v: w - step_size * m / (jax.numpy.sqrt(v) + epsilon),
            weights,
            first,
            second,
        )
        return weights, first, second

    def _loss(self, weights: Any, x: Any, noise: Any) -> Any:
        """Mean loss over the batch, to be differentiated, and the sums of its two parts."""
        jax, jnp = self._jax, self._jax.numpy
        split = len(self._architecture.encoder)
        head = self._layers(self._architecture.encoder, weights[:split], x)
        mean, log_variance = jnp.split(head, 2, axis=1)
        kl = -0.5 * jnp.sum(1 + log_variance - mean**2 - jnp.exp(log_variance))
        z = mean + jnp.exp(log_variance / 2) * noise
        logits = self._layers(self._architecture.decoder, weights[split:], z)
        reconstruction = jnp.sum(jax.nn.softplus(logits) - x * logits)
        return (reconstruction + kl) / len(x), jnp.stack([reconstruction, kl])

    def _layers(self, layers: Any, weights: Any, x: Any) -> Any:
        jnp = self._jax.numpy
        activations = {
            "linear": lambda a: a,
            "relu": lambda a: jnp.maximum(a, 0),
            "leaky_relu": lambda a: jnp.maximum(a, LEAKY_SLOPE * a),
        }
        for layer, (weight, bias) in zip(layers, weights, strict=True):
            x = activations[layer.activation](x @ weight + bias)
        return x
