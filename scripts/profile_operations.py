"""Profile one epoch of TensorFlow by XLA's operations, or of CuPy's one kernel by its phases."""

from importlib import import_module
from pathlib import Path
from typing import Any

from step import run
from study.contracts import OPERATIONS
from study.work import OUTSIDE, WAITING, phase_rows
from vae.backends import limit_threads, unavailable

THREADS = 1
"""On one thread, as `profile_epoch`, what operations take adds up to the epoch."""

STEPS = 200
"""So many steps of TensorFlow stand for an epoch of more: every one does the same."""


def profile_operations(
    profile: Path, listing: Path, backend: str, settings: dict[str, Any], root_seed: int
) -> None:
    """Profile an epoch that was run before, or say why that cannot be.

    Parameters
    ----------
    profile
        csv of the form `study.contracts.OPERATIONS`.
    listing
        The same to read, under a line that says what share of the epoch it accounts for.
    backend
        "tensorflow" or "cupy".
    settings
        Those of `study.benchmark.benchmark_problem`.
    root_seed
        The study's.
    """
    if reason := unavailable(backend):
        OPERATIONS.write(profile, [{"backend": backend, "status": "not measured", "note": reason}])
        listing.write_text(f"{backend}: not measured: {reason}\n", encoding="utf-8")
        return
    device, rows = (_of_cupy if backend == "cupy" else _of_tensorflow)(settings, root_seed)
    about = {"backend": backend, "device": device, "status": "measured"}
    OPERATIONS.write(profile, [about | row for row in rows])
    listing.write_text(listed(f"{backend}, {device}", rows), encoding="utf-8")


def _of_cupy(settings: dict[str, Any], root_seed: int) -> tuple[str, list[dict[str, Any]]]:
    # By name, as backends are loaded: there may be no CuPy, and no TensorFlow.
    phases = import_module("study.benchmark.gpu").phases_of_an_epoch(settings, root_seed)
    return "GPU, by phase", phase_rows(phases, settings["steps"])


def _of_tensorflow(settings: dict[str, Any], root_seed: int) -> tuple[str, list[dict[str, Any]]]:
    xla = import_module("study.benchmark.xla")
    steps = min(settings["steps"], STEPS)
    scale = settings["steps"] / steps
    xla.library().config.set_visible_devices([], "GPU")
    limit_threads("tensorflow", THREADS)
    rows = xla.operations_of_an_epoch(settings | {"steps": steps}, root_seed)
    for row in rows:
        row["calls"] = round(scale * row["calls"])
        row["own_seconds"] *= scale
    return f"one thread, {scale:g} times {steps} steps", rows


def listed(title: str, rows: list[dict[str, Any]]) -> str:
    """Rows as lines of text under a title."""
    total = sum(row["own_seconds"] for row in rows)
    outside = sum(row["own_seconds"] for row in rows if row["operation"] in (OUTSIDE, WAITING))
    lines = [
        f"{row['calls']:9} {row['own_seconds']:10.6f} {row['own_seconds'] / total:6.1%}  "
        f"{row['kind']:22}  {row['operation']}"
        for row in rows
    ]
    head = f"{'calls':>9} {'seconds':>10} {'share':>6}  {'kind of work':22}  operation"
    accounted = f"an epoch of {total:.3f} seconds, of which {1 - outside / total:.1%} in operations"
    return "\n".join([f"{title}; {accounted}", "", head, *lines, ""])


if __name__ == "__main__":
    run(profile_operations, globals())
