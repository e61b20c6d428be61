"""An epoch of training in TensorFlow, compiled by XLA.

With convolutions XLA compiles each step, and the epoch's one function calls them in turn.
"""

from typing import Any, assert_never

import numpy as np

from vae.algorithms import noise_width
from vae.architecture import LEAKY_SLOPE, MINIMUM_LOG_VARIANCE, Architecture, Layer
from vae.backends._draw import draw_epoch
from vae.backends._host import HostTrainer
from vae.convolution import Convolution, GraphConvolution, neighbourhoods
from vae.optimizer import Adagrad, Adam, Optimizer, Sgd


class TensorflowTrainer(HostTrainer):
    """`Trainer` whose epoch is one call into TensorFlow; `tf` is the module."""

    def __init__(
        self,
        tf: Any,
        architecture: Architecture,
        parameters: np.ndarray,
        optimizer: Optimizer,
        batch_size: int,
        samples: int,
        algorithm: str = "aevb",
    ) -> None:
        self._tf = tf
        self._architecture, self._optimizer = architecture, optimizer
        self._batch_size, self._samples = batch_size, samples
        self._dtype = parameters.dtype
        self._noise_width = noise_width(algorithm, architecture)
        self._losses = self._elbo if algorithm == "aevb" else self._wake_sleep

        def variables(flat: np.ndarray) -> list[Any]:
            return [tf.Variable(part) for pair in architecture.views(flat) for part in pair]

        self._parameters = variables(parameters)
        self._arrays = [variables(np.zeros_like(parameters)) for _ in optimizer.arrays]
        self._step = tf.Variable(0, dtype=tf.int64)
        self._x: Any = None
        # Within a loop that XLA compiles, its convolutions take fifty times as long on a CPU.
        per_step = architecture.convolutional
        self._compiled_epoch = tf.function(self._epoch, jit_compile=not per_step)
        step = tf.autograph.experimental.do_not_convert(self._train_batch)
        self._take_step = tf.function(step, jit_compile=True, autograph=False) if per_step else step
        self._compiled_gradient = tf.function(self._loss_and_gradient, reduce_retracing=True)

    def load(self, x: np.ndarray) -> None:
        """Place the training data on the device, bytes as bytes."""
        x = x if x.dtype == np.uint8 else x.astype(self._dtype, copy=False)
        self._x = self._tf.constant(x)

    def draw(self, generator: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
        """Order and noise of an epoch of n rows, on the host."""
        shape = (self._samples, n, self._noise_width)
        return draw_epoch(generator, shape, self._dtype)

    def run_epoch(self, order: np.ndarray, noise: np.ndarray) -> tuple[float, float]:
        """One pass over the loaded data: a step of the optimizer per batch."""
        tf = self._tf
        totals = self._compiled_epoch(
            self._x,
            tf.constant(order, tf.int32),
            tf.constant(noise, self._dtype),
        ).numpy()
        return float(totals[0]) / len(order), float(totals[1]) / len(order)

    def gradient(self, x: np.ndarray, noise: np.ndarray) -> tuple[float, float, np.ndarray]:
        """Reconstruction loss, KL and what a step descends by, for one batch, without the step."""
        tf = self._tf
        reconstruction, kl, gradients = self._compiled_gradient(
            self._pixels(tf.constant(x)), tf.constant(noise, self._dtype)
        )
        return float(reconstruction) / len(x), float(kl) / len(x), _flat(gradients)

    def state(self) -> dict[str, np.ndarray]:
        """Copies of parameters, the optimizer's arrays and step."""
        return {
            **{name: _flat(variables) for name, variables in self._named_variables()},
            "step": np.array(int(self._step)),
        }

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Continue from what `state` gave."""
        for name, variables in self._named_variables():
            views = self._architecture.views(state[name].astype(self._dtype, copy=False))
            parts = [part for pair in views for part in pair]
            for variable, part in zip(variables, parts, strict=True):
                variable.assign(part)
        self._step.assign(int(state["step"]))

    def _named_variables(self) -> list[tuple[str, list[Any]]]:
        """Parameters and the optimizer's arrays, each cut into the tensors of the layers."""
        arrays = zip(self._optimizer.arrays, self._arrays, strict=True)
        return [("parameters", self._parameters), *arrays]

    def _epoch(self, x: Any, order: Any, noise: Any) -> Any:
        tf = self._tf
        steps = order.shape[0] // self._batch_size
        whole = steps * self._batch_size
        # XLA wants slices of a fixed shape: an index into an axis of batches.
        rows = tf.reshape(order[:whole], [steps, self._batch_size])
        epsilon = tf.reshape(
            noise[:, :whole], [self._samples, steps, self._batch_size, self._noise_width]
        )
        totals = tf.zeros(2, tf.float64)
        if steps > 0:
            for step in tf.range(steps):
                totals += self._take_step(x, rows[step], epsilon[:, step])
        if whole < order.shape[0]:
            totals += self._take_step(x, order[whole:], noise[:, whole:])
        return totals

    def _train_batch(self, x: Any, rows: Any, noise: Any) -> Any:
        tf = self._tf
        batch = self._pixels(tf.gather(x, rows))
        reconstruction, kl, gradients = self._loss_and_gradient(batch, noise)
        self._step.assign_add(1)
        match self._optimizer:
            case Adam():
                self._apply_adam(self._optimizer, gradients)
            case Sgd():
                self._apply_sgd(self._optimizer, gradients)
            case Adagrad():
                self._apply_adagrad(self._optimizer, gradients)
            case _:
                assert_never(self._optimizer)
        return tf.cast(tf.stack([reconstruction, kl]), tf.float64)

    def _apply_adam(self, adam: Adam, gradients: list[Any]) -> None:
        tf = self._tf
        step = tf.cast(self._step, tf.float64)
        beta1, beta2 = (tf.constant(beta, tf.float64) for beta in (adam.beta1, adam.beta2))
        powers = [tf.cast(beta**step, self._dtype) for beta in (beta1, beta2)]
        # TensorFlow's kernel adds epsilon to the root of the uncorrected second moment.
        epsilon = tf.cast(adam.epsilon * tf.sqrt(1 - beta2**step), self._dtype)
        for variable, first, second, gradient in zip(
            self._parameters, *self._arrays, gradients, strict=True
        ):
            tf.raw_ops.ResourceApplyAdam(
                var=variable.handle,
                m=first.handle,
                v=second.handle,
                beta1_power=powers[0],
                beta2_power=powers[1],
                lr=tf.constant(adam.learning_rate, self._dtype),
                beta1=tf.constant(adam.beta1, self._dtype),
                beta2=tf.constant(adam.beta2, self._dtype),
                epsilon=epsilon,
                grad=gradient,
            )

    def _apply_sgd(self, sgd: Sgd, gradients: list[Any]) -> None:
        tf = self._tf
        for variable, gradient in zip(self._parameters, gradients, strict=True):
            tf.raw_ops.ResourceApplyGradientDescent(
                var=variable.handle,
                alpha=tf.constant(sgd.learning_rate, self._dtype),
                delta=gradient,
            )

    def _apply_adagrad(self, adagrad: Adagrad, gradients: list[Any]) -> None:
        tf = self._tf
        for variable, squared, gradient in zip(
            self._parameters, *self._arrays, gradients, strict=True
        ):
            tf.raw_ops.ResourceApplyAdagradV2(
                var=variable.handle,
                accum=squared.handle,
                lr=tf.constant(adagrad.learning_rate, self._dtype),
                epsilon=tf.constant(adagrad.epsilon, self._dtype),
                grad=gradient,
            )

    def _loss_and_gradient(self, x: Any, noise: Any) -> tuple[Any, Any, list[Any]]:
        """Sums of reconstruction loss and KL over the batch, gradients of the mean loss."""
        tf = self._tf
        with tf.GradientTape() as tape:
            reconstruction, kl, loss = self._losses(x, noise)
            loss /= tf.cast(tf.shape(x)[0], self._dtype)
        return reconstruction, kl, tape.gradient(loss, self._parameters)

    def _elbo(self, x: Any, noise: Any) -> tuple[Any, Any, Any]:
        """Sums of reconstruction loss, KL and what is minimised over the batch."""
        z, kl = self._infer(x, noise)
        reconstruction = self._reconstruction(x, z)
        return reconstruction, kl, reconstruction + kl

    def _wake_sleep(self, x: Any, noise: Any) -> tuple[Any, Any, Any]:
        """As `_elbo`, with the losses of both phases as what is minimised."""
        tf, latent = self._tf, self._architecture.latent_dimension
        awake, asleep, pixels = tf.split(noise, [latent, latent, -1], axis=-1)
        z, kl = self._infer(x, awake)
        reconstruction = self._reconstruction(x, tf.stop_gradient(z))
        dream = tf.stop_gradient(self._draw(self._decode(asleep[0]), pixels[0]))
        mean, log_variance = self._encode(dream)
        squared = (asleep[0] - mean) ** 2 * tf.exp(-log_variance)
        recognition = tf.reduce_sum(log_variance + squared) / 2
        return reconstruction, kl, reconstruction + recognition

    def _encode(self, x: Any) -> tuple[Any, Any]:
        """Mean and log variance of q(z|x)."""
        return self._tf.split(self._layers(self._architecture.encoder, x, 0), 2, axis=-1)

    def _decode(self, z: Any) -> Any:
        """Output of the decoder's head."""
        architecture = self._architecture
        return self._layers(architecture.decoder, z, 2 * len(architecture.encoder))

    def _infer(self, x: Any, noise: Any) -> tuple[Any, Any]:
        """Draws of z ~ q(z|x), samples x batch x latent, and the sum of the KL divergence."""
        tf = self._tf
        mean, log_variance = self._encode(x)
        kl = -0.5 * tf.reduce_sum(1 + log_variance - mean**2 - tf.exp(log_variance))
        return mean + tf.exp(log_variance / 2) * noise, kl

    def _reconstruction(self, x: Any, z: Any) -> Any:
        """Sum of -log p(x|z), the mean over samples."""
        tf, architecture = self._tf, self._architecture
        output = self._decode(tf.reshape(z, [-1, architecture.latent_dimension]))
        x = tf.tile(x, [self._samples, 1])
        likelihood = self._bernoulli if architecture.likelihood == "bernoulli" else self._gaussian
        return likelihood(output, x) / self._samples

    def _draw(self, output: Any, noise: Any) -> Any:
        """Draw x ~ p(x|z) from normal noise."""
        tf = self._tf
        if self._architecture.likelihood == "bernoulli":
            uniform = tf.math.erfc(-noise / np.sqrt(2).astype(self._dtype)) / 2
            return tf.cast(uniform < tf.sigmoid(output), self._dtype)
        mean, log_variance = self._normal(output)
        return mean + tf.exp(log_variance / 2) * noise

    def _bernoulli(self, logits: Any, x: Any) -> Any:
        """Sum of -log p(x|z), with a gradient that takes over the loss's exponential."""
        tf = self._tf

        @tf.custom_gradient
        def loss(logits: Any) -> tuple[Any, Any]:
            e = tf.exp(-tf.abs(logits))
            inverse = 1 / (1 + e)
            sigmoid = tf.where(logits < 0, e * inverse, inverse)
            total = tf.reduce_sum(tf.maximum(logits, 0) - logits * x - tf.math.log(inverse))
            return total, lambda upstream: (sigmoid - x) * upstream

        return loss(logits)

    def _gaussian(self, head: Any, x: Any) -> Any:
        """Sum of -log p(x|z)."""
        tf = self._tf
        mean, log_variance = self._normal(head)
        squared = (x - mean) ** 2 * tf.exp(-log_variance)
        return tf.reduce_sum(np.log(2 * np.pi) + log_variance + squared) / 2

    def _normal(self, head: Any) -> tuple[Any, Any]:
        """Mean and log variance of every pixel."""
        tf = self._tf
        mean, log_variance = tf.split(head, 2, axis=-1)
        mean = tf.sigmoid(mean) if self._architecture.squash_mean else mean
        return mean, tf.maximum(log_variance, tf.constant(MINIMUM_LOG_VARIANCE, self._dtype))

    def _layers(self, layers: tuple[Any, ...], x: Any, first: int) -> Any:
        tf = self._tf
        activations = {
            "linear": tf.identity,
            "relu": tf.nn.relu,
            "leaky_relu": lambda a: tf.maximum(a, LEAKY_SLOPE * a),
            "elu": tf.nn.elu,
            "softplus": tf.nn.softplus,
            "tanh": tf.tanh,
            "sigmoid": tf.sigmoid,
        }
        for index, layer in enumerate(layers):
            weight, bias = self._parameters[first + 2 * index : first + 2 * index + 2]
            x = activations[layer.activation](self._affine(layer, x, weight, bias))
        return x

    def _affine(self, layer: Layer, x: Any, weight: Any, bias: Any) -> Any:
        """Rows times weight plus bias, or the same at every position of a convolution."""
        tf, convolution = self._tf, layer.convolution
        if convolution is None:
            return tf.matmul(x, weight) + bias
        if isinstance(convolution, GraphConvolution):
            images = tf.reshape(x, [-1, *convolution.output_size, convolution.channels])
            sums = neighbourhoods(images, convolution.scale(self._dtype), tf.pad)
            channels = tf.matmul(tf.reshape(sums, [-1, layer.inputs]), weight) + bias
        else:
            channels = self._convolve(convolution, x, weight) + bias
        # One head after the other, each an image.
        parts = tf.reshape(
            channels, [-1, layer.positions, layer.heads, layer.outputs // layer.heads]
        )
        return tf.reshape(tf.transpose(parts, [0, 2, 1, 3]), [-1, layer.positions * layer.outputs])

    def _convolve(self, convolution: Convolution, x: Any, weight: Any) -> Any:
        """Every patch of the images times weight."""
        tf = self._tf
        images = tf.reshape(x, [-1, *convolution.input_size, convolution.channels])
        if convolution.upsampling != 1:
            height, width = convolution.output_size
            for axis in (1, 2):
                images = tf.repeat(images, convolution.upsampling, axis)
            images = images[:, :height, :width]
        shape = [convolution.kernel, convolution.kernel, convolution.channels, -1]
        return tf.nn.conv2d(images, tf.reshape(weight, shape), convolution.stride, "SAME")

    def _pixels(self, x: Any) -> Any:
        tf = self._tf
        pixels = tf.cast(x, self._dtype)
        return pixels * tf.constant(1 / 255, self._dtype) if x.dtype == tf.uint8 else pixels


def _flat(parts: list[Any]) -> np.ndarray:
    return np.concatenate([part.numpy().ravel() for part in parts])
