"""Estimate the true log-likelihood of one VAE on black and white test images."""

from pathlib import Path
from typing import Any

import numpy as np

from step import run
from study.binarised import binarised
from study.dataset import load_dataset
from study.likelihood_table import Measurement, Subject, mean_and_interval, write_likelihoods
from vae.likelihood import importance_log_likelihood, quadrature_log_likelihood
from vae.model import load_model
from vae.objective import binary_cross_entropy
from vae.seeding import generator

POINTS, REACH = 201, 5.0
"""The grid over a latent plane: at twice the points a mean differs by less than 0.001 nats."""


def estimate_vae_likelihood(
    dataset: Path,
    model: Path,
    likelihoods: Path,
    run_parameters: dict[str, Any],
    binarisation: str,
    importance_samples: list[int],
    test_images: int,
    root_seed: int,
) -> None:
    """Write the log-likelihood by importance sampling, of a latent plane by quadrature as well.

    Parameters
    ----------
    dataset, model
        What the run was trained on, and what it wrote.
    likelihoods
        csv of the form `study.contracts.LIKELIHOOD`: means over images with half their
        95% intervals, and the error of the reconstruction of the same images.
    run_parameters
        What names the run.
    binarisation
        That of the training.
    importance_samples
        Numbers of samples.
    test_images
        Most test images that are taken, from the first.
    root_seed
        The study's.
    """
    name = run_parameters["dataset"]
    data, trained = binarised(load_dataset(dataset), root_seed, name), load_model(model)
    test = data.x_test[:test_images]
    random = generator(root_seed, "likelihood", *run_parameters.values())
    estimate = importance_log_likelihood(trained, test, importance_samples, random, progress=True)
    pixels = data.pixels("test")[: len(test)]
    error = binary_cross_entropy(pixels, trained.reconstruct(pixels))
    measured: list[tuple[str, int | None, str, np.ndarray]] = [
        ("importance_sampling", samples, "log_likelihood", values)
        for samples, values in zip(importance_samples, estimate.log_likelihood, strict=True)
    ]
    if run_parameters["latent_dimension"] == 2:
        values = quadrature_log_likelihood(trained, test, POINTS, REACH)
        measured.append(("quadrature", POINTS**2, "log_likelihood", values))
    measured.append(("mean_field", None, "reconstruction_error", error))
    subject = Subject(
        name,
        "vae",
        run_parameters["latent_dimension"],
        run_parameters["seed"],
        binarisation,
    )
    size = float(np.median(estimate.effective_sample_size))
    write_likelihoods(
        likelihoods,
        [
            *((subject, row) for each in measured for row in mean_and_interval(*each)),
            (
                subject,
                Measurement(
                    "importance_sampling", max(importance_samples), "effective_sample_size", size
                ),
            ),
        ],
    )


if __name__ == "__main__":
    run(estimate_vae_likelihood, globals())
