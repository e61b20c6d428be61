"""From experiments to runs, and from runs to the folders that hold them.

A run's folder is its parameters, so two experiments that need the same run share it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from math import ceil
from string import Formatter
from typing import Any, Literal, Self

from planning.datasets import training_items
from study.models import BASELINES, MODELS
from study.wording import readable
from vae.architecture import NETWORKS

RUN_PATTERN = (
    "models/{dataset}/{architecture}/{training}/"
    "z{latent_dimension}-n{train_size}-e{epochs}/{backend}-seed{seed}"
)
"""Folder of a VAE run within that of the results, as a Snakemake pattern with fields of `Run` as
its wildcards."""

BASELINE_PATTERN = "models/{dataset}/{family}/n{train_size}/seed{seed}"
"""Folder of a run of another family, likewise."""

EXPERIMENTS = (
    "latent_dimension",
    "training_size",
    "manifold",
    "images",
    "networks_published",
    "networks_like_for_like",
    "comparison",
)
"""Keys of the configuration's `experiments`; these it must have."""

OPTIONAL_EXPERIMENTS = (
    "networks_upper_triangle",
    "networks_as_written",
    "faces_and_objects",
    "equal_updates",
    "ablation",
    "aevb",
    "marginal_likelihood",
)
"""Keys of `experiments` that may be absent, or null in an overlay; their figures are then absent
from the report."""

_NAME, _NUMBER = "[a-z][a-z0-9_]*", "[1-9][0-9]{0,8}"

WILDCARD_CONSTRAINTS = {
    "dataset": _NAME,
    "architecture": _NAME,
    "training": _NAME,
    "latent_dimension": _NUMBER,
    "train_size": f"{_NUMBER}|all",
    "epochs": _NUMBER,
    "backend": _NAME,
    "seed": f"0|{_NUMBER}",
    "family": "|".join(BASELINES),
}
"""Regular expression of every wildcard in the two patterns."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """One training of a model.

    `family` is a name in `study.models`, `train_size` a number of images or "all"; the other names
    are keys of the configuration. What only a VAE is told by is None for other families.
    """

    family: str = "vae"
    dataset: str
    architecture: str | None = None
    training: str | None = None
    latent_dimension: int | None = None
    train_size: int | Literal["all"]
    epochs: int | None = None
    backend: str | None = None
    seed: int

    @property
    def pattern(self) -> str:
        """Pattern of its folder."""
        return RUN_PATTERN if self.family == "vae" else BASELINE_PATTERN

    @property
    def folder(self) -> str:
        """Folder of the run, relative to that of the results."""
        return self.pattern.format_map(vars(self))

    @property
    def parameters(self) -> dict[str, Any]:
        """What names the run: the fields that its pattern has, in that order."""
        fields = (field for _, field, _, _ in Formatter().parse(self.pattern) if field)
        return {field: getattr(self, field) for field in fields}

    @classmethod
    def from_wildcards(cls, wildcards: Any) -> Self:
        """Run whose pattern Snakemake matched; `wildcards` has its fields as text."""
        fields: dict[str, Any] = {
            name: int(text) if text.isdigit() else text for name, text in wildcards.items()
        }
        return cls(**fields)


def leave_out_experiments(config: Mapping[str, Any]) -> None:
    """Take out of a configuration, in place, what is null of optional experiments and of `also`."""
    experiments = config.get("experiments")
    if not isinstance(experiments, dict):
        return
    for name in OPTIONAL_EXPERIMENTS:
        if experiments.get(name, ...) is None:
            del experiments[name]
    for experiment in experiments.values():
        if not isinstance(experiment, dict):
            continue
        also = experiment.get("also", ...)
        if isinstance(also, dict):
            experiment["also"] = {name: lists for name, lists in also.items() if lists is not None}
        if also is None or experiment.get("also") == {}:
            del experiment["also"]


def planned_experiments(config: Mapping[str, Any]) -> list[str]:
    """Names of the experiments that the configuration has, in the order of this module."""
    return [name for name in EXPERIMENTS + OPTIONAL_EXPERIMENTS if name in config["experiments"]]


def planned_datasets(config: Mapping[str, Any]) -> list[str]:
    """Names of the datasets that experiments use, in the order of the configuration."""
    used = {
        dataset
        for name in planned_experiments(config)
        for lists in experiment_lists(config, name)
        for dataset in lists["datasets"]
    }
    return [name for name in config["datasets"] if name in used]


def experiment_lists(config: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """Lists of an experiment, then those of each entry of its `also`, all with their seeds.

    An entry of `also` has the experiment's lists but for those that it gives itself.
    """
    lists = {"seeds": config["seeds"], **config["experiments"][name]}
    changes = lists.pop("also", {})
    return [lists, *(lists | changed for changed in changes.values())]


def experiment_runs(config: Mapping[str, Any], name: str) -> list[Run]:
    """Runs of an experiment, each once: the products of its lists, seeds varying fastest."""
    products = (_product(config, lists) for lists in experiment_lists(config, name))
    return list(dict.fromkeys(run for runs in products for run in runs))


def planned_runs(config: Mapping[str, Any]) -> list[Run]:
    """Runs of all experiments, and of the models that the VAE is held against, each once."""
    runs = [run for name in planned_experiments(config) for run in experiment_runs(config, name)]
    return list(dict.fromkeys(runs + baseline_runs(config)))


def trainings_by_experiment(config: Mapping[str, Any]) -> dict[str, list[str]]:
    """Folders of the trainings of each experiment, by its name in words, and of each baseline."""
    runs = {readable(name): experiment_runs(config, name) for name in planned_experiments(config)}
    for family, facts in compared_models(config).items():
        if family in BASELINES:
            runs[facts["label"]] = baseline_runs(config, family)
    return {name: [run.folder for run in trained] for name, trained in runs.items()}


def run_files(config: Mapping[str, Any], experiment: str, file: str) -> list[str]:
    """Path of one file of every run of an experiment."""
    return [f"results/{run.folder}/{file}" for run in experiment_runs(config, experiment)]


def shown_runs(config: Mapping[str, Any], *experiments: str) -> list[Run]:
    """Runs of which a figure shows images: those of the experiments with their first seed."""
    shown = (
        run
        for name in experiments
        for lists in experiment_lists(config, name)
        for run in _product(config, lists)
        if run.seed == lists["seeds"][0]
    )
    return list(dict.fromkeys(shown))


def plane_runs(config: Mapping[str, Any]) -> list[Run]:
    """Runs of the latent plane that Figure 6.4 shows, one a seed."""
    shown = shown_runs(config, "manifold")[0]
    runs = experiment_runs(config, "manifold")
    return [run for run in runs if replace(run, seed=shown.seed) == shown]


def compared_families(config: Mapping[str, Any]) -> list[str]:
    """Names of the models that the configuration compares, in the order of `study.models`."""
    named = {"vae", *config["boltzmann_machines"], *config.get("baselines", {})}
    return [name for name in MODELS if name in named]


def baseline_runs(config: Mapping[str, Any], *families: str) -> list[Run]:
    """Runs that the comparison's VAE is held against, of all families or those named.

    Seeds vary fastest.
    """
    (comparison,) = experiment_lists(config, "comparison")
    named = families or [name for name in compared_families(config) if name in BASELINES]
    return [
        Run(dataset=dataset, family=family, train_size=size, seed=seed)
        for dataset, family, size, seed in product(
            comparison["datasets"], named, comparison["train_sizes"], comparison["seeds"]
        )
    ]


def compared_runs(config: Mapping[str, Any]) -> list[Run]:
    """Runs of the comparison: those of the VAE, then the baselines'."""
    return experiment_runs(config, "comparison") + baseline_runs(config)


