"""The files that a rule gives: those of a figure and those of a table."""

from collections.abc import Iterable
from os.path import relpath
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
    shown = reported(svg, name, section, "figure")
    return dict(zip(FIGURE_KINDS, (shown, *others), strict=True))


def tabulated(results: str, name: str, section: str) -> dict[str, Any]:
    """Files of a table as the outputs of its rule: csv and Markdown; otherwise as `drawn`."""
    table, markdown = (f"{results}/tables/{name}.{kind}" for kind in TABLE_KINDS)
    return {"table": reported(table, name, section, "table"), "markdown": markdown}


def reported(file: str, name: str, section: str, label: str) -> Any:
    """File that Snakemake's own report shows, with its caption."""
    caption = f"../report/captions/{name}.rst"
    return report(file, caption=caption, category=section, labels={label: name})


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


def made_from(results: str, rules: Iterable[Any]) -> dict[str, dict[str, Any]]:
    """How each figure and table is made, for a page in the folder `report` of the results.

    Returns
    -------
    dict
        By name: `command`; and as paths from the page `script`, `files` of the figure or table
        and `data` that it shows.
    """
    page = f"{results}/report"
    options = "" if results == "results" else " --config results=reference"
    made = {}
    for rule in rules:
        for name in names(_shown(results, rule)):
            files = [file for file in map(str, rule.output) if PurePath(file).stem == name]
            data = {file for file in map(str, rule.input) if file.startswith(f"{results}/")}
            made[name] = {
                "command": f"snakemake {rule.name}{options}",
                "script": relpath(f"scripts/{PurePath(rule.script).name}", page),
                "files": [relpath(file, page) for file in files],
                "data": [relpath(file, page) for file in sorted(data)],
            }
    return made


def shown_in(results: str, rules: Iterable[Any]) -> dict[str, list[str]]:
    """By file of what was measured, the figures and tables that show it and the least else."""
    found: dict[str, dict[str, int]] = {}
    for rule in rules:
        read = [file for file in map(str, rule.input) if file.startswith(f"{results}/")]
        for file in read:
            counts = dict.fromkeys(names(_shown(results, rule)), len(read))
            found.setdefault(file, {}).update(counts)
    return {
        file: [name for name, count in counts.items() if count == min(counts.values())]
        for file, counts in found.items()
        if counts
    }


def _shown(results: str, rule: Any) -> list[str]:
    """Files of a rule that are figures or tables."""
    folders = (PurePath(results, "figures"), PurePath(results, "tables"))
    return [file for file in map(str, rule.output) if PurePath(file).parent in folders]
