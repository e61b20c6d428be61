"""What the Boltzmann machines have in common in the comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from study.models._face import Baseline

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from study.dataset import Dataset
    from study.likelihood_table import Estimate
    from vae.boltzmann.estimators import DBN, LayerMeasurement


class BoltzmannMachine(Baseline):
    """A trained RBM or DBN; an RBM is a DBN of one layer.

    Attributes
    ----------
    key
        Its settings in the configuration's `boltzmann_machines`.
    published_layers
        The layers through which the report's reconstructions lead.
    """

    key: ClassVar[str]
    published_layers: ClassVar[slice]
    binarisation = "dynamic"
    likelihood_settings = ("annealing",)

    def __init__(self, machine: DBN) -> None:
        self.machine = machine

    @classmethod
    def settings(cls, config: Mapping[str, Any]) -> dict[str, Any]:
        """`hidden_sizes`, `epochs`, `batch_size` and `learning_rate`."""
        return dict(config["boltzmann_machines"][cls.key])

    @classmethod
    def train(
        cls,
        images: NDArray[np.float32],
        settings: Mapping[str, Any],
        generator: np.random.Generator,
    ) -> Self:
        """Train layer by layer."""
        from vae.boltzmann.estimators import DBN

        machine = DBN(**settings, random_state=int(generator.integers(2**31)), verbose=True)
        return cls(machine.fit(images))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote."""
        from vae.boltzmann.estimators import load_boltzmann_machine

        return cls(load_boltzmann_machine(path))

    @property
    def history(self) -> Sequence[LayerMeasurement]:
        """The progress of every layer."""
        return self.machine.history_

    def save(self, path: Path) -> None:
        """Write weights, biases and settings."""
        self.machine.save(path)

    @property
    def size(self) -> int:
        """Hidden units of the top layer."""
        return len(self.machine.layers_[-1].hidden_bias)

    def reconstruct(self, images: NDArray[np.float32]) -> NDArray[Any]:
        """Up through every layer and down again, mean field."""
        return self.machine.reconstruct(images)

    def reconstruct_drawn(
        self, images: NDArray[np.float32], generator: np.random.Generator
    ) -> NDArray[Any]:
        """Up and down again, every hidden unit drawn on both ways."""
        from vae.boltzmann.gibbs import sampled_reconstruction

        return sampled_reconstruction(self.machine, images, generator)

    def reconstruct_as_published(
        self, train: NDArray[np.float32], corrupted: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[Any]]:
        """Reconstruct corrupted test images, with these as targets.

        Where a target is above 1 the error has no lower bound, and an image's may be negative.
        """
        from vae.boltzmann.estimators import reconstruct_through

        layers = self.machine.layers_[self.published_layers]
        return corrupted, reconstruct_through(layers, corrupted)

    def draw(self, n: int, steps: int, generator: np.random.Generator) -> NDArray[Any]:
        """Draw by Gibbs chains of the top layer."""
        from vae.boltzmann.gibbs import gibbs_samples

        return gibbs_samples(self.machine, n, steps, generator)

    def log_likelihood(
        self, data: Dataset, run: Mapping[str, Any], settings: Mapping[str, Any], root_seed: int
    ) -> list[Estimate]:
        """Estimate an RBM's log-likelihood, or a DBN's bound of it, by annealing both ways.

        `settings["annealing"]` has `chains`; `temperatures`, steps from the base model to the
        machine; `gibbs_steps`, which lead the reverse chains from training images to samples of the
        top layer; and `bound_samples`, draws of the layers below for every image.
        """
        from study.likelihood_table import Estimate, mean_and_interval
        from vae.boltzmann.annealing import (
            forward_log_partition,
            inverse_temperatures,
            log_likelihood_bound,
            reverse_log_partition,
        )
        from vae.boltzmann.gibbs import states_above
        from vae.boltzmann.layer import log_odds
        from vae.objective import binary_cross_entropy
        from vae.seeding import generator

        annealing = settings["annealing"]
        train, test = data.pixels("train"), data.pixels("test")
        random = generator(root_seed, "likelihood", run["dataset"], run["family"], run["seed"])
        *below, top = self.machine.layers_
        states = states_above(below, train, random)
        base, temperatures = log_odds(states), inverse_temperatures(annealing["temperatures"])
        start = states[random.permutation(len(states))[: annealing["chains"]]]
        forward = forward_log_partition(top, base, temperatures, annealing["chains"], random)
        reverse = reverse_log_partition(
            top, base, temperatures, start, annealing["gibbs_steps"], random
        )
        bound = log_likelihood_bound(self.machine, test, 0.0, random, annealing["bound_samples"])
        error = binary_cross_entropy(test, self.reconstruct(test))
        measured = mean_and_interval("mean_field", None, "reconstruction_error", error)
        for estimator, partition in (
            ("annealed_importance_sampling", forward),
            ("reverse_annealing", reverse),
        ):
            chains = len(partition.log_weights)
            measured += mean_and_interval(
                estimator, chains, "log_likelihood", bound - partition.log_z
            )
            measured += [
                Estimate(estimator, chains, metric, value)
                for metric, value in (
                    ("log_partition", partition.log_z),
                    ("log_partition_standard_error", partition.standard_error),
                    ("effective_sample_size", partition.effective_sample_size),
                )
            ]
        gap = reverse.log_z - forward.log_z
        return [*measured, Estimate("both_ways", None, "partition_gap", gap)]
