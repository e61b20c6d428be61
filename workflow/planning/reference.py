"""The results of the study at full scale that the project keeps, from which figures are redrawn."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from planning.validation import ConfigError, check

REFERENCE = "results/reference"
"""Folder of what is kept: measurements and a few images of a finished study, and its settings."""

REFERENCE_CONFIG = f"{REFERENCE}/config.yaml"


def results_folder(config: Mapping[str, Any]) -> str:
    """Folder of the results that figures and tables are drawn from, and appear in."""
    return REFERENCE if config.get("results") == "reference" else "results"


def config_file(config: Mapping[str, Any]) -> str:
    """File of the settings under those of overlays and of the command line."""
    return REFERENCE_CONFIG if results_folder(config) == REFERENCE else "config/config.yaml"


def check_settings(config: Mapping[str, Any]) -> None:
    """Check a configuration, and that of the kept results nothing else is asked than what they are.

    Raises
    ------
    ConfigError
        If anything is wrong, as of `planning.validation.check`, or if a setting differs from those
        of the kept results.
    """
    check(config)
    if results_folder(config) == REFERENCE:
        kept = yaml.safe_load(Path(REFERENCE_CONFIG).read_text(encoding="utf-8"))
        for key, value in config.items():
            if key not in ("results", "mirror") and value != kept.get(key):
                raise ConfigError(
                    f"config: {key} differs from {REFERENCE_CONFIG}, with whose settings the kept "
                    "results were made; expected results=reference without other settings"
                )
