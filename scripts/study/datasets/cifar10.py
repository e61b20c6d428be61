"""Photographs of 32 x 32 pixels: CIFAR-10, in its binary version, which holds no pickles."""

from __future__ import annotations

import tarfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from study.datasets._colours import CHANNELS
from study.reading import reading, unpacked
from study.settings import shared
from vae.names import require_known

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from study.dataset import Dataset

SETTINGS = {
    "required": ["colour", "source"],
    "properties": {
        "colour": shared("colour", "`grey` is the mean of the channels, rounded to a grey level."),
        "source": shared("name", "What it is made of, a name in the data catalogue."),
    },
}
MEMORY_MB = 2500
RAW_FILES = {"archive": "cifar-10-binary.tar.gz"}

COLOURS = {
    "grey": "mean of the three channels, rounded to a whole grey level",
    "rgb": "red, green and blue, as published",
}
CLASSES = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)
SIDE = 32
BATCH = 10_000
"""Images of a member."""

TRAIN = tuple(f"cifar-10-batches-bin/data_batch_{number}.bin" for number in range(1, 6))
TEST = "cifar-10-batches-bin/test_batch.bin"
RECORD_BYTES = 1 + 3 * SIDE**2
"""A label, then the red, the green and the blue pixels."""

BESIDES = 2**20
"""Bytes that the archive may have beside its batches: headers, names of classes, a page."""


def input_dimension(settings: Mapping[str, Any]) -> int:
    """Numbers in a photograph."""
    return SIDE**2 * CHANNELS[settings["colour"]]


def training_items(settings: Mapping[str, Any]) -> int:
    """Photographs of the published training set."""
    return len(TRAIN) * BATCH


def prepare(
    settings: Mapping[str, Any], files: Mapping[str, Any], rng: np.random.Generator
) -> tuple[Dataset, dict[str, Any]]:
    """Return the photographs and the fields of their card."""
    colour = settings["colour"]
    return cifar10(files["archive"], colour), {
        "split": "the archive's five training batches and its test batch, in their order",
        "colour": COLOURS[colour],
    }


def cifar10(path: Path, colour: str) -> Dataset:
    """Read the archive and keep its split and order.

    Nothing is unpacked onto the disk.

    Parameters
    ----------
    path
        The tar.gz as published.
    colour
        "rgb", or "grey": the mean over the channels, as the report's authors had it, but rounded
        to a byte, which moves no pixel by more than a third of a grey level.

    Returns
    -------
    Dataset
        uint8, labelled by what the photograph shows.

    Raises
    ------
    ValueError
        If the colour is unknown, or the archive cannot be read, lacks a member, or has one of
        another size or with other labels.
    """
    import numpy as np

    from study.dataset import Dataset

    require_known("colour", colour, COLOURS)
    members = _members(path)
    train = np.concatenate([_records(path, name, members) for name in TRAIN])
    test = _records(path, TEST, members)
    return Dataset(
        x_train=_pixels(train, colour),
        y_train=train[:, 0].astype(np.int64),
        x_test=_pixels(test, colour),
        y_test=test[:, 0].astype(np.int64),
        image_shape=np.array([SIDE, SIDE, 3] if colour == "rgb" else [SIDE, SIDE]),
        label_names=np.array(CLASSES),
    )


def _members(path: Path) -> dict[str, bytes]:
    """What the archive's files hold, by name; of each no more than a batch and a byte."""
    batch = BATCH * RECORD_BYTES
    most = (len(TRAIN) + 1) * batch + BESIDES
    with unpacked(path) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise ValueError(f"{path}: expected at most {most:,} bytes unpacked, got more")
    with (
        reading(path, "a tar archive"),
        tarfile.open(fileobj=BytesIO(content), mode="r:") as archive,
    ):
        return {
            member.name: data.read(batch + 1)
            for member in archive
            if member.name in (*TRAIN, TEST) and (data := archive.extractfile(member))
        }


def _records(path: Path, name: str, members: Mapping[str, bytes]) -> NDArray[np.uint8]:
    """Records of a member, (BATCH, RECORD_BYTES)."""
    import numpy as np

    found, expected = len(members.get(name, b"")), BATCH * RECORD_BYTES
    if found != expected:
        raise ValueError(f"{path}: {name}: expected {expected:,} bytes, found {found:,}")
    records = np.frombuffer(members[name], dtype=np.uint8).reshape(BATCH, RECORD_BYTES)
    if records[:, 0].max() >= len(CLASSES):
        raise ValueError(
            f"{path}: {name}: expected labels from 0 to {len(CLASSES) - 1}, "
            f"got up to {records[:, 0].max()}"
        )
    return records


def _pixels(records: NDArray[np.uint8], colour: str) -> NDArray[np.uint8]:
    """Images as rows, (n, 1024) or (n, 3072), the channels of a pixel side by side."""
    import numpy as np

    planes = records[:, 1:].reshape(len(records), 3, SIDE**2)
    if colour == "rgb":
        return np.ascontiguousarray(planes.transpose(0, 2, 1)).reshape(len(records), -1)
    total = planes.sum(axis=1, dtype=np.uint16)
    return ((total + 1) // 3).astype(np.uint8)
