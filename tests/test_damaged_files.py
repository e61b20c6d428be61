"""Files between steps and saved models: whatever is cut short or damaged is refused by name."""

import gzip
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import fabricated
import numpy as np
import pandas as pd
import pytest
from conftest import Project
from damage import DAMAGES, FULL, damaged, many

from step import run
from study import contracts, seals
from study.arrays import read_arrays
from study.dataset import load_dataset
from study.models.pca import PCA
from study.results import read_table
from unpack_evaluations import unpack_evaluations
from vae.architecture import Architecture
from vae.boltzmann.estimators import RBM, load_boltzmann_machine
from vae.history import Measurement, read_history, write_history
from vae.model import Model, load_model

Read = Callable[[Path], Any]


def model_file(path: Path) -> Path:
    architecture = Architecture(12, 2, encoder_sizes=(8,), decoder_sizes=(8,))
    parameters = architecture.initial_parameters(np.random.default_rng(0), np.dtype("float32"))
    Model(architecture, parameters).save(path)
    return path


def machine_file(path: Path) -> Path:
    x = np.random.default_rng(0).random((40, 6), np.float32)
    RBM((3,), epochs=1, random_state=0).fit(x).save(path)
    return path


def components_file(path: Path) -> Path:
    PCA(np.zeros(12), np.ones((12, 2)), 0.5).save(path)
    return path


def history_file(path: Path) -> Path:
    rows = [Measurement(epoch, "train", "elbo", -9.5, "nats/image") for epoch in (1, 2, 3, 4)]
    write_history(rows, path)
    return path


def packed_file(path: Path) -> Path:
    path.write_bytes(gzip.compress(b"dataset,seed\n" + b"digits,1\n" * 90, mtime=0))
    return path


def unpacked(path: Path) -> None:
    unpack_evaluations(path, path.with_name("unpacked.csv"))


def measurements(path: Path) -> Path:
    return fabricated.elbo_table(path, "latent_dimension", (2, 5))


def table(form: contracts.Table) -> Read:
    return lambda path: read_table(path, form)


FILES: dict[str, tuple[Callable[[Path], Any], Read]] = {
    "model.npz": (model_file, load_model),
    "machine.npz": (machine_file, load_boltzmann_machine),
    "components.npz": (components_file, PCA.load),
    "dataset.npz": (fabricated.network_dataset, load_dataset),
    "samples.npz": (
        fabricated.model_samples,
        lambda path: read_arrays(path, "test", "vae", "vae_neighbours", "image_shape"),
    ),
    "card.json": (fabricated.card, seals.read_json),
    "history.csv": (history_file, read_history),
    "packed.csv.gz": (packed_file, unpacked),
    "evaluation.csv": (measurements, read_table),
    "rows.csv": (
        measurements,
        lambda path: contracts.read_rows(path, contracts.MEASUREMENT.columns),
    ),
    "reconstruction.csv": (fabricated.reconstruction_errors, table(contracts.RECONSTRUCTION)),
    "likelihoods.csv": (fabricated.likelihoods, table(contracts.LIKELIHOOD)),
    "training.csv": (fabricated.boltzmann_training, table(contracts.BOLTZMANN_TRAINING)),
    "theory.csv": (fabricated.theory, table(contracts.THEORY)),
    "timings.csv": (fabricated.timings, table(contracts.TIMINGS)),
    "jobs.csv": (fabricated.report_jobs, table(contracts.JOBS)),
    "costs.csv": (fabricated.costs, table(contracts.COSTS)),
    "profile.csv": (fabricated.profile, table(contracts.PROFILE)),
    "operations.csv": (fabricated.operations, table(contracts.OPERATIONS)),
}
"""By name: what writes such a file, and what reads it."""

ROUNDS = many(3, 90)


@pytest.mark.parametrize("name", FILES)
def test_a_reader_raises_nothing_but_a_sentence_with_the_files_name(name: str, tmp_path: Path):
    """Of 90 damages of every kind to every file, 11,340 in all, in bounded memory."""
    path = tmp_path / name
    write, read = FILES[name]
    write(path)
    read(path)
    whole, refused = path.read_bytes(), 0
    before = peak_mib()
    for kind in DAMAGES:
        for seed in range(ROUNDS):
            path.write_bytes(damaged(whole, kind, seed))
            try:
                read(path)
            except ValueError as error:
                assert str(path) in str(error), (kind, seed)
                assert "\n" not in str(error), (kind, seed)
                refused += 1
    assert refused > 0
    assert peak_mib() - before < 200


