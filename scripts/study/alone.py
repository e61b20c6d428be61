"""One process at a time for what must not be done beside itself."""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold a folder for a block, as one process on one machine may at a time.

    The system lets go of it when the process ends, however that is.

    Raises
    ------
    ValueError
        If another process holds it, naming the machine and the process.
    """
    file = folder / ".running"
    with open(file, "a+", encoding="utf-8") as held:
        try:
            fcntl.lockf(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            held.seek(0)
            holder = held.read().strip() or "elsewhere"
            raise ValueError(
                f"{folder}: this training runs already ({holder}); wait for it or cancel it, then "
                "start again"
            ) from None
        held.truncate(0)
        held.write(f"process {os.getpid()} on {socket.gethostname()}\n")
        held.flush()
        try:
            yield
        finally:
            file.unlink(missing_ok=True)
