"""Which files of the project a script imports, so that editing one reruns the rules that use it.

Snakemake reruns a rule whose script changed, but does not look into what the script imports. A rule
therefore lists `code_inputs(...)` as its input `code`.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

SCRIPTS = Path(__file__).parents[2] / "scripts"


class _Import(NamedTuple):
    """`import module`, or one name of `from module import name`, and where it stands."""

    module: str
    name: str | None
    place: str


def code_inputs(script: str | Path, *extra_modules: str, root: Path = SCRIPTS) -> list[str]:
    """Files of the project that a script imports, directly or through one another.

    Parameters
    ----------
    script
        The script; of a path only the file's name counts, since scripts lie flat in `root`.
    *extra_modules
        Dotted names of modules that are loaded by name at run time, such as "vae.backends.numpy".
    root
        Folder of the scripts, where Python looks for the project's modules.

    Returns
    -------
    list of str
        Paths relative to the folder that holds `root`, sorted, without the script itself. Imports
        inside functions count; those under `if TYPE_CHECKING:` and those of installed packages do
        not.

    Raises
    ------
    FileNotFoundError
        If the script does not exist.
    ImportError
        If a module of the project is imported that does not exist, or a name from a package that
        loads its names lazily, which would hide the file that the name comes from.
    """
    start = root / Path(script).name
    pending = [start]
    for module in extra_modules:
        pending += _module_files(root, module, f"{start.name}, extra module {module}")
    found: set[Path] = set()
    while pending:
        file = pending.pop()
        if file not in found:
            found.add(file)
            pending += _imported_files(root, file)
    return sorted(file.relative_to(root.parent).as_posix() for file in found - {start})


@cache
def _imported_files(root: Path, file: Path) -> tuple[Path, ...]:
    """Files of the project that one file imports itself."""
    files: list[Path] = []
    for module, name, place in _imports(root, file):
        if not _exists(root, module.split(".")[0]):
            continue
        files += _module_files(root, module, place)
        if name and _exists(root, f"{module}.{name}"):
            files += _module_files(root, f"{module}.{name}", place)
        elif _is_lazy(_file(root, module)):
            raise ImportError(
                f"{place}: {module} loads its names lazily, which hides the file they come from; "
                f"import from a submodule of {module} instead"
            )
    return tuple(files)


def _imports(root: Path, file: Path) -> Iterator[_Import]:
    """Import statements of a file, their modules' names made absolute."""
    path = file.relative_to(root.parent).as_posix()
    package = file.relative_to(root).parent.parts
    for statement in _statements(_parsed(file)):
        place = f"{path}, line {statement.lineno}"
        if isinstance(statement, ast.Import):
            for alias in statement.names:
                yield _Import(alias.name, None, place)
        elif isinstance(statement, ast.ImportFrom):
            base: tuple[str, ...] = ()
            if statement.level:
                base = package[: len(package) + 1 - statement.level]
                if not base:
                    raise ImportError(f"{place}: the relative import leads out of every package")
            module = ".".join([*base, *filter(None, [statement.module])])
            for alias in statement.names:
                yield _Import(module, alias.name, place)


def _statements(node: ast.AST) -> Iterator[ast.stmt]:
    """Every statement inside a node, at any depth, but for those that only type checkers see."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and _is_type_checking(child.test):
            for alternative in child.orelse:
                yield alternative
                yield from _statements(alternative)
        elif isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case):
            if isinstance(child, ast.stmt):
                yield child
            yield from _statements(child)


def _is_type_checking(test: ast.expr) -> bool:
    return ast.unparse(test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")


@cache
def _parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"), filename=str(file))


def _module_files(root: Path, module: str, place: str) -> list[Path]:
    """Files that Python runs to import a module: those of its packages, then its own."""
    parts = module.split(".")
    names = [".".join(parts[: length + 1]) for length in range(len(parts))]
    for name in names:
        if not _exists(root, name):
            raise ImportError(f"{place}: there is no module {name} in {root.name}/")
    return [file for name in names if (file := _file(root, name))]


@cache
def _file(root: Path, module: str) -> Path | None:
    """File of a module; None if there is none, or for a folder without `__init__.py`."""
    path = root.joinpath(*module.split("."))
    candidates = (path / "__init__.py", path.with_name(f"{path.name}.py"))
    return next((file for file in candidates if file.is_file()), None)


def _exists(root: Path, module: str) -> bool:
    return _file(root, module) is not None or root.joinpath(*module.split(".")).is_dir()


def _is_lazy(file: Path | None) -> bool:
    """Whether a file is a package's, and the package finds its names when they are asked for."""
    return (
        file is not None
        and file.name == "__init__.py"
        and any(
            isinstance(statement, ast.FunctionDef) and statement.name == "__getattr__"
            for statement in _parsed(file).body
        )
    )