def peak_mib() -> float:
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def halves(whole: bytes) -> list[bytes]:
    """Cut in half, at a byte and at the end of a line."""
    half = whole[: len(whole) // 2]
    return [half, half[: half.rfind(b"\n") + 1]]


@pytest.mark.xdist_group("study")
def test_every_file_between_steps_is_refused_when_it_is_cut_in_half(
    finished: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Tables at the end of a line too, pictures, pages and texts."""
    monkeypatch.chdir(tmp_path)
    results = finished.root / "results"
    made = [
        file
        for file in sorted(results.rglob("[!.]*.*"))
        if file.suffix not in (".log", ".tsv")
        and file.name != "README.md"
        and "reference" not in file.parts
    ]
    kinds = {(file.suffix, file.stem) for file in made}
    assert len(kinds) > 100
    for file in made:
        whole, seal = file.read_bytes(), file.with_name(f".{file.name}.sha256")
        copied = tmp_path / file.name
        seal_there = tmp_path / seal.name
        seal_there.write_bytes(seal.read_bytes())
        for content, status in ((whole, None), *((half, 1) for half in halves(whole))):
            copied.write_bytes(content)
            assert exit_of_a_step_that_reads(copied) == status, file
        assert f"reader: {copied}: expected what its step wrote" in Path("log").read_text()


@pytest.mark.xdist_group("study")
@pytest.mark.skipif(not FULL, reason="minutes; with TEST_DAMAGE=1")
def test_a_study_with_cut_files_names_them_and_goes_on_when_they_are_removed(edited: Project):
    results = edited.root / "results"
    run_folder = "models/digits/tiny/report/z2-nall-e3/numpy-seed1"
    cut = [
        results / f"{run_folder}/evaluation.csv",
        results / f"{run_folder}/codes.npz",
        results / "profiles/machine.json",
        results / "report/report.md",
        results / "figures/figure_5_1_profile.svg",
        results / "tables/table_datasets.csv",
    ]
    before = {file: file.read_bytes() for file in cut}
    for file in cut:
        file.write_bytes(halves(before[file])[1] or halves(before[file])[0])
    printed = edited.snakemake(status=1)
    assert "Traceback" not in printed
    # The others are read by steps that wait for those that failed.
    assert f"results/{run_folder}/evaluation.csv: expected what its step wrote" in printed
    for file in cut:
        file.unlink()
    edited.snakemake()
    assert all(file.stat().st_size > 0 for file in cut)
    assert cut[1].read_bytes() == before[cut[1]]


def exit_of_a_step_that_reads(file: Path) -> Any:
    job = SimpleNamespace(
        input={"file": str(file)}, output={}, params={}, threads=1, log=["log"], rule="reader"
    )
    failures = Path(".snakemake/failures")
    for left in failures.glob("*"):
        left.unlink()
    try:
        run(lambda file: None, {"snakemake": job})
    except SystemExit as ended:
        return ended.code
    return None


MISSING = {
    "an epoch of a run": lambda frame: frame[~((frame["seed"] == 2) & (frame["epoch"] == 2))],
    "the last epoch": lambda frame: frame[frame["epoch"] < 4],
    "the last epochs of one": lambda frame: frame[~((frame["seed"] == 2) & (frame["epoch"] > 2))],
    "the metric of a run": lambda frame: frame[
        ~((frame["seed"] == 3) & (frame["metric"] == "elbo") & (frame["split"] == "test"))
    ],
    "all after a row within a run": lambda frame: frame[: len(frame) // 2 - 1],
    "all rows": lambda frame: frame[:0],
}


@pytest.mark.parametrize("missing", MISSING)
def test_missing_rows_are_found_by_what_they_mean(missing: str, tmp_path: Path):
    """In a table without a seal, such as those that the project keeps."""
    path = measurements(tmp_path / "evaluation.csv")
    MISSING[missing](pd.read_csv(path)).to_csv(path, index=False)
    with pytest.raises(ValueError, match=f"^{path}: expected .*; remove it, then run again$"):
        read_table(path)
