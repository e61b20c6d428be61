"""Dataset and card of scikit-learn's handwritten digits."""

from pathlib import Path

from step import run
from study.dataset import save_dataset
from study.datasets.card import write_card
from study.datasets.digits import PROVENANCE, digits
from vae.seeding import generator


def prepare_digits(dataset: Path, card: Path, name: str, test_fraction: float, seed: int) -> None:
    """Write the digits as an npz, and their card as JSON."""
    save_dataset(dataset, digits(test_fraction, generator(seed, name)))
    write_card(
        card,
        dataset,
        name=name,
        split=f"{test_fraction:.4g} of each class held out, drawn at random",
        provenance=PROVENANCE,
    )


if __name__ == "__main__":
    run(prepare_digits, globals())
