"""Dataset and card of any kind."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from step import run
from study.card import write_card
from study.dataset import save_dataset
from study.datasets import module
from vae.seeding import generator


def prepare_dataset(
    dataset: Path,
    card: Path,
    name: str,
    settings: Mapping[str, Any],
    origin: Mapping[str, Any],
    seed: int,
    **files: Path | list[Path],
) -> None:
    """Write a dataset as an npz, and its card as JSON.

    Parameters
    ----------
    dataset, card
        The files to write.
    name
        The dataset's in the configuration; with the seed, it fixes all that is drawn.
    settings
        Its kind and the keys of that kind.
    origin
        Fields of the card that the data catalogue has.
    seed
        The root seed.
    files
        What it is made of, by the parts that its kind names.
    """
    data, details = module(settings["kind"]).prepare(settings, files, generator(seed, name))
    save_dataset(dataset, data)
    write_card(card, dataset, name=name, **details, **origin)


if __name__ == "__main__":
    run(prepare_dataset, globals())
