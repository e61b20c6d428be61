"""Code inputs: the files that a script really imports, so that editing one reruns its rules."""

import subprocess
import sys
from pathlib import Path

import pytest

from planning.imports import SCRIPTS, code_files

ROOT = Path(__file__).parents[1]


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    """Folder of scripts with one package, `lib`, that has a package `lib.sub` within."""
    for path in ("step.py", "lib/__init__.py", "lib/a.py", "lib/b.py", "lib/sub/__init__.py"):
        write(tmp_path / "scripts", path, "")
    write(tmp_path / "scripts", "lib/sub/c.py", "")
    return tmp_path / "scripts"


def write(scripts: Path, path: str, text: str) -> None:
    (scripts / path).parent.mkdir(parents=True, exist_ok=True)
    (scripts / path).write_text(text)


LIB, A, B, SUB, C, STEP = (
    "scripts/lib/__init__.py",
    "scripts/lib/a.py",
    "scripts/lib/b.py",
    "scripts/lib/sub/__init__.py",
    "scripts/lib/sub/c.py",
    "scripts/step.py",
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("import json, numpy as np\nfrom pathlib import Path", []),
        ("from step import run", [STEP]),
        ("import lib", [LIB]),
        ("import lib.a", [LIB, A]),
        ("import lib.a as short, step", [LIB, A, STEP]),
        ("from lib.a import anything, more", [LIB, A]),
        ("from lib import a", [LIB, A]),
        ("from lib import a, b as other", [LIB, A, B]),
        ("from lib import an_attribute", [LIB]),
        ("from lib.a import *", [LIB, A]),
        ("from lib.sub import c", [LIB, SUB, C]),
        ("import lib.sub.c", [LIB, SUB, C]),
        ("def f():\n    from lib.a import x", [LIB, A]),
        ("class K:\n    def f(self):\n        if True:\n            import lib.a", [LIB, A]),
        ("try:\n    import lib.a\nexcept ImportError:\n    import lib.b", [LIB, A, B]),
        ("match 1:\n    case 1:\n        import lib.a", [LIB, A]),
        ("with open('f') as f:\n    import lib.a", [LIB, A]),
        ("if __name__ == '__main__':\n    import lib.a", [LIB, A]),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import lib.a", []),
        ("import typing\nif typing.TYPE_CHECKING:\n    import lib.a", []),
        ("if TYPE_CHECKING:\n    import lib.a\nelse:\n    import lib.b", [LIB, B]),
        ("'''from lib import a'''  # import lib.b", []),
    ],
)
def test_one_script(scripts: Path, text: str, expected: list[str]) -> None:
    write(scripts, "figure.py", text)
    assert code_files("figure.py", root=scripts) == expected


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("lib/a.py", "import lib.b"),
        ("lib/a.py", "from lib import b"),
        ("lib/a.py", "from . import b"),
        ("lib/a.py", "from .b import x"),
        ("lib/a.py", "def f():\n    from .b import x"),
        ("lib/__init__.py", "from lib.b import x"),
        ("lib/__init__.py", "from .b import x"),
    ],
)
def test_imports_are_followed(scripts: Path, path: str, text: str) -> None:
    write(scripts, path, text)
    write(scripts, "figure.py", "import lib.a")
    assert code_files("figure.py", root=scripts) == [LIB, A, B]


def test_relative_import_from_two_levels_up(scripts: Path) -> None:
    write(scripts, "lib/sub/c.py", "from ..a import x")
    write(scripts, "figure.py", "import lib.sub.c")
    assert code_files("figure.py", root=scripts) == [LIB, A, SUB, C]


def test_circular_imports_end(scripts: Path) -> None:
    write(scripts, "lib/a.py", "import lib.b")
    write(scripts, "lib/b.py", "def f():\n    import lib.a")
    write(scripts, "figure.py", "import lib.b")
    assert code_files("figure.py", root=scripts) == [LIB, A, B]


def test_script_is_not_its_own_input(scripts: Path) -> None:
    write(scripts, "figure.py", "import other")
    write(scripts, "other.py", "import figure")
    assert code_files("figure.py", root=scripts) == ["scripts/other.py"]


def test_modules_loaded_by_name(scripts: Path) -> None:
    write(scripts, "lib/sub/c.py", "import lib.b")
    write(scripts, "figure.py", "import lib.a")
    assert code_files("figure.py", "lib.sub.c", root=scripts) == [LIB, A, B, SUB, C]


def test_folder_without_init_is_a_package(scripts: Path) -> None:
    (scripts / "lib/sub/__init__.py").unlink()
    write(scripts, "figure.py", "from lib.sub import c")
    assert code_files("figure.py", root=scripts) == [LIB, C]


