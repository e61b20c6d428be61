"""Adapter between Snakemake and the pure functions of the step scripts.

A step's function names its files and settings as parameters; its rule names its inputs, outputs
and params alike, and `run` brings the two together. Nothing else in `scripts/` knows Snakemake.
"""

import errno
import inspect
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from study import failures, lifeline, seals

TRIGGERS = ("code", "fingerprint")
"""Params that only tell Snakemake when a step has to run again."""


def run(function: Callable[..., None], namespace: Mapping[str, Any]) -> None:
    """Call a step's function with what its rule names.

    Its inputs are checked against their seals, and its outputs appear whole, when it is done.

    Parameters
    ----------
    function
        Takes every named input and output of the rule, and every param but `TRIGGERS`, by
        keyword; also the rule's `threads`, if it has a parameter of that name.
    namespace
        The script's globals, into which Snakemake has put `snakemake`.

    Raises
    ------
    SystemExit
        If the function raised, or has in this run in a way that no other try can mend. Its
        traceback is in the rule's log, whose last line is one sentence on what is wrong, which
        `study.failures` keeps for the end of the run.
    """
    job = namespace["snakemake"]
    if failures.is_final(job.log[0]):
        sys.exit(f"{job.rule}: failed before in this run, and would again (log: {job.log[0]})")
    inputs, outputs = (
        {name: _paths(value) for name, value in files.items()} for files in (job.input, job.output)
    )
    arguments: dict[str, Any] = inputs | {
        name: _each(seals.unfinished, files) for name, files in outputs.items()
    }
    arguments |= {name: value for name, value in job.params.items() if name not in TRIGGERS}
    if "threads" in inspect.signature(function).parameters:
        arguments["threads"] = job.threads
    with (
        open(job.log[0], "w", buffering=1) as log,
        redirect_stdout(log),
        redirect_stderr(log),
        # BLAS and OpenMP keep to the rule's threads, whatever the environment says.
        threadpool_limits(job.threads),
        _ended_tidily(),
    ):
        try:
            for files in inputs.values():
                _each(seals.check, files)
            function(**arguments)
            for files in outputs.values():
                _each(seals.finish, files)
        except Exception as error:
            log.write(_traceback(error, function, namespace))
            sentence = f"{job.rule}: {_sentence(error, Path(job.log[0]))}"
            log.write(f"{sentence}\n")
            failures.leave(sentence, job.log[0], final=isinstance(error, ValueError))
            sys.exit(1)
        finally:
            for files in outputs.values():
                _each(lambda file: seals.unfinished(file).unlink(missing_ok=True), files)


@contextmanager
def _ended_tidily() -> Iterator[None]:
    """End by an exception when told to end or when Snakemake is gone."""
    before = signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    lifeline.follow()
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _sentence(error: Exception, log: Path) -> str:
    """What is wrong, in one line: an error of input has said it, others are named by their kind.

    The log lies on the disk of what the step writes.
    """
    said = " ".join(str(error).split()).replace(seals.UNFINISHED, "")
    if isinstance(error, MemoryError):
        return (
            f"not enough memory ({said or 'MemoryError'}); give the step more, or run fewer at once"
        )
    if isinstance(error, OSError) and error.errno == errno.ENOSPC and error.filename is None:
        return f"no space left on the disk of {log.resolve().parent}"
    if isinstance(error, ValueError | OSError):
        return said
    return f"{type(error).__name__}: {said}; a fault of this program, whose log tells more"


def _traceback(
    error: Exception, function: Callable[..., None], namespace: Mapping[str, Any]
) -> str:
    """Traceback with the script's own name and lines.

    Snakemake runs a copy of the script, to which it adds some lines at the beginning.
    """
    copy = function.__code__.co_filename
    script = namespace.get("__file__", copy)
    added = _lines(copy) - _lines(script)
    formatted = traceback.TracebackException.from_exception(error)
    told: traceback.TracebackException | None = formatted
    while told is not None:
        for frame in told.stack:
            if frame.filename == copy != script and frame.lineno:
                frame.filename, frame.lineno = script, frame.lineno - added
        told = told.__cause__ or told.__context__
    return "".join(formatted.format())


def _lines(file: str) -> int:
    return Path(file).read_text(encoding="utf-8").rstrip().count("\n")


def _each(do: Callable[[Path], Any], files: Path | list[Path]) -> Any:
    return do(files) if isinstance(files, Path) else [do(file) for file in files]


def _paths(value: Any) -> Path | list[Path]:
    return Path(value) if isinstance(value, str) else [Path(item) for item in value]
