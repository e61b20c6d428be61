"""Checkpoints: what a training needs to go on after it was killed, as if it had not been."""

import copy
import glob
import hashlib
import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from vae._saved import save_arrays, saved_arrays
from vae.backends import Trainer
from vae.history import Measurement

SECONDS_BETWEEN = 60
"""Time between two checkpoints: what a kill can cost, and much more than saving takes."""


class _Saved(NamedTuple):
    """What a checkpoint of this training says."""

    epoch: int
    state: dict[str, np.ndarray]
    generators: list[np.random.Generator]
    history: list[Measurement]


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

    def resume(self, epochs: int) -> tuple[int, list[Measurement]]:
        """Set trainer and generators back to what the file says; what a kill left beside it goes.

        Parameters
        ----------
        epochs
            The training's length.

        Returns
        -------
        tuple
            The epochs that are done, and what was measured in them. None are, and trainer and
            generators stay as they are, if there is no file, or if it is damaged, longer or another
            training's, which is said on standard error.
        """
        for left in self._path.parent.glob(f".{glob.escape(self._path.name)}.*"):
            left.unlink(missing_ok=True)
        try:
            with saved_arrays(self._path, "a checkpoint") as arrays:
                about = json.loads(str(arrays["about"]))
                saved = self._read(about, arrays) if about["key"] == self._key else None
        except FileNotFoundError:
            return 0, []
        except (ValueError, OSError) as error:
            return self._from_the_start(f"is damaged ({error.__cause__ or error})")
        if saved is None:
            return self._from_the_start("is of other settings, data or code")
        if saved.epoch > epochs:
            return self._from_the_start(f"is of {saved.epoch} epochs, more than {epochs}")
        self._trainer.restore(saved.state)
        for generator, kept in zip(self._generators, saved.generators, strict=True):
            generator.bit_generator.state = kept.bit_generator.state
        return saved.epoch, saved.history

    def _read(self, about: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> _Saved:
        """Read all of a file before anything is set; raises whatever comes of what is damaged."""
        generators = [copy.deepcopy(generator) for generator in self._generators]
        for generator, state in zip(generators, about["generators"], strict=True):
            generator.bit_generator.state = state
        state = {}
        for name, now in self._trainer.state().items():
            state[name] = arrays[name]
            if (state[name].shape, state[name].dtype.kind) != (now.shape, now.dtype.kind):
                raise ValueError(f"expected {name} of shape {now.shape}")
        history = [Measurement(*fields) for fields in about["history"]]
        if max((row.epoch for row in history), default=0) != about["epoch"]:
            raise ValueError(f"its history is not one of {about['epoch']} epochs")
        return _Saved(about["epoch"], state, generators, history)

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
        save_arrays(self._path, about=np.array(json.dumps(about)), **self._trainer.state())
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
