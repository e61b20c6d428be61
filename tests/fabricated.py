"""Small made-up files in the formats that figures and tables read."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from vae.results import MEASUREMENT

STRUCTURES = ("sparse", "community", "small_world")


def measurements(path: Path, rows: Iterable[dict[str, Any]]) -> Path:
    """Write a tidy table; what a row does not say is that of one plain run."""
    plain = {
        "dataset": "digits",
        "architecture": "two_layer",
        "training": "report",
        "latent_dimension": 2,
        "train_size": 1000,
        "epochs": 4,
        "backend": "numpy",
        "seed": 1,
        "epoch": 4,
        "split": "test",
        "unit": "nats/image",
    }
    frame = pd.DataFrame([plain | row for row in rows], columns=list(MEASUREMENT))
    frame.to_csv(path, index=False)
    return path


def elbo(
    studied: str, value: int, seed: int, split: str, epoch: int, **others: Any
) -> dict[str, Any]:
    """Make an ELBO up that is different for every row."""
    base = -100 / epoch + 10 * seed + 0.1 * value + (5 if split == "train" else 0)
    row = {studied: value, "seed": seed, "split": split, "epoch": epoch, **others}
    return row | {"metric": "elbo", "value": base}


def elbo_table(path: Path, studied: str, values: Iterable[int], **others: Any) -> Path:
    """Write a tidy table of three seeds and four epochs."""
    return measurements(
        path,
        [
            elbo(studied, value, seed, split, epoch, **others)
            for value in values
            for seed in (1, 2, 3)
            for split in ("train", "test")
            for epoch in (1, 2, 3, 4)
        ],
    )


def run_arrays(
    path: Path,
    image_shape: tuple[int, ...] = (4, 4),
    latent_dimension: int = 2,
    label_names: tuple[str, ...] = ("0", "1", "2"),
) -> Path:
    """Write the arrays of a VAE run: 40 test items, 60 training items."""
    random = np.random.default_rng(len(path.name))
    d = int(np.prod(image_shape))
    classes = len(label_names)
    arrays = {
        "image_shape": np.array(image_shape),
        "x_test": random.random((40, d), np.float32),
        "y_test": np.arange(40) % classes,
        "reconstruction": random.random((40, d), np.float32),
        "prior_samples": random.random((100, d), np.float32),
        "posterior_mean_train": random.standard_normal((60, latent_dimension), np.float32),
        "labels_train": np.arange(60) % classes,
        "posterior_mean_test": random.standard_normal((40, latent_dimension), np.float32),
        "labels_test": np.arange(40) % classes,
        "label_names": np.array(label_names),
    }
    if latent_dimension == 2:
        arrays["manifold"] = random.random((400, d), np.float32)
    np.savez(path, **arrays)
    return path


def network_dataset(path: Path, nodes: int = 12) -> Path:
    """Write a network data set: training network i of a class has its edges in row i alone."""
    x = np.zeros((6, nodes, nodes), dtype=np.uint8)
    y = np.array([2, 1, 0, 0, 1, 2])
    for item in range(6):
        x[item, item, :] = 255
        x[item, :, item] = 255
    np.savez(
        path,
        x_train=x.reshape(6, -1),
        y_train=y,
        x_test=x.reshape(6, -1),
        y_test=y,
        image_shape=np.array([nodes, nodes]),
        label_names=np.array(STRUCTURES),
    )
    return path


def reconstruction_errors(path: Path) -> Path:
    """Write errors of seeds 1, 2, 3: base - 1, base, base + 1; one seed for the fixed marks."""
    bases = {"vae": 70.0, "rbm": 80.0, "dbn": 130.0, "entropy_floor": 40.0, "mean_image": 200.0}
    rows = []
    for model, base in bases.items():
        for seed in (1,) if model in ("entropy_floor", "mean_image") else (1, 2, 3):
            shift = 0 if model in ("entropy_floor", "mean_image") else seed - 2
            rows += [
                ("digits", model, "like_for_like", seed, "reconstruction_error", base + shift),
                ("digits", model, "like_for_like", seed, "reconstruction_error_std", 9.0),
            ]
            if model in ("vae", "rbm", "dbn"):
                error = base - 50 + shift
                rows.append(("digits", model, "published", seed, "reconstruction_error", error))
    frame = pd.DataFrame(
        rows, columns=["dataset", "model", "protocol", "seed", "metric", "value"]
    ).assign(unit="nats/image")
    frame.to_csv(path, index=False)
    return path


def reconstructed_images(path: Path) -> Path:
    """Write images and their reconstructions by three models; image i is of grey level i / 100."""
    x = np.repeat(np.arange(100, dtype=np.float32)[:, None] / 100, 16, axis=1)
    np.savez(
        path, image_shape=np.array([4, 4]), x=x, y=np.arange(100) % 10, vae=x, rbm=x, dbn=1 - x
    )
    return path


def card(path: Path, **fields: Any) -> Path:
    """Write a data card; what is not given is that of the digits."""
    plain = {
        "name": "digits",
        "n_train": 1347,
        "n_test": 450,
        "shape": [8, 8],
        "dtype": "uint8",
        "minimum": 0,
        "maximum": 255,
        "classes": {"0": [10, 5], "1": [10, 5]},
        "split": "at random",
        "source": "scikit-learn | load_digits",
        "licence": "CC BY 4.0",
        "citation": "A citation.",
        "sha256": "0" * 64,
    }
    path.write_text(json.dumps(plain | fields), encoding="utf-8")
    return path


def timings(path: Path) -> Path:
    """Write a benchmark of three NumPy repeats and of a CuPy that could not run."""
    columns = (
        "backend",
        "device",
        "status",
        "repeat",
        "seconds",
        "images_per_second",
        "peak_memory_mib",
        "note",
    )
    rows = [
        ("numpy", "CPU", "measured", repeat, seconds, 60000 / seconds, 500 + repeat, "")
        for repeat, seconds in ((1, 2.0), (2, 4.0), (3, 3.0))
    ]
    unmeasured = ("cupy", "GPU", "not measured", "", "", "", "", "no CUDA device")
    pd.DataFrame([*rows, unmeasured], columns=list(columns)).to_csv(path, index=False)
    return path


def profile(path: Path) -> Path:
    """Write a profile of 14 functions: 13 s, 12 s, ..., 0 s of own time, not in order."""
    names = ["<built-in method numpy.matmul>", "<method 'sum' of 'numpy.ndarray' objects>", "step"]
    names += [f"f{i}" for i in range(11)]
    frame = pd.DataFrame(
        {
            "function": names,
            "module": ["~", "~", *["array"] * 12],
            "calls": 1,
            "own_seconds": [13.0, 12.0, 11.0, *map(float, range(11))],
            "cumulative_seconds": 20.0,
        }
    )
    frame.to_csv(path, index=False)
    return path
