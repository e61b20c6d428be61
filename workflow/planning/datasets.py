"""What the settings of datasets say before any data are read."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from snakemake.io import ancient

from planning import contents
from study.datasets import KINDS, module
from study.settings import choice

SCHEMA = {
    "description": "a mapping with a kind and the settings of that kind",
    "type": "object",
    **choice(
        "kind",
        {
            "description": "the kind of the dataset",
            "meaning": " ".join(
                f"`{kind}`: {str(module(kind).__doc__).splitlines()[0]}" for kind in KINDS
            ),
        },
        {kind: module(kind).SETTINGS for kind in KINDS},
    ),
}
"""JSON schema of a dataset."""


def input_dimension(dataset: Mapping[str, Any]) -> int | None:
    """Numbers in one image or network of a dataset with these settings; None if only files know."""
    return module(dataset["kind"]).input_dimension(dataset)


def training_items(dataset: Mapping[str, Any]) -> int | None:
    """Images or networks to train on in a dataset with these settings; None if only files know."""
    return module(dataset["kind"]).training_items(dataset)


def has_images(dataset: Mapping[str, Any]) -> bool:
    """Whether the numbers of an item are those of an image, with a height and a width."""
    return dataset.get("entries", "all") == "all"


def memory(dataset: Mapping[str, Any]) -> int:
    """Megabytes that preparing a dataset may take."""
    return getattr(module(dataset["kind"]), "MEMORY_MB", 500)


def source_name(dataset: Mapping[str, Any]) -> str:
    """Name in the catalogue of what a dataset is made of: its kind, if it does not say."""
    return dataset.get("source", dataset["kind"])


def raw_files(dataset: Mapping[str, Any]) -> dict[str, str]:
    """Files of the catalogue that a dataset is made of, by part; none if it is of another kind."""
    return getattr(module(dataset["kind"]), "RAW_FILES", {})


def files(dataset: Mapping[str, Any]) -> dict[str, str]:
    """Paths of what a dataset is made of, by part: a user's own files, or what is downloaded."""
    if own := _own_files(dataset):
        return {part: ancient(str(Path(path))) for part, path in own.items()}
    folder = f"results/downloads/{source_name(dataset)}"
    return {part: f"{folder}/{file}" for part, file in raw_files(dataset).items()}


def fingerprint(dataset: Mapping[str, Any]) -> str | None:
    """Digest of the contents of a user's own files, whatever their dates; None if it has none.

    Of a folder, all its files and those of its subfolders count.
    """
    own = [Path(path) for path in _own_files(dataset).values()]
    found = (each for path in own for each in (path, *path.glob("*"), *path.glob("*/*")))
    return contents.digest(file for file in found if file.is_file()) if own else None


def _own_files(dataset: Mapping[str, Any]) -> dict[str, str]:
    """Paths of a user's own files or folder, by part; none of another kind."""
    kind = module(dataset["kind"])
    return kind.own_files(dataset) if hasattr(kind, "own_files") else {}


def origin(dataset: Mapping[str, Any], catalogue: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a dataset's card that are its source's in the catalogue, if it is made of one."""
    if not raw_files(dataset):
        return {}
    source = catalogue[source_name(dataset)]
    checksums = {name: file["sha256"] for name, file in source["files"].items()}
    return {key: source[key] for key in ("source", "licence", "citation")} | {
        "raw_files": checksums
    }


def community_sizes(dataset: Mapping[str, Any]) -> list[int]:
    """Nodes of each community of the structure `community`; none if there is no such structure."""
    return dataset["structures"].get("community", {}).get("parameters", {}).get("sizes", [])
