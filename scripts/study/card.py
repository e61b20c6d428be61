"""The data card: what a dataset holds, where it comes from and on what terms."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from study.dataset import load_dataset
from study.wording import one_line


def write_card(
    path: Path,
    dataset_path: Path,
    *,
    name: str,
    split: str,
    source: str,
    licence: str,
    citation: str,
    **details: Any,
) -> None:
    """Describe a saved dataset as JSON.

    Everything that can be counted is read from the file itself.

    Parameters
    ----------
    path
        Of the card.
    dataset_path
        Of the npz that `save_dataset` wrote.
    name
        The dataset's name in the configuration.
    split
        How training and test sets were parted, in words.
    source, licence, citation
        Where the data come from, on what terms, and whom to cite; sentences for readers.
    details
        Further fields of this kind of data.
    """
    dataset = load_dataset(dataset_path)
    classes = len(dataset.label_names)
    card = {
        "name": name,
        "n_train": len(dataset.x_train),
        "n_test": len(dataset.x_test),
        "shape": dataset.image_shape.tolist(),
        "dtype": dataset.x_train.dtype.name,
        "minimum": min(dataset.x_train.min().item(), dataset.x_test.min().item()),
        "maximum": max(dataset.x_train.max().item(), dataset.x_test.max().item()),
        "classes": {
            label: [train, test]
            for label, train, test in zip(
                dataset.label_names.tolist(),
                np.bincount(dataset.y_train, minlength=classes).tolist(),
                np.bincount(dataset.y_test, minlength=classes).tolist(),
                strict=True,
            )
        },
        "split": one_line(split),
        "source": one_line(source),
        "licence": one_line(licence),
        "citation": one_line(citation),
        "sha256": sha256(dataset_path.read_bytes()).hexdigest(),
        **details,
    }
    path.write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
