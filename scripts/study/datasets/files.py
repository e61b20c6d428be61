"""Images of your own: idx files, an npz, or a folder of pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from study.datasets._images import image_files
from study.settings import choice, shared

if TYPE_CHECKING:
    import numpy as np

    from study.dataset import Dataset

IDX = {
    "train_images": "Images to train on, in a file that is plain or gzip, as all four.",
    "train_labels": "Their classes.",
    "test_images": "Images to test on, in place of a `test_fraction`.",
    "test_labels": "Their classes, just where there are `train_labels` and `test_images`.",
}
"""Keys of idx files, and what each file holds."""

COMMON = {
    "test_fraction": shared("fraction", "The part of each class held out."),
    "licence": shared("text", "For the data card."),
    "citation": shared("text", "For the data card."),
}

SETTINGS = choice(
    "format",
    {"description": "the format of the files", "meaning": "Of the files."},
    {
        "idx": {
            "required": ["train_images"],
            "properties": {key: shared("path", meaning) for key, meaning in IDX.items()} | COMMON,
        },
        "npz": {
            "required": ["path"],
            "properties": {
                "path": shared(
                    "path",
                    "The file, with `x_train` and `x_test` (and `y_train`, `y_test`), or with `x` "
                    "(and `y`), which a `test_fraction` parts.",
                ),
                **COMMON,
            },
        },
        "images": {
            "required": ["path", "colour", "test_fraction"],
            "properties": {
                "path": shared(
                    "path",
                    "The folder. If it has subfolders, each is a class; all images have one size.",
                ),
                "colour": shared("colour", "What images are converted to."),
                **COMMON,
            },
        },
    },
)
MEMORY_MB = 4000


def input_dimension(settings: Mapping[str, Any]) -> None:
    """Only the files know."""


def training_items(settings: Mapping[str, Any]) -> None:
    """Only the files know."""


def own_files(settings: Mapping[str, Any]) -> dict[str, str | list[str]]:
    """Paths of the files; of a folder, those of every image in it."""
    if settings["format"] == "images":
        return {"images": [str(path) for path in image_files(Path(settings["path"]))]}
    return {key: path for key, path in settings.items() if key in ("path", *IDX)}


def problems(path: str, settings: Mapping[str, Any]) -> Iterator[str]:
    """Files that are not there, and keys that do not go together."""
    if settings["format"] == "images":
        folder = Path(settings["path"])
        if not folder.is_dir():
            yield f'{path}.path is "{folder}"; expected a folder that exists'
        elif not own_files(settings)["images"]:
            yield f'{path}.path is "{folder}"; expected a folder with images in it'
        return
    for key, file in own_files(settings).items():
        if not Path(str(file)).is_file():
            yield f'{path}.{key} is "{file}"; expected a file that exists'
    if settings["format"] == "idx":
        if ("test_images" in settings) == ("test_fraction" in settings):
            yield f"{path} is a mapping; expected either test_images or test_fraction in it"
        both = "train_labels" in settings and "test_images" in settings
        if ("test_labels" in settings) != both:
            yield (
                f"{path} is a mapping; expected test_labels in it just where there are "
                "train_labels and test_images"
            )


def prepare(
    settings: Mapping[str, Any], files: Mapping[str, Any], rng: np.random.Generator
) -> tuple[Dataset, dict[str, Any]]:
    """Return the files' images, and what is known of them.

    Raises
    ------
    ValueError
        If a file is truncated or malformed, or the images do not go together.
    """
    from study.datasets._idx import read_idx_images
    from study.datasets._images import read_images
    from study.datasets._npz import read_npz
    from study.datasets._own import own_dataset

    test_fraction = settings.get("test_fraction")
    if settings["format"] == "npz":
        dataset = read_npz(files["path"], test_fraction, rng)
    elif settings["format"] == "images":
        train = read_images(files["images"], Path(settings["path"]), settings["colour"])
        dataset = own_dataset(train, test_fraction=test_fraction, rng=rng)
    else:
        train = read_idx_images(files["train_images"], files.get("train_labels"))
        test = None
        if "test_images" in files:
            test = read_idx_images(files["test_images"], files.get("test_labels"))
        dataset = own_dataset(train, test, test_fraction=test_fraction, rng=rng)
    names = [Path(settings[key]).name for key in ("path", *IDX) if key in settings]
    return dataset, {
        "split": (
            f"{test_fraction:.4g} of each class held out, drawn at random"
            if test_fraction
            else "as the files have it"
        ),
        "source": f"own files: {', '.join(names)}",
        "licence": settings.get("licence", "not stated"),
        "citation": settings.get("citation", "not stated"),
    }
