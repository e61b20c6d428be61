"""What each room of the project may import: the library, the study, the steps and the plan."""

import ast
from pathlib import Path

import pytest

from planning.imports import SCRIPTS

PLANNING = Path(__file__).parents[1] / "workflow/planning"
STEPS = {path.stem for path in SCRIPTS.glob("*.py")}


def imported(folder: Path) -> set[str]:
    """First parts of the names of all modules that a folder's files import, at any depth."""
    modules = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                modules |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                modules.add(str(node.module).split(".")[0])
    return modules


@pytest.mark.parametrize(
    ("room", "closed"),
    [
        (SCRIPTS / "vae", {"study", "planning"} | STEPS),
        (SCRIPTS / "study", {"planning"} | STEPS),
        (PLANNING, STEPS),
    ],
    ids=["vae", "study", "planning"],
)
def test_a_room_imports_nothing_of_those_above_it(room: Path, closed: set[str]):
    assert not imported(room) & closed
