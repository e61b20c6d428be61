"""Dataset and card of Frey Face."""

from pathlib import Path

from step import run
from study.dataset import save_dataset
from study.datasets.card import Provenance, write_card
from study.datasets.frey_face import frey_face


def prepare_frey_face(
    film: Path,
    dataset: Path,
    card: Path,
    name: str,
    test: int,
    provenance: dict[str, str],
    raw_files: dict[str, str],
) -> None:
    """Write the frames as an npz, and their card, with the raw file's checksum, as JSON."""
    save_dataset(dataset, frey_face(film, test))
    write_card(
        card,
        dataset,
        name=name,
        split=f"the last {test} frames of the film held out, as one contiguous block",
        provenance=Provenance(**provenance),
        raw_files=raw_files,
    )


if __name__ == "__main__":
    run(prepare_frey_face, globals())