def test_only_the_name_of_a_scripts_path_counts(scripts: Path) -> None:
    write(scripts, "figure.py", "import lib.a")
    for script in ("../../scripts/figure.py", Path("scripts/figure.py"), scripts / "figure.py"):
        assert code_files(script, root=scripts) == [LIB, A]


LAZY = "def __getattr__(name):\n    return import_module(f'lib.{name}')\n"


@pytest.mark.parametrize("text", ["from lib import Name", "import lib", "from lib import *"])
def test_name_of_a_lazy_package_is_an_error(scripts: Path, text: str) -> None:
    write(scripts, "lib/__init__.py", LAZY)
    write(scripts, "figure.py", f"\n{text}")
    with pytest.raises(ImportError) as raised:
        code_files("figure.py", root=scripts)
    assert str(raised.value) == (
        "scripts/figure.py, line 2: lib loads its names lazily, which hides the file they come "
        "from; import from a submodule of lib instead"
    )


def test_submodule_of_a_lazy_package_is_fine(scripts: Path) -> None:
    write(scripts, "lib/__init__.py", LAZY)
    write(scripts, "figure.py", "from lib import a\nfrom lib.b import x\nimport lib.sub.c")
    assert code_files("figure.py", root=scripts) == [LIB, A, B, SUB, C]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("import lib.z", "scripts/figure.py, line 1: there is no module lib.z in scripts/"),
        (
            "from lib.z.y import x",
            "scripts/figure.py, line 1: there is no module lib.z in scripts/",
        ),
        (
            "from . import a",
            "scripts/figure.py, line 1: the relative import leads out of every package",
        ),
    ],
)
def test_module_that_does_not_exist(scripts: Path, text: str, sentence: str) -> None:
    write(scripts, "figure.py", text)
    with pytest.raises(ImportError) as raised:
        code_files("figure.py", root=scripts)
    assert str(raised.value) == sentence


def test_extra_module_that_does_not_exist(scripts: Path) -> None:
    write(scripts, "figure.py", "")
    with pytest.raises(ImportError, match=r"figure.py, extra module lib.z: there is no module"):
        code_files("figure.py", "lib.z", root=scripts)


def test_script_that_does_not_exist(scripts: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"figure\.py"):
        code_files("figure.py", root=scripts)


# The project's own scripts


@pytest.mark.parametrize("script", sorted(path.name for path in SCRIPTS.glob("*.py")))
def test_inputs_of_an_own_script_exist(script: str) -> None:
    files = code_files(script)
    assert f"scripts/{script}" not in files
    assert all((ROOT / file).is_file() for file in files)


def test_nothing_that_python_loads_is_missed() -> None:
    """Python itself, importing the script, loads no file of the project that is not listed."""
    script = "figure_6_4_latent_manifold.py"
    code = (
        f"import sys, {Path(script).stem}\n"
        "for module in list(sys.modules.values()):\n"
        "    print(getattr(module, '__file__', None))"
    )
    printed = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(SCRIPTS)},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {
        Path(file).relative_to(ROOT).as_posix()
        for file in printed.stdout.splitlines()
        if Path(file).is_relative_to(SCRIPTS)
    }
    assert {f"scripts/{script}", "scripts/step.py"} <= loaded
    assert loaded <= {f"scripts/{script}", *code_files(script)}


def test_methods_of_a_module_loaded_by_name_count_where_they_are_mentioned(scripts: Path) -> None:
    model = "class K:\n    def {}(self):\n        import lib.b"
    write(scripts, "lib/a.py", model.format("train"))
    write(scripts, "run.py", "from step import run\nrun(model.train)")
    assert B in code_files("run.py", "lib.a", root=scripts)
    write(scripts, "other.py", "from step import run\nrun(model.draw)")
    assert code_files("other.py", "lib.a", root=scripts) == [LIB, A, STEP]
    write(scripts, "lib/sub/c.py", model.format("__init__"))
    assert B in code_files("other.py", "lib.sub.c", root=scripts), "whoever makes one calls it"


def test_training_a_boltzmann_machine_imports_nothing_that_only_measures_it() -> None:
    training, drawing, estimating = (
        code_files(script, "study.models.rbm")
        for script in ("train_baseline.py", "draw_model_samples.py", "estimate_likelihood.py")
    )
    sampling, annealing = (f"scripts/vae/boltzmann/{name}.py" for name in ("gibbs", "annealing"))
    assert not {sampling, annealing} & set(training)
    assert sampling in drawing and annealing not in drawing
    assert {sampling, annealing} <= set(estimating)
