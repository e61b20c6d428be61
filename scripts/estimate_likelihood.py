"""Estimate the true log-likelihood of one model on black and white test images."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from step import run
from study.dataset import load_dataset
from study.likelihood_table import Subject, write_likelihoods
from study.models import MODELS
from study.run_data import binarised


def estimate_likelihood(
    dataset: Path,
    model: Path,
    likelihoods: Path,
    family: str,
    run_parameters: dict[str, Any],
    binarisation: str,
    settings: dict[str, Any],
    test_images: int,
    root_seed: int,
) -> None:
    """Write what the family's own estimate says, and the error of its reconstructions.

    Parameters
    ----------
    dataset, model
        What the run was trained on, and what it wrote.
    likelihoods
        csv of the form `study.contracts.LIKELIHOOD`: means over images with half their
        95% intervals, and how far the estimates can be trusted.
    family
        Name of the model in `study.models`.
    run_parameters
        What names the run.
    binarisation
        That of the training.
    settings
        Those of the configuration's `marginal_likelihood` that the family takes.
    test_images
        Most test images that are taken, from the first.
    root_seed
        The study's.
    """
    name = run_parameters["dataset"]
    drawn = binarised(load_dataset(dataset), root_seed, name)
    data = replace(drawn, x_test=drawn.x_test[:test_images], y_test=drawn.y_test[:test_images])
    trained = MODELS[family].load(model)
    subject = Subject(name, family, trained.size, run_parameters["seed"], binarisation)
    measured = trained.log_likelihood(data, run_parameters, settings, root_seed)
    write_likelihoods(likelihoods, ((subject, row) for row in measured))


if __name__ == "__main__":
    run(estimate_likelihood, globals())
