"""What figures and tables need of the runs that they show, checked before anything is trained."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from planning.datasets import has_images, training_items
from planning.runs import Run, architecture_settings, experiment_runs, shown_runs


def problems(config: Mapping[str, Any]) -> Iterator[str]:
    """Sentences on experiments whose runs a figure or a table could not show.

    Parameters
    ----------
    config
        A configuration in which every name is known.
    """
    experiments = config["experiments"]
    for name in experiments:
        yield from _unbounded_means(config, name)
    for name in ("manifold", "images", "comparison"):
        yield from _no_images(config, name)
    yield from _different_structures(config)
    yield from _components(config)
    yield from _repeated(
        "images",
        "Figure 6.5 shows",
        shown_runs(config, "images"),
        lambda run: {"dataset": run.dataset, "architecture": run.architecture},
    )
    trainings = config["trainings"]
    if "ablation" in experiments:
        yield from _repeated(
            "ablation",
            "Figure 7.1 shows",
            experiment_runs(config, "ablation"),
            lambda run: (
                {key: trainings[run.training][key] for key in ("optimizer", "initialisation")}
                | {"seed": run.seed}
            ),
        )
    if "marginal_likelihood" in experiments:
        yield from _repeated(
            "marginal_likelihood",
            "likelihoods and errors are joined by",
            experiment_runs(config, "marginal_likelihood"),
            lambda run: {
                "latent dimension": run.latent_dimension,
                "binarisation": trainings[run.training]["binarisation"],
                "seed": run.seed,
            },
        )
        yield from _mixtures(config)


def _repeated(
    experiment: str, needed_by: str, runs: list[Run], key: Callable[[Run], dict[str, Any]]
) -> Iterator[str]:
    """More than one run of what a figure tells runs by."""
    for values, count in Counter(tuple(key(run).items()) for run in runs).items():
        if count > 1:
            told = ", ".join(f"{name} {value}" for name, value in values)
            yield (
                f"experiments.{experiment} has {count} runs of {told}; expected one, "
                f"since {needed_by} one"
            )


def _unbounded_means(config: Mapping[str, Any], experiment: str) -> Iterator[str]:
    for name in dict.fromkeys(run.architecture for run in experiment_runs(config, experiment)):
        settings = architecture_settings(config, str(name))
        if settings["likelihood"] == "gaussian" and not settings.get("squash_mean"):
            yield (
                f"experiments.{experiment}.architectures has the entry {name}; expected "
                f"architectures.{name}.squash_mean to be true, since errors are measured of means "
                "from 0 to 1"
            )


def _no_images(config: Mapping[str, Any], experiment: str) -> Iterator[str]:
    """Networks where a figure shows images: in the plane, or of their upper triangle alone."""
    for name in dict.fromkeys(run.dataset for run in experiment_runs(config, experiment)):
        dataset = config["datasets"][name]
        if not has_images(dataset) or (experiment, dataset["kind"]) == ("manifold", "networks"):
            yield (
                f"experiments.{experiment}.datasets has the entry {name}; expected a dataset of "
                "images"
            )


def _different_structures(config: Mapping[str, Any]) -> Iterator[str]:
    """Networks under the two protocols that Figure 6.2 could not show side by side."""
    published, like_for_like = (
        shown_runs(config, f"networks_{protocol}")[0].dataset
        for protocol in ("published", "like_for_like")
    )
    structures = [{*config["datasets"][name]["structures"]} for name in (published, like_for_like)]
    if structures[0] != structures[1]:
        yield (
            f"datasets.{like_for_like}.structures has {', '.join(sorted(structures[1]))}; expected "
            f"{', '.join(sorted(structures[0]))}, those of {published}, beside which Figure 6.2 "
            "shows them"
        )


def _components(config: Mapping[str, Any]) -> Iterator[str]:
    """Principal components, of which there are fewer than images."""
    comparison = config["experiments"]["comparison"]
    (size,), (latent,) = comparison["train_sizes"], comparison["latent_dimensions"]
    dataset = config["datasets"][comparison["datasets"][0]]
    items = training_items(dataset) if size == "all" else size
    if "pca" in config.get("baselines", {}) and items is not None and latent >= items:
        yield (
            f"experiments.comparison.latent_dimensions has the entry {latent}; expected less than "
            f"{items}, the images that as many principal components are fitted to"
        )


def _mixtures(config: Mapping[str, Any]) -> Iterator[str]:
    """Mixtures of more components than there are images to fit them to."""
    dataset = config["experiments"]["marginal_likelihood"]["datasets"][0]
    items = training_items(config["datasets"][dataset])
    for components in config["marginal_likelihood"]["mixtures"]["components"]:
        if items is not None and components > items:
            yield (
                f"marginal_likelihood.mixtures.components has the entry {components}; expected at "
                f"most {items}, the training items of {dataset}"
            )
