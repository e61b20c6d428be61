"""Random generators, one for each task, derived from the root seed."""

import json
from hashlib import sha256

import numpy as np


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
    if isinstance(root_seed, bool) or not isinstance(root_seed, int) or root_seed < 0:
        raise ValueError(f"seed: expected a whole number of at least 0, got {root_seed!r}")
    task = json.dumps([str(name) for name in names])
    words = np.frombuffer(sha256(task.encode()).digest(), dtype="<u4").tolist()
    return np.random.default_rng(np.random.SeedSequence([root_seed, *words]))
