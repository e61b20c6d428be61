"""The results of the study at full scale that the project keeps, from which figures are redrawn."""

import shlex
from collections.abc import Mapping
from os.path import relpath
from pathlib import Path
from typing import Any

from planning.catalogue import laid_over
from planning.given import ConfigError, check_laid, read
from planning.runs import (
    EXPERIMENTS,
    experiment_runs,
    leave_out_experiments,
    planned_experiments,
)
from planning.validation import check

REFERENCE = "results/reference"
"""Folder of what is kept: measurements and a few images of a finished study, and its settings."""

REFERENCE_CONFIG, CONFIG = f"{REFERENCE}/config.yaml", "config/config.yaml"

FORMER_NAMES = {"marginal_likelihood": "likelihood"}
"""Keys and experiments that results kept before have by another name."""

RUNS = ("datasets", "architectures", "trainings", "experiments", "baselines")
"""Keys that tell which runs there are."""


def results_folder(config: Mapping[str, Any]) -> str:
    """Folder of the results that figures and tables are drawn from, and appear in."""
    return REFERENCE if config.get("results") == "reference" else "results"


def config_file(config: Mapping[str, Any]) -> str:
    """File of the settings under those of overlays and of the command line."""
    return REFERENCE_CONFIG if results_folder(config) == REFERENCE else CONFIG


def settle(config: dict[str, Any], given: Any = None) -> None:
    """Make of a configuration, in place, what the workflow runs with.

    What is null of optional experiments goes, and the rest is checked. The settings of the kept
    results are a record of what once ran: they are asked only whether figures can be drawn with
    them, and take from config/config.yaml what they lack for steps that do not run again.

    Parameters
    ----------
    config
        All that was given, laid over one another.
    given
        Snakemake's `ConfigSettings`, if it merged them.

    Raises
    ------
    ConfigError
        If this is not the folder of the project; if anything is wrong, as of
        `planning.validation.check`; if no figure can be drawn with the kept settings; or if a
        setting differs from those.
    """
    file = config_file(config)
    if not Path(file).exists():
        raise ConfigError(
            f"config: {Path.cwd()} has no {file}; expected Snakemake to run in the folder of the "
            "project, without --directory"
        )
    if given is not None:
        check_laid(config, given)
    if results_folder(config) == REFERENCE:
        _rename(config)
    leave_out_experiments(config)
    if results_folder(config) != REFERENCE:
        check(config)
        return
    kept = read(REFERENCE_CONFIG)
    _rename(kept)
    for key, value in config.items():
        if key not in ("results", "mirror") and value != kept.get(key):
            raise ConfigError(
                f"config: {key} differs from {REFERENCE_CONFIG}, with whose settings the kept "
                "results were made; expected results=reference without other settings"
            )
    try:
        for name in dict.fromkeys([*EXPERIMENTS, *planned_experiments(config)]):
            experiment_runs(config, name)
    except KeyError as error:
        raise ConfigError(
            f"config: {REFERENCE_CONFIG} has no {error.args[0]}; expected it, since figures are "
            "drawn from the runs that it tells"
        ) from error
    default = read(CONFIG)
    unseen = {key: value for key, value in default.items() if key not in RUNS}
    config.update(laid_over(unseen, config))


def command(given: Any) -> str:
    """Command line that asks for the study, from Snakemake's `ConfigSettings`."""
    words = ["snakemake"]
    if given.configfiles:
        words += ["--configfile", *map(relpath, given.configfiles)]
    # Where a machine has its copies of the data is no part of a study.
    settings = [word for word in given.config_args or [] if not word.startswith("mirror=")]
    return shlex.join([*words, *(["--config", *settings] if settings else [])])


def packed_evaluations(experiment: str) -> str:
    """File of an experiment's measurements among the kept results, by its name or a former one."""
    names = [experiment, FORMER_NAMES.get(experiment, experiment)]
    files = [f"{REFERENCE}/evaluations/{name}.csv.gz" for name in names]
    return next((file for file in files if Path(file).exists()), files[0])


def _rename(config: dict[str, Any]) -> None:
    """Give keys and experiments of kept settings the names that they have now, in place."""
    for mapping in (config, config.get("experiments", {})):
        for name, former in FORMER_NAMES.items():
            if former in mapping:
                mapping[name] = mapping.pop(former)
