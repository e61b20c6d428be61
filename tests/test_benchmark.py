"""The benchmark: its arithmetic, its processes, its rounds, and what becomes of what cannot run."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from study.benchmark import (
    benchmark_architecture,
    benchmark_problem,
    cost,
    gflop,
    report_jobs,
    rounds,
)
from study.benchmark.energy import EnergyMeter
from study.benchmark.implementations import IMPLEMENTATIONS, unavailable
from study.benchmark.limit import LARGE, large_product, network_products, rate
from study.benchmark.process import Worker, WorkerFailed
from study.benchmark.worker import Session
from study.contracts import COSTS, TIMINGS
from study.peers import PEERS
from vae.backends import BACKENDS

SETTINGS: dict[str, Any] = {
    "input_dimension": 30,
    "hidden_sizes": [8],
    "latent_dimension": 2,
    "batch_size": 5,
    "steps": 4,
    "repeats": 3,
    "published_steps": 2,
    "backends": ["numpy", "published", "cupy"],
}
REPORTED = {
    "input_dimension": 784,
    "hidden_sizes": [500],
    "latent_dimension": 20,
}


@pytest.fixture
def worker() -> Iterator[Worker]:
    with Worker(threads=1) as process:
        yield process


def start(worker: Worker, name: str = "numpy") -> dict[str, Any]:
    return worker.ask("start", name=name, settings=SETTINGS, root_seed=1, threads=1)


# The job


def test_the_job_is_the_same_in_every_process() -> None:
    first, second = (benchmark_problem(SETTINGS, 1) for _ in range(2))
    np.testing.assert_array_equal(first.x, second.x)
    for one, other in zip(first.draw_epoch(), second.draw_epoch(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert first.x.shape == (20, 30)
    assert first.architecture.encoder_activation == "leaky_relu"
    assert first.architecture.decoder_activation == "relu"


def test_the_reports_epoch_has_246_gflop() -> None:
    assert gflop(benchmark_architecture(REPORTED), 60_000) == pytest.approx(246)


def test_arithmetic_is_that_of_the_products() -> None:
    architecture = benchmark_architecture(SETTINGS | {"hidden_sizes": [8, 6]})
    products = network_products(architecture, 5, np)
    assert sum(product.gflop for product in products) == pytest.approx(gflop(architecture, 5))
    assert len(products) == 3 * len(architecture.layers) - 1, "the pixels need no gradient"


def test_a_rate_counts_what_was_multiplied() -> None:
    (product,) = large_product(np)
    assert product.gflop == pytest.approx(2e-9 * LARGE**3)
    small = network_products(benchmark_architecture(SETTINGS), 5, np)
    waited = []
    assert rate(small, np, lambda: waited.append(time.perf_counter()), seconds=0.01) > 0
    assert waited[-1] - waited[0] >= 0.009


# Energy


def package(powercap: Path, name: str, counter: int) -> None:
    (powercap / name).mkdir(parents=True, exist_ok=True)
    (powercap / name / "energy_uj").write_text(f"{counter}\n")
    (powercap / name / "max_energy_range_uj").write_text("999\n")


def test_energy_is_that_of_all_packages_and_not_of_their_parts(tmp_path: Path) -> None:
    for name, counter in (("intel-rapl:0", 100), ("intel-rapl:1", 990), ("intel-rapl:0:0", 5)):
        package(tmp_path, name, counter)
    meter = EnergyMeter(tmp_path)
    package(tmp_path, "intel-rapl:0", 400)
    package(tmp_path, "intel-rapl:1", 10)
    package(tmp_path, "intel-rapl:0:0", 99)
    assert meter.joules() == pytest.approx(320e-6), "the second counter began again"


def test_a_machine_that_tells_no_energy_is_not_guessed(tmp_path: Path) -> None:
    assert EnergyMeter(tmp_path).joules() is None
    (tmp_path / "intel-rapl:0").mkdir()
    assert EnergyMeter(tmp_path).joules() is None


# Processes


def test_a_worker_times_epochs(worker: Worker) -> None:
    assert start(worker) == {"device": "CPU"}
    answer = worker.ask("epoch", images=20)
    assert 0 < answer["seconds"] < answer["seconds_since_start"]
    assert answer["peak_memory_mib"] > 10
    assert set(worker.ask("limits", settings=SETTINGS, threads=1)) <= set(TIMINGS.columns)


def test_a_worker_sleeps_between_requests(worker: Worker) -> None:
    start(worker)
    worker.ask("epoch", images=20)
    time.sleep(rounds.PAUSE)
    (child,) = psutil.Process().children()
    before, since = child.cpu_times().user, time.perf_counter()
    time.sleep(0.3)
    assert child.cpu_times().user - before < 0.1 * (time.perf_counter() - since)


def test_a_worker_that_raises_gives_the_reason_and_lives_on(worker: Worker) -> None:
    with pytest.raises(WorkerFailed, match=r"ValueError: backend: 'nunpy' is unknown"):
        start(worker, "nunpy")
    assert start(worker) == {"device": "CPU"}


def test_a_worker_that_is_killed_says_by_what(worker: Worker) -> None:
    start(worker)
    (child,) = psutil.Process().children()
    os.kill(child.pid, signal.SIGKILL)
    with pytest.raises(WorkerFailed, match="ended by the signal SIGKILL"):
        worker.ask("epoch", images=20)


# Rounds


def test_every_name_is_an_implementation() -> None:
    assert IMPLEMENTATIONS == BACKENDS + PEERS
    with pytest.raises(ValueError, match=r"'keas' is unknown.*nearest is keras"):
        unavailable("keas")


def test_rounds_time_everything_once_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """What fails or cannot run becomes a row, and the others are measured."""
    reasons = {"cupy": None, "jax": "JAX is not installed"}
    monkeypatch.setattr(rounds, "unavailable", reasons.get)
    rows = rounds.time_in_rounds(["numpy", "published", "cupy", "jax"], SETTINGS, 1, 1)
    by_name = {name: [row for row in rows if row["backend"] == name] for name in reasons}
    numpy, published = (
        [row for row in rows if row["backend"] == name] for name in ("numpy", "published")
    )
    assert [row["repeat"] for row in numpy] == [1, 2, 3]
    assert [row["repeat"] for row in published] == [1, 2]
    assert {row["steps"] for row in numpy} == {4}
    assert {(row["steps"], row["note"]) for row in published} == {
        (1, "scaled from 2 of 4 steps, timed warm")
    }
    for row in numpy + published:
        assert set(row) <= set(TIMINGS.columns)
        assert row["status"] == "measured"
        assert row["images_per_second"] == pytest.approx(20 / row["seconds"])
        arithmetic = gflop(benchmark_architecture(SETTINGS), 20)
        assert row["gflops"] == pytest.approx(arithmetic / row["seconds"])
        assert row["limit_2048_gflops"] > 0 and row["limit_network_gflops"] > 0
    if unavailable("cupy") is not None:
        (failed,) = by_name["cupy"]
        assert failed["status"] == "failed"
        assert failed["note"].startswith("BackendUnavailable: backend cupy: no")
    assert by_name["jax"] == [
        {
            "backend": "jax",
            "device": "CPU",
            "status": "not measured",
            "note": "JAX is not installed",
        }
    ]


def test_steps_are_warm_when_they_get_no_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session()
    session.start("published", SETTINGS, 1, 1)
    clock = iter([9.0, 4.0, 2.0, 1.9, 1.0, 3.0, 7.0])
    trained: list[int] = []
    monkeypatch.setattr(
        session,
        "_timed",
        lambda order, noise: trained.append(len(order)) or {"seconds": next(clock)},
    )
    assert [step["seconds"] for step in session.warm_steps(2)] == [1.0, 3.0]
    assert trained == [SETTINGS["batch_size"]] * 6, "1.9 is no less than nine tenths of 2"


def test_the_reports_jobs_are_done_or_say_why_not(
    monkeypatch: pytest.MonkeyPatch, worker: Worker
) -> None:
    monkeypatch.setattr(report_jobs, "unavailable", lambda name: f"no {name}")
    timings = [
        {"backend": "published", "status": "measured", "note": "scaled", "seconds": seconds}
        for seconds in (1.0, 5.0, 2.0)
    ]
    rows = report_jobs.do_report_jobs(timings, SETTINGS, 1, 1, worker)
    assert [(row["program"], row["device"], row["status"]) for row in rows] == [
        ("numpy", "CPU", "measured"),
        ("cupy", "GPU", "not measured"),
        ("tensorflow", "CPU", "not measured"),
        ("tensorflow", "GPU", "not measured"),
    ]
    assert rows[0]["seconds"] == 2.0 and rows[0]["repeats"] == 3
    assert [row.get("note") for row in rows] == [
        "scaled",
        "no cupy",
        "not in the benchmark",
        "not in the benchmark",
    ]
    whole_epoch = SETTINGS | {"steps": 600, "batch_size": 100}
    cupy = report_jobs.do_report_jobs([], whole_epoch, 1, 1, worker)[1]
    assert (cupy["steps"], cupy["batch_size"]) == (937, 64)


def test_the_tensorflow_job_is_timed(worker: Worker) -> None:
    pytest.importorskip("tensorflow")
    report_jobs.load_tensorflow(worker, SETTINGS | {"backends": ["tensorflow"]}, 1)
    answer = worker.ask("tensorflow_job", settings=SETTINGS, root_seed=1, threads=1)
    assert answer["seconds"] > 0
    assert answer["device"] in ("CPU", "GPU")


# Cost

COST: dict[str, Any] = {
    "backends": ["numpy", "cupy"],
    "images": 10,
    "latent_dimensions": [2, 3],
    "hidden_sizes": [4],
    "batch_sizes": [20],
    "train_sizes": [15],
}


@pytest.mark.parametrize(
    ("varied", "value", "change"),
    [
        ("latent_dimension", 3, {"latent_dimension": 3}),
        ("hidden_size", 4, {"hidden_sizes": [4]}),
        ("batch_size", 20, {"batch_size": 20, "steps": 1}),
        ("train_size", 15, {"steps": 3}),
    ],
)
def test_one_size_is_changed_at_a_time(varied: str, value: int, change: dict[str, Any]) -> None:
    base = {
        "input_dimension": 30,
        "hidden_sizes": [8],
        "latent_dimension": 2,
        "batch_size": 5,
        "steps": 2,
    }
    assert cost.part_of(SETTINGS | {"cost": COST}, varied, value) == base | change


def test_costs_are_of_a_whole_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cost, "unavailable", {"cupy": "no CUDA device"}.get)
    rows = cost.measure_costs(SETTINGS | {"cost": COST}, 1, 1)
    assert {row["note"] for row in rows if row["backend"] == "cupy"} == {"no CUDA device"}
    numpy = [row for row in rows if row["backend"] == "numpy"]
    assert len(numpy) == 5 * cost.REPEATS
    for row in numpy:
        assert set(row) <= set(COSTS.columns)
        assert row["seconds"] > 0 and row["limit_gflops"] > 0
    images = {row["varied"]: row["images"] for row in numpy}
    assert images == {
        "latent_dimension": 10,
        "hidden_size": 10,
        "batch_size": 20,
        "train_size": 15,
    }
    arithmetic = {(row["varied"], row["value"]): row["gflop"] for row in numpy}
    architecture = benchmark_architecture(SETTINGS)
    assert arithmetic["batch_size", 20] == pytest.approx(gflop(architecture, 20))
    assert arithmetic["train_size", 15] == pytest.approx(gflop(architecture, 15))
