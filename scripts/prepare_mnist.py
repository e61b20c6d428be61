"""Dataset and card of MNIST."""

from pathlib import Path

from step import run
from study.dataset import save_dataset
from study.datasets.card import Provenance, write_card
from study.datasets.mnist import mnist


def prepare_mnist(
    train_images: Path,
    train_labels: Path,
    test_images: Path,
    test_labels: Path,
    dataset: Path,
    card: Path,
    name: str,
    provenance: dict[str, str],
    raw_files: dict[str, str],
) -> None:
    """Write MNIST as an npz, and its card, with the raw files' checksums, as JSON."""
    save_dataset(dataset, mnist(train_images, train_labels, test_images, test_labels))
    write_card(
        card,
        dataset,
        name=name,
        split="as published",
        provenance=Provenance(**provenance),
        raw_files=raw_files,
    )


if __name__ == "__main__":
    run(prepare_mnist, globals())
