"""Small made-up files in the formats that figures and tables read."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from vae.benchmark import cost, rounds
from vae.benchmark import report_jobs as jobs
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
    studied: str, value: int | str, seed: int, split: str, epoch: int, **others: Any
) -> dict[str, Any]:
    """Make an ELBO up that is different for every row."""
    size = value if isinstance(value, int) else len(value)
    base = -100 / epoch + 10 * seed + 0.1 * size + (5 if split == "train" else 0)
    row = {studied: value, "seed": seed, "split": split, "epoch": epoch, **others}
    return row | {"metric": "elbo", "value": base}


def elbo_table(path: Path, studied: str, values: Iterable[int | str], **others: Any) -> Path:
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
    """Write the images and the codes of a VAE run: 40 test items, 60 training items."""
    random = np.random.default_rng(len(path.name))
    d = int(np.prod(image_shape))
    classes = len(label_names)
    arrays = {
        "image_shape": np.array(image_shape),
        "x_test": random.integers(256, size=(40, d), dtype=np.uint8),
        "y_test": np.arange(40) % classes,
        "reconstruction": random.integers(256, size=(40, d), dtype=np.uint8),
        "prior_samples": random.integers(256, size=(36, d), dtype=np.uint8),
        "posterior_mean_train": random.standard_normal((60, latent_dimension), np.float32),
        "labels_train": np.arange(60) % classes,
        "posterior_mean_test": random.standard_normal((40, latent_dimension), np.float32),
        "labels_test": np.arange(40) % classes,
        "label_names": np.array(label_names),
    }
    if latent_dimension == 2:
        arrays["manifold"] = random.integers(256, size=(400, d), dtype=np.uint8)
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
    """Write ten images and their reconstructions by three models; image i is of grey level 20 i."""
    x = np.repeat(np.arange(0, 200, 20, dtype=np.uint8)[:, None], 16, axis=1)
    np.savez(path, image_shape=np.array([4, 4]), x=x, vae=x, rbm=x, dbn=255 - x)
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
    """Write three NumPy repeats, a step of the published algorithm, and why others did not run."""
    rows: list[dict[str, Any]] = [
        {
            "backend": "numpy",
            "device": "CPU",
            "status": "measured",
            "repeat": repeat,
            "steps": 600,
            "seconds": seconds,
            "images_per_second": 60000 / seconds,
            "gflops": 240 / seconds,
            "limit_2048_gflops": 200,
            "limit_network_gflops": 160,
            "peak_memory_mib": 500 + repeat,
            "first_step_seconds": 0.25,
        }
        for repeat, seconds in ((1, 2.0), (2, 4.0), (3, 3.0))
    ]
    scaled = {"backend": "published", "steps": 1, "seconds": 2000.0, "gflops": 0.12}
    rows.append(rows[0] | scaled | {"note": "scaled from 1 of 600 steps", "energy_joules": 90000})
    rows.append(_without_time("cupy", "GPU", "not measured", "no CUDA device"))
    rows.append(
        _without_time("jax", "CPU", "failed", "its process was ended by the signal SIGKILL")
    )
    pd.DataFrame(rows, columns=list(rounds.COLUMNS)).to_csv(path, index=False)
    return path


def _without_time(backend: str, device: str, status: str, note: str) -> dict[str, Any]:
    return {"backend": backend, "device": device, "status": status, "note": note}


def report_jobs(path: Path) -> Path:
    """Write the report's four jobs, of which those of the CPU were done."""
    job = {"status": "measured", "hidden_sizes": "500", "steps": 600, "batch_size": 100}
    rows = [
        job | {"program": "numpy", "device": "CPU", "note": "scaled from 3 of 600 steps"},
        job | {"program": "cupy", "device": "GPU", "steps": 937, "batch_size": 64},
        job | {"program": "tensorflow", "device": "CPU", "hidden_sizes": "500-500"},
        job | {"program": "tensorflow", "device": "GPU", "hidden_sizes": "500-500"},
    ]
    frame = pd.DataFrame(rows, columns=list(jobs.COLUMNS))
    frame["seconds"] = [2000.0, None, 5.5, None]
    frame.loc[[1, 3], ["status", "note"]] = ["not measured", "no CUDA device"]
    frame.to_csv(path, index=False)
    return path


def costs(path: Path, backends: Iterable[str] = ("numpy", "tensorflow")) -> Path:
    """Write costs that grow with the size, three repeats each, and a CuPy that could not run."""
    rows: list[dict[str, Any]] = [
        {
            "varied": varied,
            "value": value,
            "backend": backend,
            "device": "CPU",
            "status": "measured",
            "repeat": repeat,
            "seconds": slow * value**0.5 * (1 + repeat / 10),
            "gflop": 100 * value**0.5,
            "limit_gflops": 200,
        }
        for slow, backend in enumerate(backends, start=1)
        for varied in cost.VARIED
        for value in (5, 50, 500)
        for repeat in (1, 2, 3)
    ]
    rows += [
        {"varied": varied, "value": 5, **_without_time("cupy", "GPU", "not measured", "no device")}
        for varied in cost.VARIED
    ]
    pd.DataFrame(rows, columns=list(cost.COLUMNS)).to_csv(path, index=False)
    return path


def profile(path: Path, backend: str = "numpy", steps: int = 600) -> Path:
    """Write a profile of 14 functions: 13 s, 12 s, ..., 0 s of own time, not in order."""
    names = ["<built-in method numpy.matmul>", "<method 'sum' of 'numpy.ndarray' objects>", "step"]
    names += [f"f{i}" for i in range(11)]
    frame = pd.DataFrame(
        {
            "backend": backend,
            "function": names,
            "module": ["~", "~", *["array"] * 12],
            "calls": 1,
            "own_seconds": [13.0, 12.0, 11.0, *map(float, range(11))],
            "cumulative_seconds": 20.0,
            "steps": steps,
            "scale": 600 / steps,
        }
    )
    frame.to_csv(path, index=False)
    return path
