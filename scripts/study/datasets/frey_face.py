"""Frames of a short film of one face, 28 x 20 pixels each: Frey Face, in its MATLAB file."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from study.dataset import Dataset

FRAMES = 1965
HEIGHT, WIDTH = 28, 20

MATLAB_HEADER = 128
"""Bytes before the first variable."""

MATLAB_LAYOUT = struct.pack(
    "<14I",
    *(14, 48 + HEIGHT * WIDTH * FRAMES),  # a matrix
    *(6, 8, 9, 0),  # of unsigned bytes
    *(5, 8, HEIGHT * WIDTH, FRAMES),
    *(2 << 16 | 1, int.from_bytes(b"ff", "little")),
    *(2, HEIGHT * WIDTH * FRAMES),
)
"""What the file has of the film before its pixels: pairs of a type and a size, and what they say.
SciPy's reader is not safe from a file that says something else."""

SETTINGS = {
    "required": ["test"],
    "properties": {
        "test": {
            "description": f"a whole number from 1 to {FRAMES - 1}, so that frames are left to "
            "train on",
            "meaning": "How many of the film's last frames to hold out as one block.",
            "type": "integer",
            "minimum": 1,
            "maximum": FRAMES - 1,
        }
    },
}
RAW_FILES = {"film": "frey_rawface.mat"}


def input_dimension(settings: Mapping[str, Any]) -> int:
    """Pixels of a frame."""
    return HEIGHT * WIDTH


def training_items(settings: Mapping[str, Any]) -> int:
    """Frames before those held out."""
    return FRAMES - settings["test"]


def prepare(
    settings: Mapping[str, Any], files: Mapping[str, Any], rng: np.random.Generator
) -> tuple[Dataset, dict[str, Any]]:
    """Return the frames and the fields of their card."""
    test = settings["test"]
    split = f"the last {test} frames of the film held out, as one contiguous block"
    return frey_face(files["film"], test), {"split": split}


def frey_face(path: Path, test: int) -> Dataset:
    """Read the film and hold its end out.

    Neighbouring frames are nearly the same, so frames held out at random would have been trained on
    in all but name; one contiguous block has such neighbours at one end alone.

    Parameters
    ----------
    path
        The MATLAB file as published: `ff`, 560 x 1965, a frame a column.
    test
        How many of the last frames to hold out.

    Returns
    -------
    Dataset
        uint8, in the order of the film; without classes.

    Raises
    ------
    ValueError
        If the file cannot be read or holds something else, or no frame is left to train or to test
        on.
    """
    import numpy as np

    from study.dataset import Dataset

    if not 0 < test < FRAMES:
        raise ValueError(f"test: expected a whole number from 1 to {FRAMES - 1}, got {test}")
    frames = np.ascontiguousarray(_film(path).T)
    train = FRAMES - test
    return Dataset(
        x_train=frames[:train],
        y_train=np.zeros(train, dtype=np.int64),
        x_test=frames[train:],
        y_test=np.zeros(test, dtype=np.int64),
        image_shape=np.array([HEIGHT, WIDTH]),
        label_names=np.array(["face"]),
    )


def _film(path: Path) -> NDArray[np.uint8]:
    """Frames as columns, (pixels, frames)."""
    import numpy as np

    start = MATLAB_HEADER + len(MATLAB_LAYOUT)
    end = start + HEIGHT * WIDTH * FRAMES
    with open(path, "rb") as file:
        content = file.read(end + 1)
    if content[MATLAB_HEADER:start] != MATLAB_LAYOUT or len(content) != end:
        size = path.stat().st_size
        raise ValueError(
            f"{path}: expected the film as published, a MATLAB 5.0 file of {end:,} bytes with the "
            f"variable ff, {HEIGHT * WIDTH} x {FRAMES} unsigned bytes; got {size:,} others"
        )
    return np.frombuffer(content, np.uint8, offset=start).reshape(FRAMES, HEIGHT * WIDTH).T
