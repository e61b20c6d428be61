"""Small made-up files in the formats that figures and tables read."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from study.benchmark import cost
from study.contracts import (
    COSTS,
    JOBS,
    LIKELIHOOD,
    MEASUREMENT,
    OPERATIONS,
    RUNS,
    STEPS,
    THEORY,
    TIMINGS,
)
from study.models import MODELS
from study.theory import MEASURES
from study.work import OUTSIDE, REST

COMPARED = {name: MODELS[name].facts() for name in ("vae", "rbm", "dbn")}
"""What is said of the models that these files compare."""

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
    frame = pd.DataFrame([plain | row for row in rows], columns=list(MEASUREMENT.columns))
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


def theory(path: Path) -> Path:
    """Write every measure of seeds 1 and 2."""
    plain = {"dataset": "digits", "value": 0.1, "low": 0.0, "high": 0.2, "unit": "1", "items": 9}
    rows = [plain | {"seed": seed, "measure": measure} for seed in (1, 2) for measure in MEASURES]
    THEORY.write(path, rows)
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
                ("digits", model, "like_for_like", seed, "reconstruction_error_interval", 0.25),
            ]
            if model in ("vae", "rbm", "dbn"):
                error = base - 50 + shift
                rows.append(("digits", model, "published", seed, "reconstruction_error", error))
    frame = pd.DataFrame(
        rows, columns=["dataset", "model", "protocol", "seed", "metric", "value"]
    ).assign(unit="nats/image")
    frame.to_csv(path, index=False)
    return path


def estimated_likelihoods(path: Path, seeds: int = 2) -> Path:
    """Write log-likelihoods: a VAE's best at 5 latent dimensions."""
    columns = [*LIKELIHOOD.columns]
    rows: list[tuple[Any, ...]] = []
    for seed in range(1, seeds + 1):
        for size, value in ((2, -110.0), (5, -90.0), (20, -95.0)):
            subject = ("digits", "vae", size, seed, "dynamic")
            rows += [
                (*subject, "importance_sampling", samples, "log_likelihood", value - loss + seed)
                for samples, loss in ((1, 5.0), (50, 2.0), (5000, 0.0))
            ]
            rows.append((*subject, "mean_field", None, "reconstruction_error", 80.0 - size + seed))
        rows.append(
            ("digits", "vae", 2, seed, "dynamic", "quadrature", 40401, "log_likelihood", -108.0)
        )
        for model, size, value in (("rbm", 500, -100.0), ("dbn", 1000, -105.0)):
            subject = ("digits", model, size, seed, "dynamic")
            rows += [
                (*subject, "annealed_importance_sampling", 100, "log_likelihood", value + seed),
                (*subject, "reverse_annealing", 100, "log_likelihood", value + seed - 1),
                (*subject, "both_ways", None, "partition_gap", 1.0),
                (*subject, "mean_field", None, "reconstruction_error", 75.0 + seed),
            ]
        for size, value in ((10, -165.0), (50, -145.0)):
            subject = ("digits", "mixture", size, seed, "fixed")
            rows.append((*subject, "exact", None, "log_likelihood", value))
    subject = ("digits", "independent_pixels", 64, 1, "fixed")
    rows.append((*subject, "exact", None, "log_likelihood", -206.0))
    pd.DataFrame(rows, columns=columns[:-1]).assign(unit="nats/image").to_csv(path, index=False)
    return path


def reconstructed_images(path: Path) -> Path:
    """Write ten images and their reconstructions by three models; image i is of grey level 20 i."""
    x = np.repeat(np.arange(0, 200, 20, dtype=np.uint8)[:, None], 16, axis=1)
    np.savez(path, image_shape=np.array([4, 4]), x=x, vae=x, rbm=x, dbn=255 - x)
    return path


def boltzmann_training(path: Path) -> Path:
    """Write 20 epochs of an RBM and of a DBN of three layers, of three seeds."""
    rows = [
        (
            "digits",
            model,
            seed,
            layer,
            epoch,
            metric,
            sign * (100 / epoch + 10 * layer + end + seed),
        )
        for model, layers, end in (("rbm", (1,), 3), ("dbn", (1, 2, 3), 0))
        for seed in (1, 2, 3)
        for layer in layers
        for epoch in range(1, 21)
        for metric, sign in (("reconstruction_error", 1), ("pseudo_likelihood", -2))
    ]
    columns = ["dataset", "model", "seed", "layer", "epoch", "metric", "value"]
    pd.DataFrame(rows, columns=columns).assign(unit="nats/image").to_csv(path, index=False)
    return path


def boltzmann_filters(path: Path, image_shape: tuple[int, ...] = (4, 4)) -> Path:
    """Write the weights of 36 hidden units of an RBM and of a DBN."""
    random = np.random.default_rng(1)
    shape = (36, int(np.prod(image_shape)))
    filters = {model: random.standard_normal(shape, np.float32) for model in ("rbm", "dbn")}
    np.savez(path, image_shape=np.array(image_shape), **filters)
    return path


