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
    from study.datasets._own import Images

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


def own_files(settings: Mapping[str, Any]) -> dict[str, str]:
    """Paths of the files, or of the folder."""
    return {key: path for key, path in settings.items() if key in ("path", *IDX)}


def problems(path: str, settings: Mapping[str, Any]) -> Iterator[str]:
    """Files that are not there, and keys that do not go together."""
    for key, file in own_files(settings).items():
        if set(file) & {"{", "}"}:
            yield f'{path}.{key} is "{file}"; expected a path without braces'
    if settings["format"] == "images":
        folder = Path(settings["path"])
        if not folder.is_dir():
            yield f'{path}.path is "{folder}"; expected a folder that exists'
        elif not image_files(folder):
            yield f'{path}.path is "{folder}"; expected a folder with images in it'
        return
    for key, file in own_files(settings).items():
        if not Path(file).is_file():
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
    from study.datasets._own import own_dataset

    test_fraction = settings.get("test_fraction")
    train, test, counts = _read(settings["format"], files, settings.get("colour", ""))
    first = next(iter(files.values()))
    try:
        dataset = own_dataset(train, test, test_fraction=test_fraction, rng=rng)
    except ValueError as error:
        raise ValueError(f"{first}: {error}") from error
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
    } | ({"reading": counts} if counts else {})


def _read(
    form: str, files: Mapping[str, Path], colour: str
) -> tuple[Images, Images | None, dict[str, int]]:
    """Images to train on, those to test on if there are such, and what is to be said of reading."""
    from study.datasets._idx import read_idx_images
    from study.datasets._images import read_images
    from study.datasets._npz import read_npz

    if form == "npz":
        return *read_npz(files["path"]), {}
    if form == "images":
        images, counts = read_images(files["path"], colour)
        return images, None, counts
    train = read_idx_images(files["train_images"], files.get("train_labels"))
    if "test_images" not in files:
        return train, None, {}
    return train, read_idx_images(files["test_images"], files.get("test_labels")), {}
