"""Dataset and card of patches of scikit-learn's photographs."""

from pathlib import Path

from step import run
from study.dataset import save_dataset
from study.datasets.card import write_card
from study.datasets.photo_patches import PROVENANCE, photo_patches
from vae.seeding import generator


def prepare_photo_patches(
    dataset: Path,
    card: Path,
    name: str,
    colour: str,
    patch: int,
    train: int,
    test: int,
    seed: int,
) -> None:
    """Write the patches as an npz, and their card as JSON."""
    save_dataset(dataset, photo_patches(colour, patch, train, test, generator(seed, name)))
    write_card(
        card,
        dataset,
        name=name,
        split="training and test patches drawn from disjoint blocks of each photograph",
        provenance=PROVENANCE,
    )


if __name__ == "__main__":
    run(prepare_photo_patches, globals())
