"""From experiments to runs, and from runs to the folders that hold them.

A run's folder is its parameters, so two experiments that need the same run share it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal, Self

from vae.architecture import NETWORKS

RUN_PATTERN = (
    "results/models/{dataset}/{architecture}/{training}/"
    "z{latent_dimension}-n{train_size}-e{epochs}/{backend}-seed{seed}"
)
"""Folder of a VAE run, as a Snakemake pattern with the fields of `Run` as its wildcards."""

MACHINE_PATTERN = "results/models/{dataset}/{machine}/n{train_size}/seed{seed}"
"""Folder of a Boltzmann machine, with the fields of `MachineRun` as its wildcards."""

MACHINES = ("rbm", "dbn")
"""The Boltzmann machines that stand beside the VAE in the comparison."""

EXPERIMENTS = (
    "latent_dimension",
    "training_size",
    "manifold",
    "images",
    "networks_published",
    "networks_like_for_like",
    "comparison",
)
"""Keys of the configuration's `experiments`."""

_NAME, _NUMBER = "[a-z][a-z0-9_]*", "[0-9]+"

WILDCARD_CONSTRAINTS = {
    "dataset": _NAME,
    "architecture": _NAME,
    "training": _NAME,
    "latent_dimension": _NUMBER,
    "train_size": f"{_NUMBER}|all",
    "epochs": _NUMBER,
    "backend": _NAME,
    "seed": _NUMBER,
    "machine": "|".join(MACHINES),
}
"""Regular expression of every wildcard in the two patterns."""


@dataclass(frozen=True)
class Run:
    """One training of a VAE.

    `train_size` is a number of images or "all"; the other names are keys of the configuration.
    """

    dataset: str
    architecture: str
    training: str
    latent_dimension: int
    train_size: int | Literal["all"]
    epochs: int
    backend: str
    seed: int

    @property
    def folder(self) -> str:
        """Folder of the run, relative to the project root."""
        return RUN_PATTERN.format_map(vars(self))

    @classmethod
    def from_wildcards(cls, wildcards: Any) -> Self:
        """Run whose `RUN_PATTERN` Snakemake matched; `wildcards` has its fields as text."""
        return cls(
            dataset=wildcards.dataset,
            architecture=wildcards.architecture,
            training=wildcards.training,
            latent_dimension=int(wildcards.latent_dimension),
            train_size=_train_size(wildcards.train_size),
            epochs=int(wildcards.epochs),
            backend=wildcards.backend,
            seed=int(wildcards.seed),
        )


@dataclass(frozen=True)
class MachineRun:
    """One training of a Boltzmann machine (`machine` is one of `MACHINES`)."""

    dataset: str
    machine: str
    train_size: int | Literal["all"]
    seed: int

    @property
    def folder(self) -> str:
        """Folder of the run, relative to the project root."""
        return MACHINE_PATTERN.format_map(vars(self))

    @classmethod
    def from_wildcards(cls, wildcards: Any) -> Self:
        """Run whose `MACHINE_PATTERN` Snakemake matched; `wildcards` has its fields as text."""
        return cls(
            dataset=wildcards.dataset,
            machine=wildcards.machine,
            train_size=_train_size(wildcards.train_size),
            seed=int(wildcards.seed),
        )


def experiment_runs(config: Mapping[str, Any], name: str) -> list[Run]:
    """Runs of an experiment: the product of its lists, seeds varying fastest."""
    experiment = config["experiments"][name]
    return [
        Run(*values)
        for values in product(
            experiment["datasets"],
            experiment["architectures"],
            experiment["trainings"],
            experiment["latent_dimensions"],
            experiment["train_sizes"],
            experiment["epochs"],
            experiment["backends"],
            _seeds(config, name),
        )
    ]


def shown_runs(config: Mapping[str, Any], *experiments: str) -> list[Run]:
    """Runs of which a figure shows images: those of the experiments with their first seed."""
    return [
        run
        for name in experiments
        for run in experiment_runs(config, name)
        if run.seed == _seeds(config, name)[0]
    ]


def machine_runs(config: Mapping[str, Any], *machines: str) -> list[MachineRun]:
    """Boltzmann machines of the comparison, all or those named, seeds varying fastest."""
    comparison = config["experiments"]["comparison"]
    return [
        MachineRun(*values)
        for values in product(
            comparison["datasets"],
            machines or MACHINES,
            comparison["train_sizes"],
            _seeds(config, "comparison"),
        )
    ]


def architecture_settings(config: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Settings of an architecture, the configuration's own or the library's, as plain types.

    Raises
    ------
    KeyError
        If neither has the name.
    """
    settings = config["architectures"].get(name) or NETWORKS[name]
    return {
        key: list(value) if isinstance(value, tuple) else value for key, value in settings.items()
    }


def training_settings(config: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Settings of a training, as plain types.

    Raises
    ------
    KeyError
        If the configuration has no training of that name.
    """
    return dict(config["trainings"][name])


def _seeds(config: Mapping[str, Any], experiment: str) -> list[int]:
    return config["experiments"][experiment].get("seeds", config["seeds"])


def _train_size(text: str) -> int | Literal["all"]:
    return "all" if text == "all" else int(text)
