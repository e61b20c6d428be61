"""Pandoc, as it comes with `pypandoc_binary`: Markdown to whatever the report is read in."""

import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pypandoc

PROGRAMS = Path(pypandoc.__file__).parent / "files"
"""Where the locked version lies; `pypandoc` would take a newer one that a machine may have."""


def convert(
    markdown: Path,
    to: str,
    *options: str,
    crossref: Path,
    bibliography: Path,
    resources: Iterable[Path],
) -> str:
    """Convert the report, its cross-references and citations resolved.

    Parameters
    ----------
    markdown
        The report, which names figures and tables by file name alone.
    to
        Pandoc's name of the format.
    options
        Further options of the command line.
    crossref
        The Lua filter that numbers figures, tables and equations and puts the tables in.
    bibliography
        BibTeX.
    resources
        The figures and tables.

    Raises
    ------
    FileNotFoundError
        If `pypandoc` was installed without the program.
    ValueError
        With pandoc's own words, if it fails or warns: about a reference to nothing, a citation
        that is not in the bibliography, a file that is not among the resources.
    """
    program = shutil.which("pandoc", path=str(PROGRAMS))
    if program is None:
        raise FileNotFoundError(f"no pandoc in {PROGRAMS}: expected the package pypandoc_binary")
    folders = sorted({str(path.parent) for path in resources})
    done = subprocess.run(
        [
            program,
            str(markdown),
            f"--to={to}",
            f"--lua-filter={crossref}",
            "--citeproc",
            f"--bibliography={bibliography}",
            f"--resource-path={os.pathsep.join(folders)}",
            "--number-sections",
            "--fail-if-warnings",
            "--standalone",
            *options,
        ],
        capture_output=True,
        encoding="utf-8",
    )
    if done.returncode:
        words = done.stderr.split("stack traceback:")[0].split()
        raise ValueError(f"{markdown}: {' '.join(words)}")
    return done.stdout
