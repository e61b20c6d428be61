"""The report as one HTML file that needs no other."""

import json
from collections.abc import Sequence
from pathlib import Path

from pandoc import convert
from step import run
from study.plane_explorer import explorer

PLANE = "{{the latent plane}}"
"""What the page has in place of the data of its explorer, which are too long for a command line."""


def report_html(
    markdown: Path,
    figures: Sequence[Path],
    tables: Sequence[Path],
    crossref: Path,
    bibliography: Path,
    template: Path,
    style: Path,
    behaviour: Sequence[Path],
    images: Path,
    codes: Path,
    model: Sequence[Path],
    html: Path,
) -> None:
    """Write the report as HTML, with all that it needs inside and its formulae in MathML.

    Parameters
    ----------
    markdown
        The report's text.
    figures, tables
        What it shows: svg and csv.
    crossref, bibliography
        The Lua filter and the BibTeX file.
    template, style, behaviour
        The page, a pandoc template; CSS; JavaScript, without which all can be read.
    images, codes, model
        Of the run of the latent plane; the model, if it was kept: at most one file.
    html
        The file to write.

    Raises
    ------
    ValueError
        If pandoc fails or warns.
    """
    plane = json.dumps(explorer(images, codes, *model), ensure_ascii=False).replace("<", "\\u003c")
    text = convert(
        markdown,
        "html5",
        "--embed-resources",
        "--mathml",
        "--toc",
        "--toc-depth=4",
        # The page's own title is the heading of the first level.
        "--shift-heading-level-by=1",
        f"--template={template}",
        f"--css={style}",
        *(f"--variable=behaviour:{script}" for script in behaviour),
        crossref=crossref,
        bibliography=bibliography,
        resources=[*figures, *tables],
    )
    html.write_text(text.replace(PLANE, plane), encoding="utf-8")


if __name__ == "__main__":
    run(report_html, globals())
