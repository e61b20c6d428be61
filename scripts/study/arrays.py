"""Reading arrays by name from npz files."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from study import seals
from vae.names import require_known


def read_arrays(path: Path, *names: str) -> dict[str, NDArray[Any]]:
    """Read arrays by name from an npz file.

    Raises
    ------
    ValueError
        If the file is damaged or has no array of a name; it names the file.
    """
    with seals.reading(path, "npz"), np.load(path, allow_pickle=False) as file:
        known = file.files
        arrays = {name: file[name] for name in names if name in known}
    for name in names:
        require_known(f"{path}, array", name, known)
    return arrays
