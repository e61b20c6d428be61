"""What an epoch costs as the network, the batch or the training set grows."""

import sys
from collections.abc import Iterator
from typing import Any

from study.benchmark import benchmark_architecture, gflop
from study.benchmark.implementations import device, unavailable
from study.benchmark.process import Worker, WorkerFailed

VARIED = ("latent_dimension", "hidden_size", "batch_size", "train_size")

REPEATS = 3


def measure_costs(settings: dict[str, Any], root_seed: int, threads: int) -> list[dict[str, Any]]:
    """Time parts of epochs, one setting away from the benchmark's job at a time.

    Parameters
    ----------
    settings
        Those of `study.benchmark.benchmark_problem`; and `cost`, with `backends`, `images` (how
        many a part has) and, for each of `VARIED`, the list of its values. A training set of a size
        is taken whole.
    root_seed
        The study's.
    threads
        For each backend.

    Returns
    -------
    list of dict
        Rows of `study.contracts.COSTS`, or parts of them; of a backend that cannot run here, or
        failed, one row for each setting that says why.
    """
    with Worker(threads) as machine:
        limits = machine.ask("limits", settings=settings, threads=threads)
    limit = {"limit_gflops": limits["limit_2048_gflops"]}
    rows = []
    for backend in settings["cost"]["backends"]:
        for row in _backend_costs(backend, settings, root_seed, threads):
            rows.append(row | limit)
    return rows


def _backend_costs(
    backend: str, settings: dict[str, Any], root_seed: int, threads: int
) -> Iterator[dict[str, Any]]:
    reason = unavailable(backend)
    if reason is not None:
        row = {"device": device(backend), "status": "not measured", "note": reason}
        yield from (_row(backend, *varied) | row for varied in _varied(settings["cost"]))
        return
    measured: dict[str, list[dict[str, Any]]] = {}
    with Worker(threads) as worker:
        for varied, value in _varied(settings["cost"]):
            part = part_of(settings, varied, value)
            start = {"name": backend, "settings": part, "root_seed": root_seed, "threads": threads}
            key = repr(part)
            try:
                measured[key] = measured.get(key) or _time(worker, start)
            except WorkerFailed as error:
                measured[key] = [{"status": "failed", "note": str(error)}]
            epoch = value if varied == "train_size" else _images(settings)
            for answer in measured[key]:
                yield _row(backend, varied, value) | _of_epoch(answer, part, epoch)
            print(f"{backend}, {varied} {value}: {measured[key][-1]}", file=sys.stderr)


def part_of(settings: dict[str, Any], varied: str, value: int) -> dict[str, Any]:
    """Job of a part of an epoch in which one quantity has another value; in whole batches."""
    part = {key: settings[key] for key in ("input_dimension", "latent_dimension", "batch_size")}
    hidden_sizes, images = settings["hidden_sizes"], settings["cost"]["images"]
    if varied == "hidden_size":
        hidden_sizes = [value for _ in hidden_sizes]
    elif varied == "train_size":
        images = value
    else:
        part[varied] = value
    steps = max(1, images // part["batch_size"])
    return part | {"hidden_sizes": hidden_sizes, "steps": steps}


def _varied(cost: dict[str, Any]) -> Iterator[tuple[str, int]]:
    for varied in VARIED:
        for value in cost[f"{varied}s"]:
            yield varied, value


def _row(backend: str, varied: str, value: int) -> dict[str, Any]:
    return {"varied": varied, "value": value, "backend": backend}


def _time(worker: Worker, start: dict[str, Any]) -> list[dict[str, Any]]:
    """Answers to the repeats, after one that does not count."""
    about = worker.ask("start", **start)
    images = _images(start["settings"])
    answers = [worker.ask("epoch", images=images) for _ in range(REPEATS + 1)]
    return [
        about | {"status": "measured", "repeat": repeat, "seconds": answer["seconds"]}
        for repeat, answer in enumerate(answers[1:], start=1)
    ]


def _of_epoch(answer: dict[str, Any], part: dict[str, Any], images: int) -> dict[str, Any]:
    """Scale an answer from the part to an epoch of so many images."""
    if answer["status"] != "measured":
        return answer
    return answer | {
        "images": _images(part),
        "seconds": answer["seconds"] * images / _images(part),
        "gflop": gflop(benchmark_architecture(part), images),
    }


def _images(settings: dict[str, Any]) -> int:
    return settings["steps"] * settings["batch_size"]
