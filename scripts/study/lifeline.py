"""Steps end with the Snakemake that started them, however it ends."""

import atexit
import fcntl
import os
import signal
import threading
import time
from pathlib import Path
from tempfile import mkstemp
from typing import IO, Any

VARIABLE = "VAE_LIFELINE"
"""Of the environment: a file that is locked for as long as steps may go on."""

GRACE = 5
"""Seconds that a step has to tidy up."""


def hold() -> None:
    """Hold the lock until this process ends or is interrupted; the system lets go of it as well."""
    file, name = mkstemp(prefix="lifeline-")
    atexit.register(Path(name).unlink, missing_ok=True)
    fcntl.lockf(file, fcntl.LOCK_EX)
    os.environ[VARIABLE] = name

    def let_go(number: int, frame: Any) -> None:
        fcntl.lockf(file, fcntl.LOCK_UN)
        signal.default_int_handler(number, frame)

    signal.signal(signal.SIGINT, let_go)


def follow() -> None:
    """End this process when the lock is let go; where no lock is told of, it goes on."""
    name = os.environ.get(VARIABLE)
    if name is not None and os.path.exists(name):
        held = open(name, "rb")  # noqa: SIM115 - open for as long as the process
        threading.Thread(target=_end_when_free, args=(held,), daemon=True).start()


def _end_when_free(held: IO[bytes]) -> None:
    fcntl.lockf(held, fcntl.LOCK_SH)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE)
    os._exit(128 + signal.SIGTERM)
