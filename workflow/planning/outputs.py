"""The files that a rule gives: those of a figure and those of a table."""

from collections.abc import Iterable
from pathlib import Path, PurePath
from typing import Any

from snakemake.io import report

from planning.reference import REFERENCE

FIGURE_KINDS = ("svg", "pdf", "png")
TABLE_KINDS = ("csv", "md")

COMPILED = ("tensorflow", "cupy")
"""Backends whose epoch is one compiled program, which is profiled by operation."""

TELLING = ("figure_", "table_", "judge_claims", "report_values")
"""How the names of rules begin that tell what was measured, and measure nothing themselves."""


def drawn(results: str, name: str, section: str) -> dict[str, Any]:
    """Files of a figure as the outputs of its rule: svg, pdf and png.

    Parameters
    ----------
    results
        Folder of the results.
    name
        The figure's, which is also that of its rule, script and caption.
    section
        Where Snakemake's own report shows it.
    """
    svg, *others = (f"{results}/figures/{name}.{kind}" for kind in FIGURE_KINDS)
    shown = _reported(svg, name, section, "figure")
    return dict(zip(FIGURE_KINDS, (shown, *others), strict=True))


def tabulated(results: str, name: str, section: str) -> dict[str, Any]:
    """Files of a table as the outputs of its rule: csv and Markdown; otherwise as `drawn`."""
    table, markdown = (f"{results}/tables/{name}.{kind}" for kind in TABLE_KINDS)
    return {"table": _reported(table, name, section, "table"), "markdown": markdown}


def of_a_gpu(results: str) -> list[str]:
    """Files that scripts/check_gpu.py wrote on a machine with a GPU, if they were put there."""
    return sorted(str(file) for file in Path(results, "profiles/gpu").glob("*.*"))


def of_operations(results: str, backends: Iterable[str]) -> list[str]:
    """Profiles by operation of those backends that have one; of kept results, those that are."""
    names = [name for name in COMPILED if name in backends]
    return [file for name in names for file in where_kept(results, f"profiles/{name}_epoch.csv")]


def where_kept(results: str, file: str) -> list[str]:
    """Give a file of the results, or none where those that are kept are of a time before it."""
    path = Path(results, file)
    return [str(path)] if results != REFERENCE or path.exists() else []


def given(folder: str, rules: Iterable[Any]) -> list[str]:
    """Files that rules give into a folder, in the order of the rules."""
    files = (str(file) for rule in rules for file in rule.output)
    return [file for file in files if PurePath(file).parent == PurePath(folder)]


def names(files: Iterable[str]) -> list[str]:
    """Names of files without their folders and endings, each once."""
    return list(dict.fromkeys(PurePath(file).stem for file in files))


def drawn_from(results: str, rules: Iterable[Any]) -> set[str]:
    """Files that figures, tables and the values of the report are made from.

    Returns
    -------
    set of str
        Paths within the folder of the results, without what those rules give one another.
    """
    telling = [rule for rule in rules if rule.name.startswith(TELLING)]
    read = {str(file) for rule in telling for file in rule.input}
    given = {str(file) for rule in telling for file in rule.output}
    folder = f"{results}/"
    here = {file for file in read - given if file.startswith(folder)}
    if results != REFERENCE:
        here = {file for file in here if not file.startswith(f"{REFERENCE}/")}
    return {file.removeprefix(folder) for file in here}


def _reported(file: str, name: str, section: str, label: str) -> Any:
    caption = f"../report/captions/{name}.rst"
    return report(file, caption=caption, category=section, labels={label: name})
