"""The four jobs that the report timed, done again: no two of them are the same."""

from collections.abc import Sequence
from contextlib import suppress
from statistics import median
from typing import Any

from study.benchmark.implementations import unavailable
from study.benchmark.process import Worker, WorkerFailed

CUPY_BATCH = 64
"""Images of a batch in the report's CuPy program."""

NO_GPU = "TensorFlow finds no CUDA device"
NOT_ASKED = "not in the benchmark"


def load_tensorflow(worker: Worker, settings: dict[str, Any], threads: int) -> None:
    """Load the library of the TensorFlow job in its process, if the job is to be done."""
    if _reason("tensorflow", settings) is None:
        # What fails here fails again when the job is asked for, which then says so.
        with suppress(WorkerFailed):
            worker.ask("load", name="tensorflow", threads=threads)


def do_report_jobs(
    timings: Sequence[dict[str, Any]],
    settings: dict[str, Any],
    root_seed: int,
    threads: int,
    worker: Worker,
) -> list[dict[str, Any]]:
    """Time what the report's four programs did, each on the device that it ran on.

    Its NumPy program did the job of the backend `published`, whose timings are taken. Its CuPy
    program took other batches. Its TensorFlow program trained a network twice as deep, and counted
    reading the data, compiling and a test evaluation.

    Parameters
    ----------
    timings
        Rows of `study.benchmark.rounds.time_in_rounds`.
    settings, root_seed, threads
        As there.
    worker
        A process for the TensorFlow job.

    Returns
    -------
    list of dict
        Rows of `study.contracts.JOBS`, or parts of them.
    """
    images = settings["steps"] * settings["batch_size"]
    cupy = settings | {"batch_size": CUPY_BATCH, "steps": max(1, images // CUPY_BATCH)}
    deep = settings | {"hidden_sizes": [*settings["hidden_sizes"], *settings["hidden_sizes"]]}
    on_cpu, on_gpu = _tensorflow_job(worker, deep, root_seed, threads)
    return [
        _job("numpy", "CPU", settings) | _of_published(timings),
        _job("cupy", "GPU", cupy) | _cupy_job(cupy, root_seed, threads),
        _job("tensorflow", "CPU", deep) | on_cpu,
        _job("tensorflow", "GPU", deep) | on_gpu,
    ]


def _job(program: str, device: str, settings: dict[str, Any]) -> dict[str, Any]:
    return {
        "program": program,
        "device": device,
        "hidden_sizes": "-".join(map(str, settings["hidden_sizes"])),
        "steps": settings["steps"],
        "batch_size": settings["batch_size"],
    }


def _reason(backend: str, settings: dict[str, Any]) -> str | None:
    """Why a backend's job is not done, or None if it is to be."""
    return unavailable(backend) if backend in settings["backends"] else NOT_ASKED


def _of_published(timings: Sequence[dict[str, Any]]) -> dict[str, Any]:
    rows = [row for row in timings if row["backend"] == "published"]
    if not rows:
        return _not_measured(NOT_ASKED)
    status: dict[str, Any] = {key: rows[0][key] for key in ("status", "note") if key in rows[0]}
    if status["status"] != "measured":
        return status
    return status | {"repeats": len(rows), "seconds": median(row["seconds"] for row in rows)}


def _cupy_job(settings: dict[str, Any], root_seed: int, threads: int) -> dict[str, Any]:
    reason = _reason("cupy", settings)
    if reason is not None:
        return _not_measured(reason)
    with Worker(threads) as worker:
        try:
            worker.ask(
                "start", name="cupy", settings=settings, root_seed=root_seed, threads=threads
            )
            images = settings["steps"] * settings["batch_size"]
            worker.ask("epoch", images=images)
            return _measured(worker.ask("epoch", images=images)["seconds"])
        except WorkerFailed as error:
            return _failed(error)


def _tensorflow_job(
    worker: Worker, settings: dict[str, Any], root_seed: int, threads: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Rows of the CPU and of the GPU, of which TensorFlow takes one."""
    reason = _reason("tensorflow", settings)
    if reason is not None:
        return _not_measured(reason), _not_measured(reason)
    try:
        answer = worker.ask(
            "tensorflow_job", settings=settings, root_seed=root_seed, threads=threads
        )
    except WorkerFailed as error:
        return _failed(error), _not_measured(NO_GPU)
    measured = _measured(answer["seconds"])
    if answer["device"] == "GPU":
        return _not_measured("TensorFlow takes the GPU here"), measured
    return measured, _not_measured(NO_GPU)


def _measured(seconds: float) -> dict[str, Any]:
    return {"status": "measured", "repeats": 1, "seconds": seconds}


def _not_measured(note: str) -> dict[str, Any]:
    return {"status": "not measured", "note": note}


def _failed(error: WorkerFailed) -> dict[str, Any]:
    return {"status": "failed", "note": str(error)}
