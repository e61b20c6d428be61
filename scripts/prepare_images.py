"""Dataset and card of a user's own folder of images."""

from pathlib import Path

from step import run
from study.dataset import save_dataset
from study.datasets.card import write_card
from study.datasets.images import read_images
from study.datasets.own import own_dataset, own_provenance, split_in_words
from vae.seeding import generator


def prepare_images(
    images: list[Path],
    dataset: Path,
    card: Path,
    name: str,
    folder: str,
    colour: str,
    test_fraction: float,
    licence: str | None,
    citation: str | None,
    seed: int,
) -> None:
    """Write the images as an npz of the common form, and their card as JSON."""
    read = read_images(images, Path(folder), colour)
    save_dataset(dataset, own_dataset(read, test_fraction=test_fraction, rng=generator(seed, name)))
    write_card(
        card,
        dataset,
        name=name,
        split=split_in_words(test_fraction),
        provenance=own_provenance([Path(folder)], licence, citation),
    )


if __name__ == "__main__":
    run(prepare_images, globals())
