"""Timing an implementation in a process of its own, from outside."""

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

SOURCE = Path(__file__).parents[2]
"""The folder from which `vae` is imported."""

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    # XLA's, which JAX reads
    "NPROC",
    "PJRT_NPROC",
)
"""What libraries read the number of their threads from when they are loaded."""


class WorkerFailed(RuntimeError):
    """A worker could not do what it was asked; the message is the reason, in one line."""


class Worker:
    """A `study.benchmark.worker`; a context manager that ends it.

    Parameters
    ----------
    threads
        CPU threads that its libraries may use.
    """

    def __init__(self, threads: int) -> None:
        environment = os.environ | dict.fromkeys(THREAD_VARIABLES, str(threads))
        environment["PYTHONPATH"] = str(SOURCE)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "study.benchmark.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=sys.stderr,
            env=environment,
            text=True,
        )

    def ask(self, do: str, **arguments: Any) -> Any:
        """Have a method of `study.benchmark.worker.Session` called, and wait for what it returns.

        Raises
        ------
        WorkerFailed
            If it raised, or the process ended.
        """
        process = self._process
        assert process.stdin is not None and process.stdout is not None
        try:
            print(json.dumps({"do": do, **arguments}), file=process.stdin, flush=True)
            line = process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise WorkerFailed(_ending(process.wait()))
        answer = json.loads(line)
        if "error" in answer:
            raise WorkerFailed(answer["error"])
        return answer

    def close(self) -> None:
        """End the process, unless it has ended."""
        self._process.kill()
        # What could not be sent to a process that had ended is sent again when its pipe is closed.
        with suppress(BrokenPipeError), self._process:
            pass
        self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _ending(status: int) -> str:
    """Put an exit status into words; a process killed for its memory has signal 9."""
    if status < 0:
        return f"its process was ended by the signal {signal.Signals(-status).name}"
    return f"its process ended with status {status}"
