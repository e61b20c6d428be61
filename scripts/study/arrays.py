"""Reading arrays by name from npz files."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vae.names import require_known


def read_arrays(path: Path, *names: str) -> dict[str, NDArray[Any]]:
    """Read arrays by name from an npz file.

    Raises
    ------
    ValueError
        If the file has no array of a name.
    """
    with np.load(path, allow_pickle=False) as file:
        for name in names:
            require_known(f"{path}, array", name, file.files)
        return {name: file[name] for name in names}
