"""Virtual environments that hold some packages, what these need, and nothing else."""

import sys
import venv
from collections.abc import Iterable
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def bare_environment(folder: Path, requirements: Iterable[str]) -> Path:
    """Make one of packages that are installed where the tests run, by links to them.

    Returns
    -------
    Path
        Its interpreter.
    """
    venv.create(folder, symlinks=True)
    packages = folder / f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
    for each in needed(requirements):
        for file in each.files or ():
            top = file.parts[0]
            if top not in ("..", "__pycache__") and not (packages / top).exists():
                (packages / top).symlink_to(Path(str(each.locate_file(top))).absolute())
    return folder / "bin/python"


def needed(requirements: Iterable[str]) -> list[Distribution]:
    """Packages that pip would install here for some requirements, such as those of a wheel.

    Raises
    ------
    importlib.metadata.PackageNotFoundError
        If one of them is not installed.
    """
    found: dict[str, Distribution] = {}
    asked: set[tuple[str, str]] = set()
    waiting = [(text, "") for text in requirements]
    while waiting:
        text, extra = waiting.pop()
        requirement = Requirement(text)
        marker = requirement.marker
        if (text, extra) in asked or (marker and not marker.evaluate({"extra": extra})):
            continue
        asked.add((text, extra))
        package = found[canonicalize_name(requirement.name)] = distribution(requirement.name)
        extras = {"", *requirement.extras}
        waiting += [(each, extra) for each in package.requires or () for extra in extras]
    return list(found.values())
