"""Checkpoints: what a training needs to go on after it was killed, as if it had not been."""

import hashlib
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from vae.backends import Trainer
from vae.history import Measurement

SECONDS_BETWEEN = 60
"""Time between two checkpoints: what a kill can cost, and much more than saving takes."""


class Checkpoint:
    """A file that keeps the state of a training after some of its epochs.

    Parameters
    ----------
    path
        The file.
    key
        The training's `training_key`: the file of another is never gone on from.
    trainer, generators
        Whose states it keeps.
    """

    def __init__(
        self, path: Path, key: str, trainer: Trainer, generators: Sequence[np.random.Generator]
    ) -> None:
        self._path, self._key = path, key
        self._trainer, self._generators = trainer, generators
        self._last_saved = time.monotonic()

    def resume(self) -> tuple[int, list[Measurement]]:
        """Set trainer and generators back to what the file says.

        Returns
        -------
        tuple
            The epochs that are done, and what was measured in them. None are, and trainer and
            generators stay as they are, if there is no file, or if it is damaged or another
            training's, which is said on standard error.
        """
        try:
            with np.load(self._path, allow_pickle=False) as arrays:
                about = json.loads(str(arrays["about"]))
                state = {name: arrays[name] for name in arrays.files if name != "about"}
        except FileNotFoundError:
            return 0, []
        except (ValueError, KeyError, OSError, EOFError, BadZipFile) as error:
            return self._from_the_start(f"is damaged ({error})")
        if about["key"] != self._key:
            return self._from_the_start("is of other settings, data or code")
        self._trainer.restore(state)
        for generator, saved in zip(self._generators, about["generators"], strict=True):
            generator.bit_generator.state = saved
        return about["epoch"], [Measurement(*fields) for fields in about["history"]]

    def save_if_due(self, epoch: int, history: Sequence[Measurement]) -> None:
        """Write the file, at once or not at all, if the last time is long enough ago."""
        if time.monotonic() - self._last_saved < SECONDS_BETWEEN:
            return
        about = {
            "key": self._key,
            "epoch": epoch,
            "generators": [dict(each.bit_generator.state) for each in self._generators],
            "history": history,
        }
        arrays: dict[str, Any] = {"about": np.array(json.dumps(about)), **self._trainer.state()}
        unfinished = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        try:
            with open(unfinished, "wb") as file:
                np.savez(file, **arrays)
                file.flush()
                os.fsync(file.fileno())
            os.replace(unfinished, self._path)
        finally:
            unfinished.unlink(missing_ok=True)
        self._last_saved = time.monotonic()

    def _from_the_start(self, reason: str) -> tuple[int, list[Measurement]]:
        print(f"{self._path} {reason}: training from the start", file=sys.stderr)
        return 0, []


def training_key(settings: Mapping[str, Any], data: Sequence[np.ndarray | None]) -> str:
    """Digest of all that the numbers of a training depend on.

    Parameters
    ----------
    settings
        Names and values that JSON can hold.
    data
        The arrays that it reads, or None.

    Returns
    -------
    str
        Hexadecimal SHA-256 of the settings, the data, and the source of every loaded module of this
        package.
    """
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    for array in data:
        if array is not None:
            digest.update(f"{array.shape} {array.dtype}".encode())
            digest.update(np.ascontiguousarray(array).data)
    package = __name__.split(".")[0]
    for name, module in sorted(sys.modules.items()):
        if name.split(".")[0] == package and module.__file__ is not None:
            digest.update(name.encode() + Path(module.__file__).read_bytes())
    return digest.hexdigest()
