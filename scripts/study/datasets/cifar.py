"""CIFAR-10: photographs of 32 x 32 pixels, in its binary version, which holds no pickles."""

import tarfile
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from study.dataset import Dataset
from study.datasets.raw import RawFile, read_raw
from vae.names import require_known

COLOURS = ("grey", "rgb")
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


def cifar10(path: Path, colour: str) -> Dataset:
    """Read the archive and keep its split and order.

    Nothing is unpacked onto the disk: the members are found by their expected names, and their
    bytes read from where they lie.

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
        If the colour is unknown, or the archive truncated, malformed or short of a member; the
        message names the byte.
    """
    require_known("colour", colour, COLOURS)
    raw = read_raw(path)
    offsets = _offsets(raw)
    train = np.concatenate([_records(raw, name, offsets) for name in TRAIN])
    test = _records(raw, TEST, offsets)
    return Dataset(
        x_train=_pixels(train, colour),
        y_train=train[:, 0].astype(np.int64),
        x_test=_pixels(test, colour),
        y_test=test[:, 0].astype(np.int64),
        image_shape=np.array([SIDE, SIDE, 3] if colour == "rgb" else [SIDE, SIDE]),
        label_names=np.array(CLASSES),
    )


def _offsets(raw: RawFile) -> dict[str, int]:
    """Where the data of each expected member begin."""
    offsets: dict[str, int] = {}
    size = BATCH * RECORD_BYTES
    position = 0
    try:
        with tarfile.open(fileobj=BytesIO(raw.data), mode="r:") as archive:
            for member in archive:
                position = member.offset
                if member.name not in (*TRAIN, TEST):
                    continue
                if member.name in offsets:
                    raise raw.fault(position, f"{member.name} is there a second time")
                if not member.isreg() or member.size != size:
                    raise raw.fault(
                        position,
                        f"{member.name}: expected a file of {size:,} bytes, got "
                        + (
                            f"one of {member.size:,}" if member.isreg() else "another kind of entry"
                        ),
                    )
                offsets[member.name] = member.offset_data
    except tarfile.TarError as error:
        raise raw.fault(
            position, f"expected a tar archive; from here it has a fault ({error})"
        ) from error
    if missing := [name for name in (*TRAIN, TEST) if name not in offsets]:
        raise raw.fault(
            len(raw.data), f"the archive ends without {', '.join(missing)}; it may be cut short"
        )
    return offsets


def _records(raw: RawFile, name: str, offsets: dict[str, int]) -> NDArray[np.uint8]:
    """Records of a member, (BATCH, RECORD_BYTES)."""
    start = offsets[name]
    end = start + BATCH * RECORD_BYTES
    if len(raw.data) < end:
        raise raw.fault(len(raw.data), f"the archive ends within {name}; it was cut short")
    records = np.frombuffer(raw.data[start:end], dtype=np.uint8).reshape(BATCH, RECORD_BYTES)
    wrong = np.flatnonzero(records[:, 0] >= len(CLASSES))
    if len(wrong):
        raise raw.fault(
            start + int(wrong[0]) * RECORD_BYTES,
            f"{name}, image {wrong[0]}: expected a label from 0 to {len(CLASSES) - 1}, "
            f"got {records[wrong[0], 0]}",
        )
    return records


def _pixels(records: NDArray[np.uint8], colour: str) -> NDArray[np.uint8]:
    """Images as rows, (n, 1024) or (n, 3072), the channels of a pixel side by side."""
    planes = records[:, 1:].reshape(len(records), 3, SIDE**2)
    if colour == "rgb":
        return np.ascontiguousarray(planes.transpose(0, 2, 1)).reshape(len(records), -1)
    total = planes.sum(axis=1, dtype=np.uint16)
    return ((total + 1) // 3).astype(np.uint8)
