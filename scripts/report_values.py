"""Everything the report's text may say in numbers, as one flat file of dotted keys.

A value is a number, a text, a list of either, or null for the spread of a single seed. A run, here,
is one setting over all its seeds; its key is in the order of the folders of results/models:

    RUN = {experiment}.{dataset}.{architecture}.{training}
          .z{latent_dimension}-n{train_size}-e{epochs}.{backend}

Keys made here:

    {experiment}.runs, .datasets            the keys of its runs; the names of its data sets
    {experiment}.series                     of latent_dimension and training_size: a key for each
                                            setting of all but the column they vary
    aevb.algorithms, aevb.best.{algorithm}  those of its trainings; of each, the keys of the runs
                                            whose step size is the best
    {series}.runs, .best                    its runs by rising value; the one of highest test ELBO
    RUN.dataset, .architecture, .training, .latent_dimension, .train_size, .epochs, .backend, .seeds
    RUN.{split}.{metric}.mean, .std         over seeds, after the last epoch
    RUN.{split}.elbo.peak, .peak_epoch      the best mean over seeds of any epoch, and the epoch
    RUN.seconds_per_epoch                   median over epochs and seeds
    reconstruction.datasets
    reconstruction.{dataset}.{protocol}.{model}.{metric}.mean, .std
    reconstruction.{dataset}.{protocol}.ranking     the report's models by rising mean error;
                                            .ranking_in_every_seed, whether each seed's is that
    backends.names
    backends.rows, .measured                the keys of the rows of Table 5.1; of those with times,
                                            fastest first
    {row}.backend, .label, .device, .status, .note
    {row}.seconds, .gflops, .first_step_seconds, .peak_memory_mib       medians over repeats
    {row}.share_of_2048, .share_of_network  medians over repeats, of those measured on a device
                                            whose limit is known
    backends.limit_2048, .limit_network     rates of matrix products on the CPU, GFLOP/s: medians
    profile.{backend}.seconds, .functions   of published and numpy: own time of all functions in an
                                            epoch; their keys, costliest first
    profile.{backend}.steps, .scale         the steps profiled; how many times they make an epoch
    profile.{backend}.seconds, .products, .covered          of tensorflow and cupy, if measured: of
                                            an epoch; shares of it in products, in operations
    {function}.function, .module, .calls, .seconds, .share      calls and seconds in an epoch
    likelihoods.{dataset}.models            models whose log-likelihood was measured
    likelihoods.{dataset}.{model}           at the size where it is highest: .size, .binarisation;
                                            .log_likelihood, .reconstruction_error (of the same
                                            images) and .partition_gap, each .mean and .std
    likelihoods.{dataset}.ranking, .error_ranking   the report's models, the best first: by
                                            log-likelihood; by that reconstruction error
    datasets.{name}.mean_entropy_floor      of networks: the mean over the classes
    datasets.used, .absent                  those of the runs; those of the report that are not
    architectures.used                      those of the runs
    verdicts, verdicts.{verdict}            the verdicts, from the one that says that a statement
                                            holds; the claims that have each
    study.commit, .clean, .command          what was checked out as the last of it was measured, and
                                            whether no file differed; what asks for this study
    runs.trainings, .hours, .first, .last   how many; their hours together; days on which they ended

JSON files and settings are flattened as they are, the key of a mapping being the list of its names:
datasets.{name} (the data cards), machine, claims.{name}, architectures.{name}, trainings.{name},
boltzmann_machines.{name}, benchmark, software (CITATION.cff), and reported.{table}, the report's
own numbers.
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

import pandas as pd
import yaml

from step import run
from study.contracts import LIKELIHOOD, OPERATIONS, PROFILE, RECONSTRUCTION, RUN, RUNS, TIMINGS
from study.likelihood_table import best_size, log_likelihoods
from study.outcomes import OUTCOMES
from study.results import final, read_table, rising_by_seed
from study.seals import read_json
from study.step_sizes import best_trainings
from study.timings import gpu_timings, without
from study.work import OUTSIDE, WAITING
from vae.architecture import NETWORKS

SERIES = {"latent_dimension": "latent_dimension", "training_size": "train_size"}
"""The experiments that vary one column, and which."""

REPORT_DATASETS = {"mnist": "MNIST", "frey": "Frey Face", "cifar10": "CIFAR-10"}
"""How the names of data sets that the report used begin here, and what it calls them."""

LIMITS = ("limit_2048_gflops", "limit_network_gflops")
MEDIANS = ("seconds", "gflops", "first_step_seconds", "peak_memory_mib")

Pairs = Iterator[tuple[str, Any]]


def report_values(
    evaluations: Sequence[Path],
    reconstruction: Path,
    likelihoods: Sequence[Path],
    cards: Sequence[Path],
    backends: Path,
    gpu: Sequence[Path],
    published_profile: Path,
    numpy_profile: Path,
    operations: Sequence[Path],
    claims: Path,
    runs: Path,
    provenance: Path,
    citation: Path,
    labels: Mapping[str, str],
    settings: Mapping[str, Any],
    values: Path,
) -> None:
    """Write the report's values as JSON.

    Parameters
    ----------
    evaluations
        The tidy tables of the experiments, each named after its experiment.
    reconstruction
        Reconstruction errors of the comparison, csv.
    likelihoods
        Log-likelihoods of its models, csv, if they were measured: at most one file.
    cards
        Data cards, JSON.
    backends
        Times of one epoch by backend, csv.
    gpu
        What check_gpu wrote on a machine with a GPU, or nothing.
    published_profile, numpy_profile
        Own times by function, and the factor from them to an epoch's, csv.
    operations
        Own times by operation of compiled backends, csv.
    claims
        JSON of `judge_claims`.
    runs, provenance
        What `record_study` wrote.
    citation
        CITATION.cff.
    labels
        Of the implementations, by name.
    settings
        The configuration's `architectures`, `trainings`, `boltzmann_machines` and `benchmark`, and
        the report's own numbers as `reported`.
    values
        The file to write.

    Raises
    ------
    ValueError
        If a table lacks a column, or a value is not finite.
    """
    models = list(settings["reported"]["table_6_1"])
    found = dict(
        [
            *(pair for path in evaluations for pair in _experiment(path, settings["trainings"])),
            *_reconstruction(read_table(reconstruction, RECONSTRUCTION), models),
            *(
                pair
                for path in likelihoods
                for pair in _likelihood(read_table(path, LIKELIHOOD), models)
            ),
            *_backends(read_table(backends, TIMINGS), gpu_timings(gpu), labels),
            *_profile(read_table(published_profile, PROFILE)),
            *_profile(read_table(numpy_profile, PROFILE)),
            *(pair for path in operations for pair in _operations(read_table(path, OPERATIONS))),
            *_flat("datasets", {card["name"]: card for card in map(_with_floor, cards)}),
            *_flat("claims", read_json(claims)),
            *_record(read_json(provenance), read_table(runs, RUNS)),
            *_flat("software", yaml.safe_load(citation.read_text(encoding="utf-8"))),
            *_flat("architectures", NETWORKS | settings["architectures"]),
            *(
                pair
                for name in ("trainings", "boltzmann_machines", "benchmark", "reported")
                for pair in _flat(name, settings[name])
            ),
        ]
    )
    names = [path.stem for path in evaluations]
    used = {name for experiment in names for name in found[f"{experiment}.datasets"]}
    found["datasets.used"] = [name for name in found["datasets"] if name in used]
    found["datasets.absent"] = [
        title
        for prefix, title in REPORT_DATASETS.items()
        if not any(name.startswith(prefix) for name in used)
    ]
    found["architectures.used"] = sorted(
        {found[f"{run}.architecture"] for name in names for run in found[f"{name}.runs"]}
    )
    found |= _verdicts({name: found[f"claims.{name}.verdict"] for name in found["claims"]})
    for key, value in found.items():
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError(f"{key}: expected a finite number for the report, got {value}")
    text = json.dumps(found, indent=1, ensure_ascii=False, allow_nan=False)
    values.write_text(text + "\n", encoding="utf-8")


def _experiment(path: Path, trainings: Mapping[str, Mapping[str, Any]]) -> Pairs:
    name = path.stem
    frame = read_table(path)
    keys = []
    for setting, part in frame.groupby(list(RUN), sort=False):
        columns = dict(zip(RUN, setting, strict=True))
        key = _run_key(name, columns)
        keys.append(key)
        yield from ((f"{key}.{column}", value) for column, value in columns.items())
        yield f"{key}.seeds", part["seed"].nunique()
        yield from _measurements(key, part)
    yield f"{name}.runs", keys
    yield f"{name}.datasets", frame["dataset"].unique().tolist()
    if name in SERIES:
        yield from _series(name, final(frame), SERIES[name])
    if name == "aevb":
        best = best_trainings(frame, trainings)
        yield f"{name}.algorithms", best["algorithm"].unique().tolist()
        for algorithm, part in best.groupby("algorithm"):
            runs = [setting for setting, _ in part.groupby(list(RUN), sort=False)]
            keys = [_run_key(name, dict(zip(RUN, run, strict=True))) for run in runs]
            yield f"{name}.best.{algorithm}", keys


def _with_floor(path: Path) -> dict[str, Any]:
    """Read a data card; of networks, add the mean of the floors of their kinds."""
    card = read_json(path)
    floors = card.get("entropy_floor")
    return card | ({"mean_entropy_floor": mean(floors.values())} if floors else {})


def _run_key(experiment: str, columns: Mapping[str, Any]) -> str:
    return (
        "{experiment}.{dataset}.{architecture}.{training}"
        ".z{latent_dimension}-n{train_size}-e{epochs}.{backend}"
    ).format(experiment=experiment, **columns)


def _measurements(key: str, run: pd.DataFrame) -> Pairs:
    for (split, metric), part in final(run).groupby(["split", "metric"], sort=False):
        if metric != "runtime":
            yield from _mean_and_std(f"{key}.{split}.{metric}", part["value"])
    yield f"{key}.seconds_per_epoch", float(run.loc[run["metric"] == "runtime", "value"].median())
    for split in ("train", "test"):
        elbo = run[(run["metric"] == "elbo") & (run["split"] == split)]
        by_epoch = elbo.groupby("epoch")["value"].mean()
        best = int(by_epoch.to_numpy().argmax())
        yield f"{key}.{split}.elbo.peak", float(by_epoch.iloc[best])
        yield f"{key}.{split}.elbo.peak_epoch", int(by_epoch.index[best])


def _series(experiment: str, frame: pd.DataFrame, studied: str) -> Pairs:
    fixed = [column for column in RUN if column != studied]
    bounds = frame[(frame["metric"] == "elbo") & (frame["split"] == "test")]
    names = []
    for number, (setting, part) in enumerate(bounds.groupby(fixed, sort=False), start=1):
        name = f"{experiment}.series.{number}"
        means = part.groupby(studied)["value"].mean()
        columns = dict(zip(fixed, setting, strict=True))
        runs = {value: _run_key(experiment, columns | {studied: value}) for value in means.index}
        names.append(name)
        yield f"{name}.runs", list(runs.values())
        yield f"{name}.best", runs[means.idxmax()]
    yield f"{experiment}.series", names


def _reconstruction(frame: pd.DataFrame, models: Sequence[str]) -> Pairs:
    yield "reconstruction.datasets", frame["dataset"].unique().tolist()
    for setting, part in frame.groupby(["dataset", "protocol", "model", "metric"], sort=False):
        key = ".".join(map(str, setting))
        yield from _mean_and_std(f"reconstruction.{key}", part["value"])
    compared = frame[(frame["metric"] == "reconstruction_error") & frame["model"].isin(models)]
    for (dataset, protocol), part in compared.groupby(["dataset", "protocol"], sort=False):
        key = f"reconstruction.{dataset}.{protocol}.ranking"
        ranking = part.groupby("model")["value"].mean().sort_values().index.tolist()
        yield key, ranking
        yield f"{key}_in_every_seed", bool(rising_by_seed(part, "model", ranking).all())


def _likelihood(frame: pd.DataFrame, models: Sequence[str]) -> Pairs:
    yield "likelihoods.datasets", frame["dataset"].unique().tolist()
    for dataset, part in frame.groupby("dataset", sort=False):
        estimates = log_likelihoods(part)
        names = estimates["model"].unique().tolist()
        best = {name: best_size(estimates, name) for name in names}
        errors = {}
        yield f"likelihoods.{dataset}.models", names
        for name, rows in best.items():
            key = f"likelihoods.{dataset}.{name}"
            for column in ("size", "binarisation"):
                yield f"{key}.{column}", rows[column].tolist()[0]
            yield from _mean_and_std(f"{key}.log_likelihood", rows["value"])
            alike = part["model"].eq(name) & part["size"].eq(rows["size"].iloc[0])
            alike &= part["binarisation"].eq(rows["binarisation"].iloc[0])
            for metric in ("reconstruction_error", "partition_gap"):
                values = part.loc[alike & part["metric"].eq(metric), "value"]
                if len(values):
                    yield from _mean_and_std(f"{key}.{metric}", values)
                    errors[name, metric] = float(values.mean())
        compared = [name for name in models if name in best]
        yield (
            f"likelihoods.{dataset}.ranking",
            sorted(compared, key=lambda name: -float(best[name]["value"].mean())),
        )
        yield (
            f"likelihoods.{dataset}.error_ranking",
            sorted(compared, key=lambda name: errors[name, "reconstruction_error"]),
        )


def _backends(
    frame: pd.DataFrame, elsewhere: tuple[str, pd.DataFrame] | None, labels: Mapping[str, str]
) -> Pairs:
    if elsewhere is not None:
        name, there = elsewhere
        frame = without(frame, there)
        medians = there.groupby("backend")["seconds"].median().sort_values()
        yield "gpu.name", name
        yield "gpu.rows", [f"gpu.{backend}" for backend in medians.index]
        for backend, median in medians.items():
            yield f"gpu.{backend}.label", labels[str(backend)]
            yield f"gpu.{backend}.seconds", median
    rows, seconds = [], {}
    text = frame.fillna({"device": "", "note": ""})
    for number, (_, part) in enumerate(text.groupby(["backend", "device"], sort=False), start=1):
        key = f"backends.{number}"
        rows.append(key)
        yield f"{key}.label", labels[part["backend"].iloc[0]]
        for column in ("backend", "device", "status", "note"):
            yield f"{key}.{column}", part[column].iloc[0]
        if part["status"].iloc[0] == "measured":
            seconds[key] = float(part["seconds"].median())
            yield from ((f"{key}.{column}", float(part[column].median())) for column in MEDIANS)
            for limit in LIMITS:
                share = (part["gflops"] / part[limit]).median()
                if not math.isnan(share):
                    yield f"{key}.share_of_{limit.split('_')[1]}", float(share)
    cpu = frame[frame["device"] == "CPU"]
    for limit in LIMITS:
        rate = float(cpu[limit].median())
        yield f"backends.{limit.removesuffix('_gflops')}", None if math.isnan(rate) else rate
    yield "backends.names", frame["backend"].unique().tolist()
    yield "backends.rows", rows
    yield "backends.measured", sorted(seconds, key=seconds.__getitem__)


def _profile(frame: pd.DataFrame) -> Pairs:
    profile = f"profile.{frame['backend'].iloc[0]}"
    scale = float(frame["scale"].iloc[0])
    total = scale * float(frame["own_seconds"].sum())
    keys = []
    ranked = frame.sort_values("own_seconds", ascending=False, kind="stable")
    for rank, row in enumerate(ranked.to_dict("records"), start=1):
        key = f"{profile}.{rank}"
        keys.append(key)
        for column in ("function", "module"):
            yield f"{key}.{column}", row[column]
        yield f"{key}.calls", round(scale * row["calls"])
        seconds = scale * row["own_seconds"]
        yield f"{key}.seconds", seconds
        yield f"{key}.share", seconds / total if total else 0.0
    yield f"{profile}.steps", int(frame["steps"].iloc[0])
    yield f"{profile}.scale", scale
    yield f"{profile}.seconds", total
    yield f"{profile}.functions", keys


def _operations(frame: pd.DataFrame) -> Pairs:
    if frame["status"].iloc[0] == "measured":
        profile = f"profile.{frame['backend'].iloc[0]}"
        seconds = frame["own_seconds"]
        yield f"{profile}.seconds", float(seconds.sum())
        for part, rows in (
            ("products", frame["kind"] == "products"),
            ("covered", ~frame["operation"].isin([OUTSIDE, WAITING])),
        ):
            yield f"{profile}.{part}", float(seconds[rows].sum() / seconds.sum())


def _verdicts(verdicts: Mapping[str, str]) -> dict[str, Any]:
    by_verdict: dict[str, list[str]] = {outcome: [] for outcome in OUTCOMES}
    for claim, verdict in verdicts.items():
        by_verdict[verdict].append(claim)
    return {"verdicts": list(by_verdict)} | {
        f"verdicts.{key}": by_verdict[key] for key in by_verdict
    }


def _record(provenance: Mapping[str, Any], runs: pd.DataFrame) -> Pairs:
    yield from _flat("machine", provenance)
    commit, *changed = provenance["commit"].split("-")
    yield "study.commit", commit
    yield "study.clean", not changed
    if "command" in provenance:
        yield "study.command", provenance["command"]
    yield "runs.trainings", len(runs)
    yield "runs.hours", float(runs["seconds"].sum() / 3600)
    yield "runs.first", runs["ended"].min()
    yield "runs.last", runs["ended"].max()


def _mean_and_std(key: str, measured: "pd.Series[float]") -> Pairs:
    yield f"{key}.mean", float(measured.mean(skipna=False))
    yield f"{key}.std", float(measured.std(skipna=False)) if len(measured) > 1 else None


def _flat(key: str, value: Any) -> Pairs:
    if isinstance(value, Mapping):
        yield key, list(value)
        for name, part in value.items():
            yield from _flat(f"{key}.{name}", part)
    else:
        yield key, list(value) if isinstance(value, tuple) else value


if __name__ == "__main__":
    run(report_values, globals())
