"""Kinds of datasets: a module each, found by listing this folder.

A module says all that is known of its kind:

* `SETTINGS`, the JSON schema of its keys in a configuration, but for `kind`;
* `input_dimension(settings)`, the numbers in one image, and `training_items(settings)`, the images
  to train on; None if only the files know;
* `prepare(settings, files, rng)`, which gives the dataset and the fields of its data card that
  cannot be counted: `split` and, but for data of the catalogue, `source`, `licence` and `citation`;
* `MEMORY_MB`, what that takes, if it is more than 500;
* `RAW_FILES`, part to name, if it is made of files of the data catalogue; or `own_files(settings)`,
  part to path of a file or a folder, if of a user's own. `files` has them by the same parts;
* `problems(path, settings)`, sentences on settings that the schema lets pass, if there may be any.

The workflow is planned with these modules, so they import libraries inside functions.
"""

from importlib import import_module
from pathlib import Path
from typing import Any

from vae.names import require_known

KINDS = tuple(sorted(path.stem for path in Path(__file__).parent.glob("[!_]*.py")))


def module(kind: str) -> Any:
    """Module of a kind.

    Raises
    ------
    ValueError
        If there is no such kind.
    """
    require_known("kind", kind, KINDS)
    return import_module(f"study.datasets.{kind}")