def model_samples(path: Path, image_shape: tuple[int, ...] = (4, 4)) -> Path:
    """Write black and white images, and of three models grey samples and their neighbours."""
    random = np.random.default_rng(2)
    d = int(np.prod(image_shape))
    arrays = {"test": 255 * random.integers(2, size=(36, d), dtype=np.uint8)}
    for model in ("vae", "rbm", "dbn"):
        arrays[model] = random.integers(256, size=(36, d), dtype=np.uint8)
        arrays[f"{model}_neighbours"] = random.integers(256, size=(6, d), dtype=np.uint8)
    np.savez(path, image_shape=np.array(image_shape), **arrays)
    return path


def likelihoods(path: Path, binarisations: Iterable[str] = ("fixed",)) -> Path:
    """Write errors and log-likelihoods of seeds 1, 2, 3: base - 1, base, base + 1.

    A dynamic binarisation adds 2 nats to a log-likelihood. A few samples, another estimator and a
    small mixture give other values, as do intervals.
    """
    rows: list[tuple[Any, ...]] = []
    trained = (
        ("vae", 2, 120.0, -140.0, "importance_sampling"),
        ("vae", 20, 52.0, -89.0, "importance_sampling"),
        ("vae", 100, 51.0, -90.0, "importance_sampling"),
        ("rbm", 500, 30.0, -95.0, "annealed_importance_sampling"),
        ("dbn", 1000, 70.0, -93.0, "annealed_importance_sampling"),
    )
    for binarisation in binarisations:
        gain = 2 * (binarisation == "dynamic")
        for model, size, error, log_likelihood, estimator in trained:
            for seed in (1, 2, 3):
                shift = seed - 2
                kept = (model, size, seed, binarisation)
                value = log_likelihood + shift + gain
                samples = 5000 if model == "vae" else None
                rows += [
                    (*kept, "mean_field", None, "reconstruction_error", error + shift),
                    (*kept, estimator, samples, "log_likelihood", value),
                    (*kept, estimator, samples, "log_likelihood_interval", 0.2),
                ]
                if model == "vae":
                    rows.append((*kept, estimator, 100, "log_likelihood", value - 5))
                if model == "rbm":
                    rows.append((*kept, "reverse_annealing", 100, "log_likelihood", value - 9))
    for seed in (1, 2, 3):
        exact = ("fixed", "exact", None, "log_likelihood")
        rows.append(("independent_pixels", 64, seed, *exact, -206.0))
        rows += [("mixture", k, seed, *exact, -150.0 + k / 20 + seed) for k in (10, 500)]
    columns = ["model", "size", "seed", "binarisation", "estimator", "samples", "metric", "value"]
    frame = pd.DataFrame(rows, columns=columns).assign(dataset="digits", unit="nats/image")
    frame.to_csv(path, index=False)
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
    pd.DataFrame(rows, columns=list(TIMINGS.columns)).to_csv(path, index=False)
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
    frame = pd.DataFrame(rows, columns=list(JOBS.columns))
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
    pd.DataFrame(rows, columns=list(COSTS.columns)).to_csv(path, index=False)
    return path


def operations(path: Path, backend: str = "tensorflow") -> Path:
    """Write a profile of ten products, an update and what is outside of both: 4 s, 2 s, 1 s."""
    rows = [(f"MatMul: 10 x {i}", "products", 0.4) for i in range(10)]
    rows += [("fusion of ResourceApplyAdam: 10", "optimizer", 2.0), (OUTSIDE, REST, 1.0)]
    about = {"backend": backend, "device": "one thread", "status": "measured", "calls": 600}
    OPERATIONS.write(
        path,
        [
            {**about, "operation": operation, "kind": kind, "own_seconds": seconds}
            for operation, kind, seconds in rows
        ],
    )
    return path


def no_operations(path: Path, backend: str = "cupy") -> Path:
    """Write that there is no profile, and why."""
    OPERATIONS.write(path, [{"backend": backend, "status": "not measured", "note": "no device"}])
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


def steps(path: Path) -> Path:
    """Write rules, of which the last takes files of one that is rows above it."""
    rows = [("prepare", ""), ("train", "prepare"), ("measure", "train"), ("clock", "")]
    rows += [("tell", "measure prepare"), ("list", "prepare")]
    STEPS.write(
        path,
        ({"rule": rule, "jobs": 2, "seconds": 90.5, "after": after} for rule, after in rows),
    )
    return path


def trainings(path: Path, *folders: str) -> Path:
    """Write an account of some trainings, each of which took a minute."""
    account = {"seconds": 60, "peak_memory_mib": 100.4, "ended": "2024-02-29"}
    RUNS.write(path, ({"run": folder} | account for folder in folders))
    return path
