"""Checks of the configuration, each failure one sentence about one key.

The schema says which keys and values there may be; this module words what it finds, and checks what
a schema cannot see: names that refer to another part of the configuration, and sizes that depend on
one another.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cache
from itertools import product
from math import isfinite
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from planning import drawable
from planning.catalogue import load_catalogue
from planning.datasets import (
    has_images,
    input_dimension,
    raw_files,
    source_name,
    training_items,
)
from planning.given import ConfigError
from planning.runs import experiment_lists, has_filters
from planning.schema import CATALOGUE, CONFIG, load_schema
from study.datasets import module
from study.models import BASELINES
from vae.architecture import NETWORKS
from vae.backends import refusals
from vae.names import nearest

PROTOCOLS = {
    "networks_published": ("published",),
    "networks_like_for_like": ("like_for_like",),
    "networks_upper_triangle": ("like_for_like",),
    "networks_as_written": ("published", "like_for_like"),
}
"""The experiments on networks, and the protocols that their datasets may have."""

TYPING_ERROR = 0.6
"""How like a name must be to the one that was meant, from 0 to 1."""


def check(config: Mapping[str, Any]) -> None:
    """Check a configuration, and the data catalogue with the configuration's sources laid over it.

    Raises
    ------
    ConfigError
        If anything is wrong, naming for each problem the key by its dotted path, what was expected
        and the nearest valid name.
    """
    sentences = _schema_checks(CONFIG, config)
    if not sentences:
        catalogue = load_catalogue(config.get("sources", {}))
        sentences = _schema_checks(CATALOGUE, catalogue, "sources")
    if not sentences:
        sentences = list(dict.fromkeys(_cross_checks(config, catalogue)))
    if not sentences:
        sentences = list(drawable.problems(config))
    if sentences:
        raise ConfigError("\n".join(f"config: {sentence}" for sentence in sentences))


# What the schemas find, in words


def _schema_checks(schema: Path, config: Any, *root: str) -> list[str]:
    """Sentences on what a schema finds in a part of the configuration that lies at `root`."""
    validator = _validator(schema)
    errors = sorted(validator.iter_errors(config), key=lambda error: _position(config, error))
    sentences = (
        sentence for error in errors for sentence in _sentences(validator, config, error, root)
    )
    return list(dict.fromkeys(sentences))


@cache
def _validator(schema: Path) -> Any:
    """Validator that takes 100.0 for no whole number, and infinity and NaN for no number."""
    types = Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer)
    types = types.redefine("number", _is_number)
    validator = extend(Draft202012Validator, {"pattern": _matches_whole}, type_checker=types)
    return validator(load_schema(schema))


def _matches_whole(_: Any, pattern: str, value: Any, schema: Any) -> Iterator[ValidationError]:
    """Hold a pattern against all of a text, a line break at its end included."""
    if isinstance(value, str) and not re.fullmatch(pattern, value):
        yield ValidationError(f"{value!r} does not match {pattern!r}")


def _is_integer(_: Any, value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(_: Any, value: Any) -> bool:
    return _is_integer(_, value) or (isinstance(value, float) and isfinite(value))


def _position(config: Any, error: ValidationError) -> list[Any]:
    """Where the error lies in the configuration, as indices that sort in the order of its keys."""
    position = []
    for step in error.absolute_path:
        position.append(list(config).index(step) if isinstance(config, Mapping) else step)
        config = config[step]
    return position


def _keys(config: Any, error: ValidationError) -> list[str]:
    """Mapping keys on the way to the error, without the place in a list at the end."""
    keys = []
    for step in error.absolute_path:
        if isinstance(config, Mapping):
            keys.append(printable(step))
        config = config[step]
    return keys


def _sentences(
    validator: Any, config: Any, error: ValidationError, root: Sequence[str]
) -> Iterator[str]:
    schema: Any = error.schema
    value: Any = error.instance
    keys = [*root, *_keys(config, error)]
    path = ".".join(keys) or "the configuration"
    in_list = len(keys) < len(root) + len(error.absolute_path)
    found = f"{path} {'has the entry' if in_list else 'is'} {_shown(value)}"
    match error.validator:
        case "additionalProperties":
            for key in _unknown_keys(value, schema):
                yield f"{_join(keys, key)} is not a key; {_did_you_mean(key, schema['properties'])}"
        case "required":
            for key in _missing_keys(value, schema):
                expected = _expected(validator, schema["properties"][key])
                yield f"{_join(keys, key)} is missing; expected {expected}"
        case _ if "propertyNames" in error.absolute_schema_path:
            yield f"{_join(keys, value)} has a wrong name; expected {schema['description']}"
        case "uniqueItems":
            for item in _repeated(value):
                yield f"{path} has the entry {_shown(item)} twice; expected {schema['description']}"
        case "enum":
            yield f"{found}; expected {one_of(schema['enum'], value)}"
        case _:
            hint = _number_hint(validator, value, schema)
            yield f"{found}; expected {schema['description']}{hint}"


def _unknown_keys(value: Mapping[Any, Any], schema: Mapping[str, Any]) -> list[Any]:
    return [key for key in value if key not in schema["properties"]]


def _missing_keys(value: Mapping[Any, Any], schema: Mapping[str, Any]) -> list[str]:
    """Required keys that are absent, but for those that an unknown key seems to stand for."""
    meant = set()
    if schema.get("additionalProperties") is False:
        unknown = _unknown_keys(value, schema)
        meant = {nearest(key, schema["properties"], TYPING_ERROR) for key in unknown}
    return [key for key in schema["required"] if key not in value and key not in meant]


def _expected(validator: Any, schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        schema = validator.schema["$defs"][schema["$ref"].removeprefix("#/$defs/")]
    return one_of(schema["enum"]) if "enum" in schema else schema["description"]


def _repeated(items: Iterable[Any]) -> list[Any]:
    counts = Counter(json.dumps(item, default=str) for item in items)
    return [json.loads(item) for item, count in counts.items() if count > 1]


def _number_hint(validator: Any, value: Any, schema: Mapping[str, Any]) -> str:
    """How to write a number that YAML reads as text, such as 1e-3."""
    if not isinstance(value, str):
        return ""
    try:
        number = float(value)
    except ValueError:
        return ""
    number = int(number) if number.is_integer() else number
    valid = validator.evolve(schema=schema).is_valid(number)
    return f", written {Decimal(value):f}" if valid else ""


def _shown(value: Any) -> str:
    match value:
        case None:
            return "null (nothing is given)"
        case Mapping():
            return "a mapping" if value else "an empty mapping"
        case []:
            return "an empty list"
        case float() if not isfinite(value):
            return str(value)
        case _:
            text = _one_line(value)
            return text if len(text) <= 60 else f"{text[:57]}..."


def _one_line(value: Any) -> str:
    """Value as JSON, all of it to be seen."""
    text = json.dumps(value, default=str, ensure_ascii=False)
    return text if text.isprintable() else json.dumps(value, default=str)


def printable(key: Any) -> str:
    """Key of a mapping, in quotes if it could not be seen as it is."""
    text = str(key)
    return text if text.isprintable() else _one_line(text)


def _join(keys: Sequence[str], key: Any) -> str:
    return ".".join([*keys, printable(key)])


def _did_you_mean(name: Any, known: Iterable[str]) -> str:
    meant = nearest(name, known, TYPING_ERROR)
    return f"did you mean {meant}?" if meant else f"expected {one_of(known)}"


def one_of(known: Iterable[str], name: Any = None) -> str:
    """Name what is known, and the nearest to a name that is not."""
    meant = nearest(name, known, TYPING_ERROR)
    return f"one of {', '.join(known)}" + (f"; the nearest is {meant}" if meant else "")


# What a schema cannot see


def _cross_checks(config: Mapping[str, Any], catalogue: Mapping[str, Any]) -> Iterator[str]:
    for name, dataset in config["datasets"].items():
        yield from _source(f"datasets.{name}", dataset, catalogue)
        if problems := getattr(module(dataset["kind"]), "problems", None):
            yield from problems(f"datasets.{name}", dataset)
    for name, architecture in config["architectures"].items():
        yield from _architecture(name, architecture)
    for name in config["experiments"]:
        yield from _references(config, name)
        yield from _sizes(config, name)
        yield from _backends(config, name)
        if name == "marginal_likelihood":
            yield from _marginal_likelihood(config)
        if name in PROTOCOLS:
            yield from _protocol(config, name, PROTOCOLS[name])
    yield from _baselines(config)
    benchmark = config["benchmark"]
    if benchmark["latent_dimension"] >= benchmark["input_dimension"]:
        yield (
            f"benchmark.latent_dimension is {benchmark['latent_dimension']}; expected less than "
            f"benchmark.input_dimension, which is {benchmark['input_dimension']}"
        )
    for size in benchmark["cost"]["latent_dimensions"]:
        if size >= benchmark["input_dimension"]:
            yield (
                f"benchmark.cost.latent_dimensions has the entry {size}; expected less than "
                f"benchmark.input_dimension, which is {benchmark['input_dimension']}"
            )


def run_problems(config: Mapping[str, Any], run: Mapping[str, str]) -> Iterator[str]:
    """Sizes and backends that do not go together in a run.

    Parameters
    ----------
    config
        The configuration, checked.
    run
        Fields of `planning.runs.Run` as text, their names those of the configuration.
    """
    numbers = {key: int(text) if text.isdigit() else text for key, text in run.items()}
    lists = {f"{key}s": [value] for key, value in numbers.items()}
    lists = {key: [] for key in config["experiments"]["comparison"]} | lists
    asked = {**config, "experiments": {"run": lists}}
    for sentence in (*_sizes(asked, "run"), *_backends(asked, "run")):
        yield sentence.removeprefix("experiments.run.")


def _source(path: str, dataset: Mapping[str, Any], catalogue: Mapping[str, Any]) -> Iterator[str]:
    """A source that the catalogue lacks, or lacks a file of."""
    files = raw_files(dataset)
    source = source_name(dataset)
    if files and source not in catalogue:
        known = one_of(catalogue, source)
        yield f"{path}.source: {_shown(source)} is not a source; expected {known}"
        return
    for file in files.values():
        if file not in catalogue[source]["files"]:
            yield f"sources.{source}.files.{file} is missing; expected it, since {path} needs it"


def _architecture(name: str, architecture: Mapping[str, Any]) -> Iterator[str]:
    if name in NETWORKS:
        yield (
            f"architectures.{name} has the name of one of the library's own architectures; "
            f"expected a name other than {', '.join(NETWORKS)}"
        )
    if architecture.get("squash_mean") and architecture["likelihood"] != "gaussian":
        yield (
            f"architectures.{name}.squash_mean is true; expected it only where "
            f"architectures.{name}.likelihood is gaussian, which is {architecture['likelihood']}"
        )
    for key in ("kernel", "graph_convolutions"):
        if architecture.get(key) and not has_filters(architecture):
            yield (
                f"architectures.{name}.{key} is {_shown(architecture[key])}; expected it only "
                "beside encoder_filters or decoder_filters"
            )
    if architecture.get("graph_convolutions") and "kernel" in architecture:
        yield (
            f"architectures.{name}.kernel is {architecture['kernel']}; expected none where "
            f"architectures.{name}.graph_convolutions is true"
        )


def _lists(
    config: Mapping[str, Any], name: str
) -> Iterator[tuple[Mapping[str, Any], dict[str, str]]]:
    """Lists of an experiment and of each entry of its `also`, with the path of every key."""
    base = f"experiments.{name}"
    own = [("", {}), *config["experiments"][name].get("also", {}).items()]
    for (entry, changed), lists in zip(own, experiment_lists(config, name), strict=True):
        paths = {key: f"{base}.{key}" for key in lists}
        yield lists, paths | {key: f"{base}.also.{entry}.{key}" for key in changed}


def _baselines(config: Mapping[str, Any]) -> Iterator[str]:
    """Baselines that are no models, and settings that a model does not take."""
    known = [name for name in BASELINES if name not in config["boltzmann_machines"]]
    for name, settings in config.get("baselines", {}).items():
        if name not in known:
            yield f"baselines.{printable(name)} is not a model; expected {one_of(known, name)}"
            continue
        for key in settings:
            if key not in BASELINES[name].takes:
                expected = one_of(BASELINES[name].takes, key) if BASELINES[name].takes else "none"
                path = _join(["baselines", name], key)
                yield f"{path} is not a setting of the model; expected {expected}"


def _references(config: Mapping[str, Any], experiment: str) -> Iterator[str]:
    known = {
        "datasets": ("a dataset", [*config["datasets"]]),
        "architectures": ("an architecture", [*NETWORKS, *config["architectures"]]),
        "trainings": ("a training", [*config["trainings"]]),
    }
    for lists, paths in _lists(config, experiment):
        for key, (noun, names) in known.items():
            for name in lists[key]:
                if name not in names:
                    expected = one_of(names, name)
                    yield f"{paths[key]}: {_shown(name)} is not {noun}; expected {expected}"


def _sizes(config: Mapping[str, Any], name: str) -> Iterator[str]:
    for lists, paths in _lists(config, name):
        for dataset in lists["datasets"]:
            if dataset not in config["datasets"]:
                continue
            pixels = input_dimension(config["datasets"][dataset])
            items = training_items(config["datasets"][dataset])
            for architecture in lists["architectures"]:
                filters = has_filters(config["architectures"].get(architecture, {}))
                if filters and not has_images(config["datasets"][dataset]):
                    yield (
                        f"{paths['architectures']} has the entry {architecture}; expected one "
                        f"without filters, since the items of {dataset} are no images"
                    )
            for size in lists["latent_dimensions"]:
                if pixels is not None and size >= pixels:
                    yield (
                        f"{paths['latent_dimensions']} has the entry {size}; expected less "
                        f"than {pixels}, the input dimension of {dataset}"
                    )
            for size in lists["train_sizes"]:
                if size != "all" and items is not None and size > items:
                    yield (
                        f"{paths['train_sizes']} has the entry {size}; expected at most "
                        f"{items}, the training items of {dataset}, or all"
                    )
            if items is None and "all" in lists["train_sizes"] and _in_updates(lists["epochs"]):
                yield (
                    f"{paths['epochs']} counts in updates; expected numbers in "
                    f"{paths['train_sizes']}, since only the files of {dataset} tell how many "
                    "items it has"
                )


def _in_updates(epochs: Sequence[int | Mapping[str, int]]) -> bool:
    return any(isinstance(length, Mapping) for length in epochs)


def _protocol(
    config: Mapping[str, Any], experiment: str, protocols: Sequence[str]
) -> Iterator[str]:
    triangle = experiment == "networks_upper_triangle"
    for lists, paths in _lists(config, experiment):
        for name in lists["datasets"]:
            dataset = config["datasets"].get(name)
            if dataset and (
                dataset.get("protocol") not in protocols or (triangle and has_images(dataset))
            ):
                yield (
                    f"{paths['datasets']} has the entry {name}; expected datasets of "
                    f"kind networks and protocol {' or '.join(protocols)}"
                    + (", whose entries are upper_triangle" if triangle else "")
                )


def _marginal_likelihood(config: Mapping[str, Any]) -> Iterator[str]:
    """An experiment on likelihoods that lacks settings, or whose images have no probability."""
    if "marginal_likelihood" not in config:
        yield (
            "marginal_likelihood is missing; expected it, since experiments.marginal_likelihood "
            "needs its settings"
        )
    compared = config["experiments"]["comparison"]
    for lists, paths in _lists(config, "marginal_likelihood"):
        for key in ("datasets", "train_sizes"):
            if lists[key] != compared[key]:
                yield (
                    f"{paths[key]} is {_shown(lists[key])}; expected "
                    f"{_shown(compared[key])}, that of experiments.comparison, whose Boltzmann "
                    "machines are compared"
                )
        for training in lists["trainings"]:
            settings = config["trainings"].get(training, {})
            if settings and "binarisation" not in settings:
                yield (
                    f"{paths['trainings']} has the entry {training}; expected trainings with a "
                    "binarisation, since grey images have no probability"
                )
        for architecture in lists["architectures"]:
            settings = config["architectures"].get(architecture, {})
            if settings.get("likelihood", "bernoulli") != "bernoulli":
                yield (
                    f"{paths['architectures']} has the entry {architecture}; expected "
                    "architectures of a bernoulli likelihood"
                )


def _backends(config: Mapping[str, Any], experiment: str) -> Iterator[str]:
    """Backends of an experiment that cannot do one of its trainings on one of its architectures."""
    for lists, paths in _lists(config, experiment):
        for backend, architecture, training in product(
            lists["backends"], lists["architectures"], lists["trainings"]
        ):
            network = config["architectures"].get(architecture, {})
            settings = config["trainings"].get(training, {})
            for refusal in refusals(
                backend,
                filters=has_filters(network),
                likelihood=network.get("likelihood", "bernoulli"),
                optimizer=settings.get("optimizer", "adam"),
                samples=settings.get("samples", 1),
                algorithm=settings.get("algorithm", "aevb"),
            ):
                yield (
                    f"{paths['backends']} has the entry {backend}, which {refusal} "
                    f"(architecture {architecture}, training {training})"
                )
