"""Square patches of the two photographs embedded in scikit-learn."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from study.datasets._colours import CHANNELS
from study.settings import shared
from vae.names import require_known

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from study.dataset import Dataset

SETTINGS = {
    "required": ["colour", "patch", "train", "test"],
    "properties": {
        "colour": shared("colour", "`grey` is the mean of the channels, rounded to a grey level."),
        "patch": {
            "meaning": "The side in pixels.",
            "description": "a whole number from 1 to 160, so that a photograph has room for both "
            "sets",
            "type": "integer",
            "minimum": 1,
            "maximum": 160,
        },
        "train": shared("two_or_more", "Patches to train on."),
        "test": shared("two_or_more", "Patches to test on."),
    },
}

PHOTOGRAPHS = ("china", "flower")

BLOCK_SIDE = 2
"""Side of the blocks that are given to training or testing, in patches: small enough for both sets
to see every part of the scene, large enough for many positions of a patch within."""

Block = tuple[int, int, int, int]
"""Top, bottom, left and right edge in pixels; bottom and right lie outside."""


def input_dimension(settings: Mapping[str, Any]) -> int:
    """Numbers in a patch."""
    return settings["patch"] ** 2 * CHANNELS[settings["colour"]]


def training_items(settings: Mapping[str, Any]) -> int:
    """Patches to train on."""
    return settings["train"]


def prepare(
    settings: Mapping[str, Any], files: Mapping[str, Any], rng: np.random.Generator
) -> tuple[Dataset, dict[str, Any]]:
    """Return the patches and the fields of their card."""
    colour, patch, train, test = (settings[key] for key in ("colour", "patch", "train", "test"))
    return photo_patches(colour, patch, train, test, rng), {
        "split": "training and test patches drawn from disjoint blocks of each photograph",
        "source": "scikit-learn, load_sample_image: china.jpg "
        "(https://www.flickr.com/photos/danielbuechele/6061409035) and flower.jpg "
        "(https://www.flickr.com/photos/vultilion/6056698931)",
        "licence": "CC BY 2.0",
        "citation": "Photographs by danielbuechele (china.jpg) and vultilion (flower.jpg, which "
        "scikit-learn's README attributes to danielbuechele while linking to vultilion's page), "
        "retrieved from Flickr by R. Layton, 2011.",
    }


def photo_patches(
    colour: str, patch: int, train: int, test: int, rng: np.random.Generator
) -> Dataset:
    """Draw patches from both photographs in equal number.

    Parameters
    ----------
    colour
        "rgb", or "grey": the mean over the channels, as the report's authors made CIFAR-10 grey.
    patch
        Side in pixels.
    train, test
        Number of patches, at least one a photograph.
    rng
        Decides the regions, the patches and their order.

    Returns
    -------
    Dataset
        uint8, labelled by photograph. No pixel of a photograph is in both sets.

    Raises
    ------
    ValueError
        If the colour is unknown, or the photographs cannot give such patches.
    """
    import numpy as np

    from study.dataset import Dataset
    from study.split import labelled

    require_known("colour", colour, CHANNELS)
    for key, value, least in (
        ("patch", patch, 1),
        ("train", train, len(PHOTOGRAPHS)),
        ("test", test, len(PHOTOGRAPHS)),
    ):
        if value < least:
            raise ValueError(f"{key}: expected a whole number of at least {least}, got {value}")
    parts = [
        disjoint_patches(
            _photograph(name, colour), patch, _share(train, index), _share(test, index), rng
        )
        for index, name in enumerate(PHOTOGRAPHS)
    ]
    x_train, y_train = labelled([part[0] for part in parts], rng)
    x_test, y_test = labelled([part[1] for part in parts], rng)
    return Dataset(
        x_train=x_train,
        y_train=y_train,
        x_test=x_test,
        y_test=y_test,
        image_shape=np.array([patch, patch, 3] if colour == "rgb" else [patch, patch]),
        label_names=np.array(PHOTOGRAPHS),
    )


def disjoint_patches(
    photograph: NDArray[Any], patch: int, train: int, test: int, rng: np.random.Generator
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Draw training and test patches from separate blocks of one photograph.

    The photograph is cut into blocks; a share of them, drawn at random in the proportion of the
    patches wanted, is kept for testing. A patch lies wholly within one block. No two patches of a
    set have the same position, though they may overlap.

    Parameters
    ----------
    photograph
        (height, width) or (height, width, channels).
    patch
        Side in pixels.
    train, test
        Number of patches.
    rng
        Decides which blocks and positions.

    Returns
    -------
    train, test
        (n, patch, patch) or (n, patch, patch, channels), of the photograph's dtype.

    Raises
    ------
    ValueError
        If the photograph is too small for two blocks, or its blocks hold too few positions.
    """
    height, width = photograph.shape[:2]
    blocks = _blocks(height, width, BLOCK_SIDE * patch)
    if len(blocks) < 2:
        largest = min(min(height, width), max(height, width) // 2) // BLOCK_SIDE
        raise ValueError(
            f"patch: expected at most {largest} pixels, so that a photograph of {width} x {height} "
            f"pixels has separate regions for training and testing, got {patch}"
        )
    held_out = round(len(blocks) * test / (train + test))
    held_out = min(max(held_out, 1), len(blocks) - 1)
    order = [blocks[index] for index in rng.permutation(len(blocks))]
    return (
        _draw("train", photograph, order[held_out:], patch, train, rng),
        _draw("test", photograph, order[:held_out], patch, test, rng),
    )


def _blocks(height: int, width: int, side: int) -> list[Block]:
    """Cut a rectangle into blocks of at least `side` a side that leave no pixel over."""
    import numpy as np

    rows, columns = (
        np.linspace(0, length, length // side + 1).astype(int).tolist()
        for length in (height, width)
    )
    return [
        (top, bottom, left, right)
        for top, bottom in pairwise(rows)
        for left, right in pairwise(columns)
    ]


def _draw(
    key: str,
    photograph: NDArray[Any],
    blocks: list[Block],
    patch: int,
    count: int,
    rng: np.random.Generator,
) -> NDArray[Any]:
    import numpy as np

    corners = [
        (row, column)
        for top, bottom, left, right in blocks
        for row in range(top, bottom - patch + 1)
        for column in range(left, right - patch + 1)
    ]
    if count > len(corners):
        raise ValueError(
            f"{key}: {count} patches of {patch} x {patch} wanted of a photograph whose {key} "
            f"regions hold {len(corners)}"
        )
    chosen = [corners[index] for index in rng.choice(len(corners), count, replace=False)]
    return np.stack(
        [photograph[row : row + patch, column : column + patch] for row, column in chosen]
    )


def _photograph(name: str, colour: str) -> NDArray[np.uint8]:
    import numpy as np
    from sklearn.datasets import load_sample_image

    rgb = load_sample_image(f"{name}.jpg")
    return np.rint(rgb.mean(axis=2)).astype(np.uint8) if colour == "grey" else rgb


def _share(total: int, index: int) -> int:
    """Return the photograph's part of the patches: equal, the first taking what is left over."""
    each, left_over = divmod(total, len(PHOTOGRAPHS))
    return each + (index < left_over)
