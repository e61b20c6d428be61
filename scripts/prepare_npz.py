"""Dataset and card of a user's own npz file."""

from pathlib import Path

from step import run
from study.dataset import save_dataset
from study.datasets.arrays import read_npz
from study.datasets.card import write_card
from study.datasets.own import own_provenance, split_in_words
from vae.seeding import generator


def prepare_npz(
    path: Path,
    dataset: Path,
    card: Path,
    name: str,
    test_fraction: float | None,
    licence: str | None,
    citation: str | None,
    seed: int,
) -> None:
    """Write the file's images as an npz of the common form, and their card as JSON."""
    save_dataset(dataset, read_npz(path, test_fraction, generator(seed, name)))
    write_card(
        card,
        dataset,
        name=name,
        split=split_in_words(test_fraction),
        provenance=own_provenance([path], licence, citation),
    )


if __name__ == "__main__":
    run(prepare_npz, globals())
