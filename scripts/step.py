"""Adapter between Snakemake and the pure functions of the step scripts.

A step's function names its files and settings as parameters; its rule names its inputs, outputs
and params alike, and `run` brings the two together. Nothing else in `scripts/` knows Snakemake.
"""

import inspect
import sys
import traceback
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits


def run(function: Callable[..., None], namespace: Mapping[str, Any]) -> None:
    """Call a step's function with what its rule names.

    Parameters
    ----------
    function
        Takes every named input of the rule but `code`, every named output and every param by
        keyword; also the rule's `threads`, if it has a parameter of that name.
    namespace
        The script's globals, into which Snakemake has put `snakemake`.

    Raises
    ------
    SystemExit
        If the function raised a `ValueError` or `OSError`: its message is the last line of the
        rule's log, so that bad input reads as one sentence.
    """
    job = namespace["snakemake"]
    arguments: dict[str, Any] = {
        name: _paths(value)
        for files in (job.input, job.output)
        for name, value in files.items()
        if name != "code"
    }
    arguments |= dict(job.params.items())
    if "threads" in inspect.signature(function).parameters:
        arguments["threads"] = job.threads
    with (
        open(job.log[0], "w", buffering=1) as log,
        redirect_stdout(log),
        redirect_stderr(log),
        # BLAS and OpenMP keep to the rule's threads, whatever the environment says.
        threadpool_limits(job.threads),
    ):
        try:
            function(**arguments)
        except BaseException as error:
            traceback.print_exc()
            if not isinstance(error, ValueError | OSError):
                raise
            print(f"{job.rule}: {error}", file=sys.stderr)
            sys.exit(1)


def _paths(value: Any) -> Path | list[Path]:
    return Path(value) if isinstance(value, str) else [Path(item) for item in value]
