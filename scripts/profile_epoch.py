"""Profile one epoch of a NumPy backend by function, as in Sec. 5 of the report."""

import cProfile
import json
import pstats
import time
from collections.abc import Iterator
from itertools import cycle
from math import ceil
from pathlib import Path
from typing import Any, NamedTuple

from pyinstrument import Profiler
from pyinstrument.renderers import HTMLRenderer
from pyinstrument.session import Session

from step import run
from study.benchmark import LEARNING_RATE, benchmark_problem
from study.benchmark.warm import settle
from study.contracts import PROFILE
from vae.backends import create_trainer, limit_threads
from vae.optimizer import Adam

THREADS = 1
"""A profiler sees the thread that it was started in, so that all the work is done in one."""

SAMPLED = 4
"""One step of so many is sampled: enough of them to tell where the time goes."""

POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:"
"""A content security policy under which a page loads nothing from elsewhere."""


def profile_epoch(
    profile: Path,
    listing: Path,
    call_tree: Path,
    backend: str,
    settings: dict[str, Any],
    root_seed: int,
) -> None:
    """Run a part of an epoch under a sampling profiler, then an epoch under cProfile.

    Both begin warm, as the timings of Table 5.1 do: once steps get no faster. The first are given
    their memory anew, which takes longer than they do. Of the backend `published` some steps stand
    for the epoch.

    Parameters
    ----------
    profile
        csv of the form `study.contracts.PROFILE`. Calls and seconds are as measured over `steps`;
        times `scale` they are those of an epoch.
    listing
        cProfile's own listing, under a line that says what was profiled.
    call_tree
        A page with the tree of calls over time, of the first steps; it needs no other file.
    backend
        "numpy" or "published".
    settings
        Those of `study.benchmark.benchmark_problem`, and `published_steps`: as many of its steps.
    root_seed
        The study's.
    """
    limit_threads(backend, THREADS)
    epoch = settings["steps"]
    steps = min(settings["published_steps"], epoch) if backend == "published" else epoch
    part = f"{steps} of the {epoch}" if steps < epoch else f"the {epoch}"
    title = f"{backend}, one thread: {part} steps of an epoch"
    problem = benchmark_problem({**settings, "steps": steps}, root_seed)
    trainer = create_trainer(
        backend,
        problem.architecture,
        problem.architecture.initial_parameters(problem.generator),
        Adam(LEARNING_RATE),
        settings["batch_size"],
    )
    trainer.load(problem.x)
    order, noise = trainer.draw(problem.generator, len(problem.x))
    settle(_seconds_of_steps(trainer, order, noise, settings["batch_size"]))

    sampled = ceil(steps / SAMPLED)
    images = sampled * settings["batch_size"]
    sampler = Profiler(async_mode="disabled")
    sampler.start(
        target_description=f"{backend}, one thread: {sampled} of the {epoch} steps of an epoch"
    )
    trainer.run_epoch(order[:images], noise[:, :images])
    call_tree.write_text(page(sampler.stop()), encoding="utf-8")

    profiler = cProfile.Profile()
    profiler.runcall(trainer.run_epoch, order, noise)
    entries = profiled(profiler)
    scale = epoch / steps
    if steps < epoch:
        seconds = scale * sum(entry.own_seconds for entry in entries.values())
        title += f"; all of them take {scale:g} times as long, {seconds:.3f} seconds"
    with open(listing, "w", encoding="utf-8") as file:
        file.write(f"{title}\n\n")
        pstats.Stats(profiler, stream=file).strip_dirs().sort_stats("tottime").print_stats()
    longest_first = sorted(entries.items(), key=lambda item: -item[1].own_seconds)
    PROFILE.write(
        profile,
        (
            {"backend": backend, "function": function, "module": Path(file_name).stem}
            | entry._asdict()
            | {"steps": steps, "scale": scale}
            for (file_name, _, function), entry in longest_first
        ),
    )


def _seconds_of_steps(trainer: Any, order: Any, noise: Any, size: int) -> Iterator[float]:
    """Train on one batch after the other, for ever."""
    for first in cycle(range(0, len(order), size)):
        batch = slice(first, first + size)
        start = time.perf_counter()
        trainer.run_epoch(order[batch], noise[:, batch])
        yield time.perf_counter() - start


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


def page(session: Session) -> str:
    """Render a session as a page that loads nothing and names no folder of this machine."""
    text = json.dumps(session.to_json())
    folders = {*session.sys_path, *session.sys_prefixes, str(Path.cwd())}
    for folder in sorted(filter(None, folders), key=len, reverse=True):
        text = text.replace(json.dumps(f"{folder}/")[1:-1], "")
    fields = json.loads(text) | {"sys_path": [], "sys_prefixes": []}
    rendered = HTMLRenderer().render(Session.from_json(fields))
    policy = f'<head><meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    return rendered.replace("<head>", policy, 1)


if __name__ == "__main__":
    run(profile_epoch, globals())
