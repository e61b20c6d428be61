"""The data catalogue: what raw files there are, where, and how to know them."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from planning.given import read

CATALOGUE = Path(__file__).parents[2] / "config" / "datasets.yaml"


def load_catalogue(sources: Mapping[str, Any]) -> dict[str, Any]:
    """Read config/datasets.yaml and lay a configuration's sources over it, key by key."""
    return laid_over(read(CATALOGUE), sources)


def pass_on_mirror(config: Mapping[str, Any]) -> None:
    """Name the configuration's mirror to the jobs, over the one that the environment may name.

    Not a param of theirs, since another mirror would then bring the same files again.
    """
    if "mirror" in config:
        os.environ["VAE_DATA_MIRROR"] = config["mirror"]


def laid_over(base: Mapping[str, Any], overlay: Mapping[str, Any]) -> dict[str, Any]:
    """Merge two mappings key by key, at every depth; where both have a value, the overlay's."""
    merged = dict(base)
    for key, value in overlay.items():
        below = base.get(key)
        if isinstance(value, Mapping) and isinstance(below, Mapping):
            value = laid_over(below, value)
        merged[key] = value
    return merged


def file_pattern(catalogue: Mapping[str, Any]) -> str:
    """Regular expression of the names of all files in the catalogue."""
    names = {name for source in catalogue.values() for name in source["files"]}
    return "|".join(re.escape(name) for name in sorted(names))
