"""Which files of the project a script imports, so that editing one reruns the rules that use it.

Snakemake reruns a rule whose script changed, but does not look into what the script imports: see
`planning.steps`.
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
    method: str | None
    """The method in which it stands, if any."""


def code_files(script: str | Path, *extra_modules: str, root: Path = SCRIPTS) -> list[str]:
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
        not. Of a module that is loaded by name, and of those beside it, the imports inside a method
        count if any of the files mentions the method: training need not import what sampling does.

    Raises
    ------
    FileNotFoundError
        If the script does not exist.
    ImportError
        If a module of the project is imported that does not exist, or a name from a package that
        loads its names lazily, which would hide the file that the name comes from.
    """
    start = root / Path(script).name
    loaded = [
        _module_files(root, module, f"{start.name}, extra module {module}")
        for module in extra_modules
    ]
    partly_run = {files[-1].parent for files in loaded if files}
    found: set[Path] = set()
    reached = {start, *(file for files in loaded for file in files)}
    while reached != found:
        found = reached
        mentioned = set().union(*map(_mentioned, found))
        reached = found | {
            imported
            for file in found
            for imported, method in _imported_files(root, file)
            if method is None or file.parent not in partly_run or method in mentioned
        }
    return sorted(file.relative_to(root.parent).as_posix() for file in found - {start})


@cache
def _imported_files(root: Path, file: Path) -> tuple[tuple[Path, str | None], ...]:
    """Files of the project that one file imports itself, each with the method that does."""
    found: list[tuple[Path, str | None]] = []
    for module, name, place, method in _imports(root, file):
        if not _exists(root, module.split(".")[0]):
            continue
        files = _module_files(root, module, place)
        if name and _exists(root, f"{module}.{name}"):
            files += _module_files(root, f"{module}.{name}", place)
        elif _is_lazy(_file(root, module)):
            raise ImportError(
                f"{place}: {module} loads its names lazily, which hides the file they come from; "
                f"import from a submodule of {module} instead"
            )
        found += [(each, method) for each in files]
    return tuple(found)


@cache
def _mentioned(file: Path) -> frozenset[str]:
    """Names that a file uses, among them those of all that it calls."""
    nodes = ast.walk(_parsed(file))
    return frozenset(
        node.attr if isinstance(node, ast.Attribute) else node.id
        for node in nodes
        if isinstance(node, ast.Attribute | ast.Name)
    )


def _imports(root: Path, file: Path) -> Iterator[_Import]:
    """Import statements of a file, their modules' names made absolute."""
    path = file.relative_to(root.parent).as_posix()
    package = file.relative_to(root).parent.parts
    for statement, method in _statements(_parsed(file)):
        place = f"{path}, line {statement.lineno}"
        if isinstance(statement, ast.Import):
            for alias in statement.names:
                yield _Import(alias.name, None, place, method)
        elif isinstance(statement, ast.ImportFrom):
            base: tuple[str, ...] = ()
            if statement.level:
                base = package[: len(package) + 1 - statement.level]
                if not base:
                    raise ImportError(f"{place}: the relative import leads out of every package")
            module = ".".join([*base, *filter(None, [statement.module])])
            for alias in statement.names:
                yield _Import(module, alias.name, place, method)


def _statements(node: ast.AST, method: str | None = None) -> Iterator[tuple[ast.stmt, str | None]]:
    """Every statement inside a node, at any depth, but for those that only type checkers see.

    Each with the outermost method that it is in, special ones left out.
    """
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and _is_type_checking(child.test):
            for alternative in child.orelse:
                yield alternative, method
                yield from _statements(alternative, method)
        elif isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case):
            if isinstance(child, ast.stmt):
                yield child, method
            yield from _statements(child, method or _method(node, child))


def _method(node: ast.AST, child: ast.AST) -> str | None:
    """Name of a method, if that is what a child of a node is, and not a special one."""
    if not isinstance(node, ast.ClassDef) or not isinstance(child, ast.FunctionDef):
        return None
    return None if child.name.startswith("__") else child.name


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
