"""Every csv that passes from rule to rule: who writes it, its columns and the rows it must have.

Writers write with it and readers check against it, so that a file of another form, or one that was
cut short, is noticed where it is read.
"""

import csv
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from study import seals
from study.reading import reading

if TYPE_CHECKING:
    import pandas as pd


def read_rows(path: Path, columns: Iterable[str], delimiter: str = ",") -> list[dict[str, str]]:
    """Read the rows of a csv file as text.

    Raises
    ------
    ValueError
        If it lacks a column or was cut short within a row; it names the file.
    """
    with reading(path, "csv", seals.REMEDY), open(path, newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file, delimiter=delimiter)
        rows = list(reader)
        if missing := [name for name in columns if name not in (reader.fieldnames or ())]:
            raise ValueError(f"expected the columns {', '.join(columns)}; no {missing[0]}")
        if any(None in row or None in row.values() for row in rows) or not _ends_a_line(path):
            raise ValueError("a row is not whole")
    return rows


@dataclass(frozen=True)
class Table:
    """Form of a csv file.

    Attributes
    ----------
    writers
        The rules that write it.
    columns
        What each column holds, and its unit where it has one.
    rows
        What a row is.
    alike, each
        In a whole table, what has the same values of `alike` has as many rows for each value of
        `each`; empty where that cannot be said.
    """

    writers: tuple[str, ...]
    columns: Mapping[str, str]
    rows: str
    alike: tuple[str, ...] = ()
    each: tuple[str, ...] = ()

    def write(self, path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
        """Write rows, of which a column that is left out is empty."""
        with open(path, "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, self.columns)
            writer.writeheader()
            writer.writerows(rows)

    def check_rows(self, path: Path, frame: "pd.DataFrame") -> None:
        """Check that what was read from a file is whole.

        Raises
        ------
        ValueError
            If there are no rows, the last line has no end, or rows are missing.
        """
        if frame.empty:
            raise ValueError(f"{path}: expected at least one row, got none; {seals.REMEDY}")
        if path.suffix == ".csv" and not _ends_a_line(path):
            raise ValueError(
                f"{path}: the last line has no end, so the file was cut short; {seals.REMEDY}"
            )
        if "epochs" in self.columns:
            _check_epochs(path, frame)
        if not self.each:
            return
        for group, part in frame.groupby([*self.alike], dropna=False, sort=False):
            counts = part.groupby([*self.each]).size()
            if counts.nunique() > 1:
                raise ValueError(
                    f"{path}: expected {counts.max()} rows of {', '.join(map(str, group))} for "
                    f"every {' and '.join(self.each)}, got {counts.min()} for {counts.idxmin()}; "
                    f"{seals.REMEDY}"
                )


def _check_epochs(path: Path, frame: "pd.DataFrame") -> None:
    """Check that what is measured in a run has a value for every epoch, or one for the last."""
    curves = frame.groupby([*RUN, "seed", "split", "metric"], dropna=False, sort=False)["epoch"]
    for what, epochs in curves:
        length, last = what[5], epochs.max()
        if last != length or len(epochs) not in (1, length):
            raise ValueError(
                f"{path}: expected {what[-1]} of {' '.join(map(str, what[:-2]))} for epochs 1 to "
                f"{length} or for the last, got {len(epochs)} up to {last}; {seals.REMEDY}"
            )


def _ends_a_line(path: Path) -> bool:
    with open(path, "rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read() == b"\n"


RUN = {
    "dataset": "a name of the configuration",
    "architecture": "a name of the configuration or of the library",
    "training": "a name of the configuration",
    "latent_dimension": "number of latent variables",
    "train_size": "number of training images",
    "epochs": "length of the training",
    "backend": "a name of the library",
}
"""The columns that tell one setting from another; with `seed`, one run from another."""

MEASUREMENT = Table(
    writers=("evaluate_vae", "measure_separation", "collect_evaluations", "unpack_evaluations"),
    columns={
        **RUN,
        "seed": "of the training",
        "epoch": "1, 2, ...; what is measured once has the last",
        "split": "train or test",
        "metric": "what was measured",
        "value": "in `unit`",
        "unit": "nats/image, s, units, per pixel, or 1",
    },
    rows="a measurement",
    alike=tuple(RUN),
    each=("seed",),
)
"""The tidy tables of a VAE run and of an experiment."""

RECONSTRUCTION = Table(
    writers=("compare_reconstructions",),
    columns={
        "dataset": "a name of the configuration",
        "model": "vae, rbm, dbn, or an end of the scale",
        "protocol": "a name of `study.comparison.PROTOCOLS`",
        "seed": "of the training",
        "metric": "a mean over images, its standard deviation, or half its 95% interval",
        "value": "in `unit`",
        "unit": "nats/image",
    },
    rows="a measurement",
    alike=("dataset", "model", "protocol"),
    each=("seed",),
)
"""Reconstruction errors of the compared models."""

LIKELIHOOD = Table(
    writers=(
        "estimate_likelihood",
        "estimate_pixel_likelihood",
        "collect_likelihoods",
    ),
    columns={
        "dataset": "a name of the configuration",
        "model": "vae, rbm, dbn, or a model of pixels",
        "size": "latent dimension, hidden units of the top layer, components or pixels",
        "seed": "of the training",
        "binarisation": "of the training images: fixed or dynamic",
        "estimator": "how the value was estimated",
        "samples": "drawn for an estimate; empty where nothing is drawn",
        "metric": "what was estimated",
        "value": "in `unit`",
        "unit": "nats/image, nats or samples",
    },
    rows="a measurement",
    alike=("dataset", "model", "size", "binarisation"),
    each=("seed",),
)
"""Log-likelihoods of the compared models."""

TWO_SAMPLES = Table(
    writers=("compare_samples",),
    columns={
        "dataset": "a name of the configuration",
        "model": "a name of `study.models`, or training images in its place",
        "seed": "of the training",
        "metric": "two_sample_accuracy",
        "value": "share of images whose nearest is of their kind",
        "items": "number of images, of both kinds",
        "unit": "1",
    },
    rows="a model",
)
"""How well samples of models can be told from held-out images."""

BOLTZMANN_TRAINING = Table(
    writers=("collect_boltzmann_training",),
    columns={
        "dataset": "a name of the configuration",
        "model": "rbm or dbn",
        "seed": "of the training",
        "layer": "1 next to the pixels, 2, ...",
        "epoch": "of the layer's training: 1, 2, ...",
        "metric": "reconstruction_error or pseudo_likelihood",
        "value": "in `unit`",
        "unit": "nats/image",
    },
    rows="a measurement",
    alike=("dataset", "model"),
    each=("seed",),
)
"""How the Boltzmann machines trained."""

THEORY = Table(
    writers=("measure_theory",),
    columns={
        "dataset": "a name of the configuration",
        "seed": "of the training",
        "measure": "a name of `study.theory.MEASURES`",
        "value": "in `unit`",
        "low": "end of the 95% interval over images; equals `value` where that is exact",
        "high": "the other end",
        "unit": "nats/image, nats^2/image, nats (of one image), images, degrees or 1",
        "items": "number of images",
    },
    rows="a measurement",
    alike=("dataset",),
    each=("seed",),
)
"""The theory of Sec. 3, measured on the models of the latent plane."""

TIMINGS = Table(
    writers=("benchmark_implementations",),
    columns={
        "backend": "name of a backend or a peer",
        "device": "CPU or GPU",
        "status": "measured, not measured or failed",
        "note": "why there is no time, or of what part of an epoch it is",
        "repeat": "1, 2, ...",
        "steps": "measured steps of the epoch",
        "seconds": "of a whole epoch",
        "images_per_second": "of a whole epoch",
        "gflops": "GFLOP/s of the matrix products alone",
        "limit_2048_gflops": "GFLOP/s of large matrices on the device, in the same round",
        "limit_network_gflops": "GFLOP/s of matrices of the network's shapes, likewise",
        "peak_memory_mib": "MiB of the process",
        "first_step_seconds": "from loading the library to the end of the first step",
        "energy_joules": "J of the processor in a whole epoch, where the machine tells it",
    },
    rows="a repeat of an implementation, or one that says why there is none",
)
"""Seconds of an epoch of the same job, for Table 5.1b."""

JOBS = Table(
    writers=("benchmark_implementations",),
    columns={
        "program": "the report's: numpy, cupy or tensorflow",
        "device": "CPU or GPU",
        "status": "measured or not measured",
        "note": "as in the timings",
        "hidden_sizes": "units of the hidden layers, joined by hyphens",
        "steps": "of the epoch",
        "batch_size": "images of a batch",
        "repeats": "how many there were",
        "seconds": "of a whole epoch: the median of the repeats",
    },
    rows="a job",
)
"""The report's own four jobs, for Table 5.1a."""

COSTS = Table(
    writers=("measure_cost_by_size",),
    columns={
        "varied": "a name of `study.benchmark.cost.VARIED`",
        "value": "of what is varied",
        "backend": "a name of the library",
        "device": "CPU or GPU",
        "status": "as in the timings",
        "note": "as in the timings",
        "repeat": "1, 2, ...",
        "images": "measured images of the epoch",
        "seconds": "of a whole epoch",
        "gflop": "GFLOP of a whole epoch",
        "limit_gflops": "GFLOP/s of large matrices on the CPU",
    },
    rows="a repeat, or one that says why there is none",
    alike=("backend", "status"),
    each=("varied", "value"),
)
"""Seconds of an epoch as one size of the job is changed, for Figure 5.2."""

PROFILE = Table(
    writers=("profile_epoch",),
    columns={
        "backend": "a name of the library",
        "function": "its name",
        "module": "name of the file it is in",
        "calls": "in the profiled steps",
        "own_seconds": "in the function alone",
        "cumulative_seconds": "in it and in what it calls",
        "steps": "that were profiled",
        "scale": "how many times they make an epoch",
    },
    rows="a function, the longest own time first",
)
"""Where the time of an epoch goes, for Figure 5.1."""

OPERATIONS = Table(
    writers=("profile_operations",),
    columns={
        "backend": "a name of the library",
        "device": "what it was measured on",
        "status": "measured or not measured",
        "note": "why it was not measured",
        "operation": "TensorFlow's that XLA's holds, and its sizes; or a phase of CuPy's kernel",
        "kind": "of work: a name of `study.work.WORK`",
        "calls": "in an epoch",
        "own_seconds": "in an epoch, in the operation alone",
    },
    rows="an operation, or what is none of them; or one that says why there is no profile",
)
"""Where the time of an epoch goes in what a compiler made, for Figure 5.1."""

RUNS = Table(
    writers=("record_study",),
    columns={
        "run": "folder of the training within the results",
        "seconds": "that it took, from its last start where it was resumed",
        "peak_memory_mib": "MiB of its process",
        "ended": "the day",
    },
    rows="a training",
)
"""What each training took."""

STEPS = Table(
    writers=("record_study",),
    columns={
        "rule": "its name",
        "jobs": "how often it ran",
        "seconds": "of all its jobs together",
        "after": "the rules whose files it took, with blanks between",
    },
    rows="a rule whose steps made what was measured, or what they took",
)
"""The steps of the study, for its picture."""
