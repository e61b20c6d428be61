"""Estimate the true log-likelihood of one Boltzmann machine on black and white test images."""

from pathlib import Path
from typing import Any

from step import run
from study.dataset import load_dataset
from study.datasets.binarised import binarised
from study.likelihood_table import Measurement, Subject, mean_and_interval, write_likelihoods
from vae.boltzmann.annealing import (
    forward_log_partition,
    inverse_temperatures,
    log_likelihood_bound,
    reverse_log_partition,
)
from vae.boltzmann.estimators import load_machine
from vae.boltzmann.gibbs import states_above
from vae.boltzmann.layer import log_odds
from vae.objective import binary_cross_entropy
from vae.seeding import generator


def estimate_machine_likelihood(
    dataset: Path,
    model: Path,
    likelihoods: Path,
    name: str,
    machine: str,
    seed: int,
    annealing: dict[str, Any],
    test_images: int,
    root_seed: int,
) -> None:
    """Write an RBM's log-likelihood, or a DBN's lower bound of it, by annealing both ways.

    A machine is trained on black and white images drawn anew for every epoch, so its binarisation
    is dynamic. The bound of an RBM, a DBN of one layer, is the likelihood itself.

    Parameters
    ----------
    dataset, model
        What the machine was trained on, and the machine.
    likelihoods
        csv with the columns `study.likelihood_table.LIKELIHOOD`: means over images with half their
        95% intervals, by the forward and the reverse estimate of log Z; the gap between the two;
        and the error of the reconstruction of the same images.
    name, machine, seed
        The dataset's name, rbm or dbn, and the training's seed.
    annealing
        `chains`; `temperatures`, steps from the base model to the machine; `gibbs_steps`, which
        lead the reverse chains from training images to samples of the top layer's RBM; and
        `bound_samples`, draws of the layers below for every image.
    test_images
        Most test images that are taken, from the first.
    root_seed
        The study's.
    """
    trained = load_machine(model)
    data = binarised(load_dataset(dataset), root_seed, name)
    train, test = data.pixels("train"), data.pixels("test")[:test_images]
    random = generator(root_seed, "likelihood", name, machine, seed)
    *below, top = trained.layers_
    states = states_above(below, train, random)
    base, temperatures = log_odds(states), inverse_temperatures(annealing["temperatures"])
    start = states[random.permutation(len(states))[: annealing["chains"]]]
    partitions = {
        "annealed_importance_sampling": forward_log_partition(
            top, base, temperatures, annealing["chains"], random
        ),
        "reverse_annealing": reverse_log_partition(
            top, base, temperatures, start, annealing["gibbs_steps"], random
        ),
    }
    forward, reverse = partitions.values()
    bound = log_likelihood_bound(trained, test, 0.0, random, annealing["bound_samples"])
    error = binary_cross_entropy(test, trained.reconstruct(test))
    measurements = mean_and_interval("mean_field", None, "reconstruction_error", error)
    for estimator, partition in partitions.items():
        chains = len(partition.log_weights)
        measurements += [
            *mean_and_interval(estimator, chains, "log_likelihood", bound - partition.log_z),
            Measurement(estimator, chains, "log_partition", partition.log_z),
            Measurement(
                estimator, chains, "log_partition_standard_error", partition.standard_error
            ),
            Measurement(
                estimator, chains, "effective_sample_size", partition.effective_sample_size
            ),
        ]
    gap = reverse.log_z - forward.log_z
    measurements.append(Measurement("both_ways", None, "partition_gap", gap))
    subject = Subject(name, machine, len(top.hidden_bias), seed, "dynamic")
    write_likelihoods(likelihoods, ((subject, row) for row in measurements))


if __name__ == "__main__":
    run(estimate_machine_likelihood, globals())
