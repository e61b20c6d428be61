"""Random generators, one for each task, derived from the root seed."""

import json
from hashlib import sha256

import numpy as np

from vae.names import require_whole


def generator(root_seed: int, *names: str | int) -> np.random.Generator:
    """Derive the generator of the task that `names` describes.

    Tasks of different names get independent streams; the same root seed and names give the same
    stream in every process and on every machine. A number and its text are the same name.

    Parameters
    ----------
    root_seed
        Non-negative.
    names
        What the randomness is for, such as a dataset's name, or a run's parameters in order.

    Raises
    ------
    ValueError
        If the root seed is not a non-negative whole number.
    """
    task = json.dumps([str(name) for name in names])
    words = np.frombuffer(sha256(task.encode()).digest(), dtype="<u4").tolist()
    return np.random.default_rng(
        np.random.SeedSequence([require_whole("seed", root_seed, 0), *words])
    )
