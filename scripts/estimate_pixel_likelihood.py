"""Fit models without latent codes to black and white images: the lower end of the scale."""

from pathlib import Path

from step import run
from study.dataset import load_dataset
from study.likelihood_table import Estimate, Subject, mean_and_interval, write_likelihoods
from study.run_data import binarised
from vae.pixel_models import BernoulliMixture, IndependentPixels
from vae.seeding import generator


def estimate_pixel_likelihood(
    dataset: Path,
    likelihoods: Path,
    name: str,
    seeds: list[int],
    mixture_components: list[int],
    smoothing: float,
    test_images: int,
    root_seed: int,
) -> None:
    """Write the log-likelihood of independent pixels and of mixtures of them, which is exact.

    Parameters
    ----------
    dataset
        npz of `study.dataset`; the models are fitted to its training images drawn once.
    likelihoods
        csv of the form `study.contracts.LIKELIHOOD`.
    name
        The dataset's.
    seeds
        A mixture is fitted for each, from other first components.
    mixture_components
        Sizes of the mixtures.
    smoothing
        Imaginary images that lit, and left dark, every pixel of every component.
    test_images
        Most test images that are taken, from the first.
    root_seed
        The study's.
    """
    data = binarised(load_dataset(dataset), root_seed, name)
    test = data.x_test[:test_images]
    pixels = IndependentPixels(smoothing).fit(data.x_train)
    rows = _rows(
        Subject(name, "independent_pixels", data.x_train.shape[1], seeds[0], "fixed"),
        mean_and_interval("exact", None, "log_likelihood", pixels.score_samples(test)),
    )
    for components in mixture_components:
        for seed in seeds:
            mixture = BernoulliMixture(
                components,
                smoothing=smoothing,
                random_state=generator(root_seed, "mixture", name, components, seed),
            ).fit(data.x_train)
            rows += _rows(
                Subject(name, "mixture", components, seed, "fixed"),
                mean_and_interval("exact", None, "log_likelihood", mixture.score_samples(test)),
            )
    write_likelihoods(likelihoods, rows)


def _rows(subject: Subject, measurements: list[Estimate]) -> list[tuple[Subject, Estimate]]:
    return [(subject, measurement) for measurement in measurements]


if __name__ == "__main__":
    run(estimate_pixel_likelihood, globals())
