"""The report as a PDF: Markdown to Typst by pandoc, Typst to PDF by its compiler."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import typst

from pandoc import convert
from step import run


def report_pdf(
    markdown: Path,
    figures: Sequence[Path],
    tables: Sequence[Path],
    crossref: Path,
    bibliography: Path,
    template: Path,
    pdf: Path,
) -> None:
    """Write the report as a tagged PDF, the same bytes for the same inputs on any machine.

    It is as PDF/UA asks, but for its figures: Typst can say so only of a file without any in PDF,
    and in SVG they are larger and their words cannot be searched.

    Parameters
    ----------
    markdown
        The report's text.
    figures, tables
        What it shows: pdf and csv.
    crossref, bibliography
        The Lua filter and the BibTeX file.
    template
        The page, a pandoc template of Typst source.
    pdf
        The file to write.

    Raises
    ------
    ValueError
        If pandoc or Typst fails or warns.
    """
    source = convert(
        markdown,
        "typst",
        f"--template={template}",
        crossref=crossref,
        bibliography=bibliography,
        resources=[*figures, *tables],
    )
    # Typst reads no file outside the folder of its source.
    with TemporaryDirectory() as folder:
        main = Path(folder, "report.typ")
        main.write_text(source, encoding="utf-8")
        for figure in figures:
            shutil.copy(figure, folder)
        try:
            document, warnings = typst.compile_with_warnings(main, ignore_system_fonts=True)
        except typst.TypstError as error:
            raise ValueError(f"{template}: {error.diagnostic}") from error
    if warnings:
        raise ValueError(f"{template}: {'; '.join(warning.message for warning in warnings)}")
    pdf.write_bytes(document)


if __name__ == "__main__":
    run(report_pdf, globals())
