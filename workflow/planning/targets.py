"""Checks of what a command line asks for: rules, files, and the runs that files' paths name."""

import re
import sys
from collections.abc import Iterator, Mapping
from itertools import chain
from os.path import exists, relpath
from typing import Any

from planning.runs import (
    BASELINE_PATTERN,
    RUN_PATTERN,
    WILDCARD_CONSTRAINTS,
    compared_families,
)
from planning.validation import TYPING_ERROR, one_of, printable, run_problems
from study.models import BASELINES
from vae.architecture import NETWORKS
from vae.backends import BACKENDS
from vae.names import nearest

RUNS = [
    re.compile("results/" + re.sub(r"{(\w+)}", r"(?P<\1>[^/]*)", pattern) + "/")
    for pattern in (RUN_PATTERN, BASELINE_PATTERN)
]
"""Paths within the folders of runs, whatever stands for names and numbers."""


def check_targets(workflow: Any, config: Mapping[str, Any]) -> None:
    """Check what the command line asks for, once Snakemake plans: it tells the workflow only then.

    A target ends the program with a sentence if it is no rule and no file that there is or that a
    rule gives, or is a file of a run that names something unknown or that could not be trained.

    Parameters
    ----------
    workflow
        Snakemake's, with all its rules.
    config
        The configuration, checked.
    """
    prepare = workflow._prepare_dag

    def checked(*arguments: Any, **settings: Any) -> None:
        sentences = [
            f"{printable(target)}: {sentence}"
            for target in _asked(workflow)
            for sentence in _problems(workflow, config, target and relpath(target))
        ]
        if sentences:
            sys.exit("\n".join(sentences))
        prepare(*arguments, **settings)

    workflow._prepare_dag = checked


def _asked(workflow: Any) -> list[str]:
    """What targets, and options that take targets, have in them beside the names of rules."""
    settings = workflow.dag_settings
    asked = chain(settings.targets, settings.forcerun, settings.until, settings.omit_from)
    return sorted({*asked} - {rule.name for rule in workflow.rules})


def _problems(workflow: Any, config: Mapping[str, Any], path: str) -> Iterator[str]:
    run = next((found.groupdict() for pattern in RUNS if (found := pattern.match(path))), None)
    unknown = list(_unknown(config, run)) if run else []
    if unknown:
        yield from unknown
    elif not exists(path) and not any(rule.is_producer(path) for rule in workflow.rules):
        files = chain.from_iterable((*rule.input, *rule.output) for rule in workflow.rules)
        known = [rule.name for rule in workflow.rules]
        known += [file for file in files if isinstance(file, str) and "{" not in file]
        meant = nearest(path, dict.fromkeys(known), TYPING_ERROR)
        yield "expected a rule, or a file that one gives" + (
            f"; the nearest is {meant}" if meant else ""
        )
    elif run:
        yield from run_problems(config, run)


def _unknown(config: Mapping[str, Any], run: Mapping[str, str]) -> Iterator[str]:
    """Names that the configuration has not, and numbers that are none."""
    known = {
        "dataset": [*config["datasets"]],
        "architecture": [*NETWORKS, *config["architectures"]],
        "training": [*config["trainings"]],
        "backend": BACKENDS,
        "family": [name for name in compared_families(config) if name in BASELINES],
    }
    for field, text in run.items():
        if field in known and text not in known[field]:
            yield f'the {field} "{text}" is unknown; expected {one_of(known[field], text)}'
        elif field not in known and not re.fullmatch(WILDCARD_CONSTRAINTS[field], text):
            numbers = f"a whole number from {0 if field == 'seed' else 1} to 999999999"
            numbers += ", or all" if field == "train_size" else ""
            yield f'the {field} is "{text}"; expected {numbers}'