def compared_models(config: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What figures and tables are told of the compared models, by name, as plain types."""
    return {name: MODELS[name].facts() for name in compared_families(config)}


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


def has_filters(architecture: Mapping[str, Any]) -> bool:
    """Whether the settings of an architecture have convolutions."""
    return "encoder_filters" in architecture or "decoder_filters" in architecture


def training_minutes(config: Mapping[str, Any], wildcards: Any) -> int:
    """Minutes that are enough for a VAE's training at the report's scale, on one core."""
    return 180 if has_filters(architecture_settings(config, wildcards.architecture)) else 60


def training_settings(config: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Settings of a training, as plain types.

    Raises
    ------
    KeyError
        If the configuration has no training of that name.
    """
    return dict(config["trainings"][name])


def binarisation(config: Mapping[str, Any], run: Run) -> str | None:
    """How a run makes grey images black and white: "fixed", "dynamic", or not at all."""
    if run.family in BASELINES:
        return BASELINES[run.family].binarisation
    return config["trainings"][run.training].get("binarisation")


def _product(config: Mapping[str, Any], lists: Mapping[str, Any]) -> Iterator[Run]:
    for dataset, architecture, training, latent, size, length, backend, seed in product(
        lists["datasets"],
        lists["architectures"],
        lists["trainings"],
        lists["latent_dimensions"],
        lists["train_sizes"],
        lists["epochs"],
        lists["backends"],
        lists["seeds"],
    ):
        items = training_items(config["datasets"][dataset]) if size == "all" else size
        epochs = _epochs(length, items, config["trainings"][training]["batch_size"])
        yield Run(
            dataset=dataset,
            architecture=architecture,
            training=training,
            latent_dimension=latent,
            train_size=size,
            epochs=epochs,
            backend=backend,
            seed=seed,
        )


def _epochs(length: int | Mapping[str, int], items: int | None, batch_size: int) -> int:
    """Length of a run in epochs, if it is given as updates the nearest whole number."""
    if isinstance(length, int):
        return length
    if items is None:
        raise ValueError("a length in updates needs the number of training items")
    return max(1, round(length["updates"] / ceil(items / batch_size)))
