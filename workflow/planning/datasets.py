"""What the settings of datasets say before any data are read."""

from collections.abc import Mapping
from typing import Any

DIGITS = (178, 182, 177, 183, 181, 182, 181, 179, 174, 180)
"""Images of each digit, 0 to 9, in scikit-learn's digits."""

DIGIT_PIXELS = 64


def input_dimension(dataset: Mapping[str, Any]) -> int:
    """Numbers in one image or network of a dataset with these settings."""
    match dataset["kind"]:
        case "digits":
            return DIGIT_PIXELS
        case "photo_patches":
            return dataset["patch"] ** 2 * {"grey": 1, "rgb": 3}[dataset["colour"]]
        case "networks":
            return dataset["nodes"] ** 2
        case kind:
            raise ValueError(f"no input dimension is known for datasets of kind {kind}")


def training_items(dataset: Mapping[str, Any]) -> int:
    """Images or networks to train on in a dataset with these settings."""
    match dataset["kind"]:
        case "digits":
            return sum(digits - round(digits * dataset["test_fraction"]) for digits in DIGITS)
        case "photo_patches":
            return dataset["train"]
        case "networks":
            graphs = dataset["graphs"]
            if dataset["protocol"] == "like_for_like":
                graphs -= round(graphs * dataset["test_fraction"])
            return len(dataset["structures"]) * graphs
        case kind:
            raise ValueError(f"no training size is known for datasets of kind {kind}")


def names_of_kind(config: Mapping[str, Any], kind: str) -> str:
    """Regular expression of the names of the datasets of a kind; it matches nothing if none is."""
    names = [name for name, dataset in config["datasets"].items() if dataset["kind"] == kind]
    return "|".join(names) or "(?!)"


def community_sizes(dataset: Mapping[str, Any]) -> list[int]:
    """Nodes of each community of a dataset of networks; none if no structure has communities."""
    return [
        size
        for structure in dataset["structures"].values()
        for size in structure["parameters"].get("sizes", [])
    ]
