"""Profile one epoch of the NumPy backend by function, as in Sec. 5 of the report."""

import cProfile
import csv
import pstats
from pathlib import Path
from typing import Any, NamedTuple

from step import run
from vae.backends import create_trainer, limit_threads
from vae.benchmark import benchmark_problem
from vae.optimizer import Adam

COLUMNS = ("function", "module", "calls", "own_seconds", "cumulative_seconds")


def profile_numpy_epoch(
    profile: Path, listing: Path, settings: dict[str, Any], root_seed: int, threads: int
) -> None:
    """Run one epoch under cProfile.

    Parameters
    ----------
    profile
        csv, a row a function, the longest own time first.
    listing
        cProfile's own listing.
    settings
        The configuration's `benchmark`.
    root_seed
        The study's.
    threads
        For BLAS.
    """
    limit_threads("numpy", threads)
    problem = benchmark_problem(settings, root_seed)
    parameters = problem.architecture.initial_parameters(problem.generator)
    trainer = create_trainer(
        "numpy", problem.architecture, parameters, Adam(), settings["batch_size"]
    )
    trainer.load(problem.x)
    order, noise = problem.draw_epoch()
    profiler = cProfile.Profile()
    profiler.runcall(trainer.run_epoch, order, noise)

    with open(listing, "w") as file:
        stats = pstats.Stats(profiler, stream=file).strip_dirs().sort_stats("tottime")
        stats.print_stats()
    with open(profile, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for (file_name, _, function), entry in sorted(
            profiled(profiler).items(), key=lambda item: -item[1].own_seconds
        ):
            writer.writerow([function, Path(file_name).stem, *entry])


class Entry(NamedTuple):
    """Calls of one function, and seconds in it without and with what it called."""

    calls: int
    own_seconds: float
    cumulative_seconds: float


def profiled(profiler: cProfile.Profile) -> dict[tuple[str, int, str], Entry]:
    """Profile by function: its file, line and name."""
    profiler.create_stats()
    return {
        function: Entry(calls, own, cumulative)
        for function, (_, calls, own, cumulative, _) in profiler.stats.items()
    }


if __name__ == "__main__":
    run(profile_numpy_epoch, globals())
