"""The results of the study at full scale that the project keeps, from which figures are redrawn."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from planning.validation import ConfigError

REFERENCE = "results/reference"
"""Folder of what is kept: measurements and a few images of a finished study, and its settings."""

REFERENCE_CONFIG = f"{REFERENCE}/config.yaml"


def is_reference(config: Mapping[str, Any]) -> bool:
    """Whether a configuration asks for the results that are kept, in place of its own."""
    return config.get("results") == "reference"


def check_reference(config: Mapping[str, Any]) -> None:
    """Check that nothing but the kept results is asked for.

    Raises
    ------
    ConfigError
        If a setting differs from those that the kept results have, naming its key.
    """
    kept = yaml.safe_load(Path(REFERENCE_CONFIG).read_text(encoding="utf-8"))
    for key, value in config.items():
        if key not in ("results", "mirror") and value != kept.get(key):
            raise ConfigError(
                f"config: {key} differs from {REFERENCE_CONFIG}, with whose settings the kept "
                "results were made; expected results=reference without other settings"
            )
