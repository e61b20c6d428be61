"""The report as one HTML file that needs no other."""

from collections.abc import Sequence
from pathlib import Path

from pandoc import convert
from step import run


def report_html(
    markdown: Path,
    figures: Sequence[Path],
    tables: Sequence[Path],
    crossref: Path,
    bibliography: Path,
    style: Path,
    html: Path,
) -> None:
    """Write the report as HTML, its style and figures inside and its formulae in MathML.

    Parameters
    ----------
    markdown
        The report's text.
    figures, tables
        What it shows: svg and csv.
    crossref, bibliography
        The Lua filter and the BibTeX file.
    style
        CSS.
    html
        The file to write.

    Raises
    ------
    ValueError
        If pandoc fails or warns.
    """
    text = convert(
        markdown,
        "html5",
        "--embed-resources",
        "--mathml",
        "--toc",
        f"--css={style}",
        crossref=crossref,
        bibliography=bibliography,
        resources=[*figures, *tables],
    )
    html.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    run(report_html, globals())
