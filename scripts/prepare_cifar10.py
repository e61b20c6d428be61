"""Dataset and card of CIFAR-10."""

from pathlib import Path

from step import run
from study.dataset import save_dataset
from study.datasets.card import Provenance, write_card
from study.datasets.cifar import cifar10

COLOURS = {
    "grey": "mean of the three channels, rounded to a whole grey level",
    "rgb": "red, green and blue, as published",
}


def prepare_cifar10(
    archive: Path,
    dataset: Path,
    card: Path,
    name: str,
    colour: str,
    provenance: dict[str, str],
    raw_files: dict[str, str],
) -> None:
    """Write the photographs as an npz, and their card, with the archive's checksum, as JSON."""
    save_dataset(dataset, cifar10(archive, colour))
    write_card(
        card,
        dataset,
        name=name,
        split="the archive's five training batches and its test batch, in their order",
        provenance=Provenance(**provenance),
        colour=COLOURS[colour],
        raw_files=raw_files,
    )


if __name__ == "__main__":
    run(prepare_cifar10, globals())
