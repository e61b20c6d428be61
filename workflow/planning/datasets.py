"""What the settings of datasets say before any data are read."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from study.datasets.images import image_files

DIGITS = (178, 182, 177, 183, 181, 182, 181, 179, 174, 180)
"""Images of each digit, 0 to 9, in scikit-learn's digits."""

DIGIT_PIXELS = 64

MNIST_ITEMS, MNIST_PIXELS = 60_000, 28 * 28
FREY_FACE_FRAMES, FREY_FACE_PIXELS = 1965, 28 * 20
CIFAR10_ITEMS, CIFAR10_PIXELS = 50_000, 32 * 32

CHANNELS = {"grey": 1, "rgb": 3}

RAW_FILES = {
    "mnist": {
        "train_images": "train-images-idx3-ubyte.gz",
        "train_labels": "train-labels-idx1-ubyte.gz",
        "test_images": "t10k-images-idx3-ubyte.gz",
        "test_labels": "t10k-labels-idx1-ubyte.gz",
    },
    "frey_face": {"film": "frey_rawface.mat"},
    "cifar10": {"archive": "cifar-10-binary.tar.gz"},
}
"""Kinds of datasets that are made of files of the catalogue, with the files' parts and names."""

OWN_PATHS = {
    "idx": ("train_images", "train_labels", "test_images", "test_labels"),
    "npz": ("path",),
    "images": ("path",),
}
"""Formats of a user's own files, with the keys that are paths."""


def input_dimension(dataset: Mapping[str, Any]) -> int | None:
    """Numbers in one image or network of a dataset with these settings; None if only files know."""
    match dataset["kind"]:
        case "digits":
            return DIGIT_PIXELS
        case "photo_patches":
            return dataset["patch"] ** 2 * CHANNELS[dataset["colour"]]
        case "networks":
            return dataset["nodes"] ** 2
        case "mnist":
            return MNIST_PIXELS
        case "frey_face":
            return FREY_FACE_PIXELS
        case "cifar10":
            return CIFAR10_PIXELS * CHANNELS[dataset["colour"]]
        case "files":
            return None
        case kind:
            raise ValueError(f"no input dimension is known for datasets of kind {kind}")


def training_items(dataset: Mapping[str, Any]) -> int | None:
    """Images or networks to train on in a dataset with these settings; None if only files know."""
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
        case "mnist":
            return MNIST_ITEMS
        case "frey_face":
            return FREY_FACE_FRAMES - dataset["test"]
        case "cifar10":
            return CIFAR10_ITEMS
        case "files":
            return None
        case kind:
            raise ValueError(f"no training size is known for datasets of kind {kind}")


def names_of_kind(config: Mapping[str, Any], kind: str, **settings: str) -> str:
    """Regular expression of the names of the datasets of a kind; it matches nothing if none is.

    Settings, such as format="idx", must be theirs as well.
    """
    wanted = {"kind": kind, **settings}.items()
    names = [name for name, dataset in config["datasets"].items() if wanted <= dataset.items()]
    return "|".join(names) or "(?!)"


def source_name(dataset: Mapping[str, Any]) -> str:
    """Name in the catalogue of what a dataset is made of: its kind, if it does not say."""
    return dataset.get("source", dataset["kind"])


def raw_files(dataset: Mapping[str, Any]) -> dict[str, str]:
    """Files of the catalogue that a dataset is made of, by part; none if it is of another kind."""
    return RAW_FILES.get(dataset["kind"], {})


def downloads(dataset: Mapping[str, Any]) -> dict[str, str]:
    """Where those files lie once they are downloaded, by part."""
    folder = f"results/downloads/{source_name(dataset)}"
    return {part: f"{folder}/{file}" for part, file in raw_files(dataset).items()}


def own_paths(dataset: Mapping[str, Any]) -> dict[str, str]:
    """Paths in the settings of a dataset of a user's own files, by key."""
    return {key: dataset[key] for key in OWN_PATHS[dataset["format"]] if key in dataset}


def own_images(dataset: Mapping[str, Any]) -> list[str]:
    """Every file of a user's own folder of images."""
    return [str(path) for path in image_files(Path(dataset["path"]))]


def community_sizes(dataset: Mapping[str, Any]) -> list[int]:
    """Nodes of each community of a dataset of networks; none if no structure has communities."""
    return [
        size
        for structure in dataset["structures"].values()
        for size in structure["parameters"].get("sizes", [])
    ]
