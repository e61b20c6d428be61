"""Measure one trained VAE."""

from pathlib import Path
from typing import Any

import numpy as np

from step import run
from study.contracts import MEASUREMENT, RUN
from study.dataset import Dataset, as_pixels, load_dataset
from study.evaluation import active_units, explained_variance, mean_squared_error, sharpness
from study.latent_plane import latent_grid
from study.models.pca import PCA
from study.pixels import grey_levels
from study.results import classes_in_turn
from study.run_data import run_data
from vae.history import Measurement, read_history
from vae.model import Model, load_model
from vae.objective import binary_cross_entropy
from vae.seeding import generator

ROWS = 1000
"""Images decoded at a time, so that memory does not grow with their number."""

SHOWN = 36
"""Test images reconstructed for the figures, and samples drawn from the prior; of networks, which
are large, one a class."""

SCATTERED = 5000
"""Training items whose posterior means are kept, as many as Figure 6.4 of the report shows."""


def evaluate_vae(
    dataset: Path,
    model: Path,
    history: Path,
    evaluation: Path,
    images: Path,
    codes: Path,
    run_parameters: dict[str, Any],
    binarisation: str | None,
    by_class: bool,
    root_seed: int,
) -> None:
    """Write a run's tidy table of measurements, the images that figures show, and latent codes.

    Parameters
    ----------
    dataset, model, history
        What the run was trained on, and what it wrote.
    evaluation
        csv of the form `study.contracts.MEASUREMENT`: the history, and the final measurements.
    images
        npz: some test items, their reconstructions, samples from the prior and, of a latent plane
        of images, the decoded grid; all in grey levels, n x d uint8. Of grey images also `linear`,
        reconstructions by as many principal components as there are latent dimensions.
    codes
        npz: posterior means of test items and of some training items, with their labels.
    run_parameters
        What names the run.
    binarisation
        That of the training; with one, all is measured on the images drawn once.
    by_class
        Whether the items are networks: the ELBO of every class is then measured by itself as well.
    root_seed
        The study's.
    """
    data = run_data(load_dataset(dataset), run_parameters, root_seed, binarisation)
    trained, train, test = load_model(model), data.x_train, data.x_test
    posterior_train, posterior_test = trained.encode(train)[0], trained.encode(test)[0]
    random = generator(root_seed, "evaluate", *run_parameters.values())

    epochs = run_parameters["epochs"]
    final = [Measurement(epochs, "test", "active_units", active_units(posterior_test), "units")]
    for split, x, z in (("train", train, posterior_train), ("test", test, posterior_test)):
        final += _mean_errors(trained, x, z, epochs, split)
    final += _likeness(trained, data, posterior_test, epochs, by_class)
    if by_class:
        final += _class_measurements(trained, data, epochs, random)
    components, linear = run_parameters["latent_dimension"], None
    if not by_class and not binarisation and components < min(train.shape):
        linear = PCA.train(data.pixels("train"), {"components": components}, random)
        final += _linear_measurements(linear, data, epochs)

    described = {**run_parameters, "train_size": len(train)}
    described = {key: described[key] for key in (*RUN, "seed")}
    MEASUREMENT.write(
        evaluation,
        (described | measurement._asdict() for measurement in (*read_history(history), *final)),
    )

    count = len(data.label_names) if by_class else SHOWN
    shown = classes_in_turn(data.y_test, count)
    pixels = {
        "x_test": as_pixels(test[shown]),
        "reconstruction": trained.reconstruct(test[shown]),
        "prior_samples": trained.sample(count, random),
    }
    if run_parameters["latent_dimension"] == 2 and not by_class:
        pixels["manifold"] = trained.decode(latent_grid())
    if linear:
        pixels["linear"] = linear.reconstruct(as_pixels(test[shown]))
    np.savez_compressed(
        images,
        allow_pickle=False,
        image_shape=data.image_shape,
        y_test=data.y_test[shown],
        **{name: grey_levels(values) for name, values in pixels.items()},
    )
    np.savez_compressed(
        codes,
        label_names=data.label_names,
        posterior_mean_train=posterior_train[:SCATTERED],
        labels_train=data.y_train[:SCATTERED],
        posterior_mean_test=posterior_test,
        labels_test=data.y_test,
    )


def _mean_errors(
    trained: Model, x: np.ndarray, z: np.ndarray, epochs: int, split: str
) -> list[Measurement]:
    """Binary cross-entropy and squared error of a split's stored images, means."""
    sums = np.zeros(2)
    for start in range(0, len(x), ROWS):
        pixels = as_pixels(x[start : start + ROWS])
        decoded = trained.decode(z[start : start + ROWS])
        sums += (
            binary_cross_entropy(pixels, decoded).sum(),
            len(pixels) * mean_squared_error(pixels, decoded),
        )
    error, squared = map(float, sums / len(x))
    return [
        Measurement(epochs, split, "reconstruction_error", error, "nats/image"),
        Measurement(epochs, split, "mean_squared_error", squared, "per pixel"),
    ]


def _linear_measurements(linear: PCA, data: Dataset, epochs: int) -> list[Measurement]:
    """Log-likelihood and errors of the linear baseline, means over the items of a split."""
    measurements = []
    for split, x in (("train", data.x_train), ("test", data.x_test)):
        sums = np.zeros(3)
        for start in range(0, len(x), ROWS):
            pixels = as_pixels(x[start : start + ROWS])
            decoded = linear.reconstruct(pixels)
            sums += (
                linear.log_density(pixels).sum(),
                binary_cross_entropy(pixels, decoded).sum(),
                len(pixels) * mean_squared_error(pixels, decoded),
            )
        likelihood, error, squared = map(float, sums / len(x))
        measurements += [
            Measurement(epochs, split, "linear_log_likelihood", likelihood, "nats/image"),
            Measurement(epochs, split, "linear_reconstruction_error", error, "nats/image"),
            Measurement(epochs, split, "linear_mean_squared_error", squared, "per pixel"),
        ]
    return measurements


def _likeness(
    trained: Model, data: Dataset, z: np.ndarray, epochs: int, of_networks: bool
) -> list[Measurement]:
    """What of the test items reconstructions have: their variance and, of images, contrast."""
    x = as_pixels(data.x_test)
    decoded = np.concatenate(
        [trained.decode(z[start : start + ROWS]) for start in range(0, len(z), ROWS)]
    )
    mean = as_pixels(data.x_train).mean(axis=0)
    found = {"explained_variance": explained_variance(x, decoded, mean)}
    if not of_networks:
        found["sharpness"] = sharpness(x, decoded, tuple(data.image_shape))
    return [
        Measurement(epochs, "test", name, value, "1")
        for name, value in found.items()
        if np.isfinite(value)
    ]


def _class_measurements(
    trained: Model, data: Dataset, epochs: int, random: np.random.Generator
) -> list[Measurement]:
    """ELBO and reconstruction loss of every class of the test set, nats per image."""
    reconstruction, kl = trained.elbo_terms(data.pixels("test"), random)
    measurements = []
    for label, name in enumerate(data.label_names):
        of_class = data.y_test == label
        loss, elbo = reconstruction[of_class].mean(), -(reconstruction + kl)[of_class].mean()
        measurements += [
            Measurement(epochs, "test", f"elbo_{name}", float(elbo), "nats/image"),
            Measurement(epochs, "test", f"reconstruction_{name}", float(loss), "nats/image"),
        ]
    return measurements


if __name__ == "__main__":
    run(evaluate_vae, globals())
