"""Dataset and card of a user's own files in the idx format."""

from pathlib import Path

from step import run
from study.dataset import save_dataset
from study.datasets.card import write_card
from study.datasets.idx import read_idx
from study.datasets.own import Images, own_dataset, own_provenance, split_in_words
from vae.seeding import generator


def prepare_idx(
    train_images: Path,
    dataset: Path,
    card: Path,
    name: str,
    test_fraction: float | None,
    licence: str | None,
    citation: str | None,
    seed: int,
    train_labels: Path | None = None,
    test_images: Path | None = None,
    test_labels: Path | None = None,
) -> None:
    """Write the files' images as an npz of the common form, and their card as JSON."""
    data = own_dataset(
        read_images(train_images, train_labels),
        read_images(test_images, test_labels) if test_images else None,
        test_fraction=test_fraction,
        rng=generator(seed, name),
    )
    save_dataset(dataset, data)
    paths = [path for path in (train_images, train_labels, test_images, test_labels) if path]
    write_card(
        card,
        dataset,
        name=name,
        split=split_in_words(test_fraction),
        provenance=own_provenance(paths, licence, citation),
    )


def read_images(images: Path, labels: Path | None) -> Images:
    """Read one file of images, and one of labels if there are any.

    Raises
    ------
    ValueError
        If a file is truncated or malformed, or the two do not go together.
    """
    pixels = read_idx(images, 3)
    y = read_idx(labels, 1) if labels else None
    try:
        return Images(pixels, y)
    except ValueError as error:
        raise ValueError(f"{images}: {error}") from error


if __name__ == "__main__":
    run(prepare_idx, globals())
