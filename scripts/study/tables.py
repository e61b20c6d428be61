"""How numbers become the cells of a table, and how a table is written."""

import csv
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from study.wording import one_line

NOT_MEASURED = "not measured"
NOT_GIVEN = "not given"
NONE = "–"
"""Cells without a number: we have none; the report has none; another cell of the row says why."""


def number(value: float, digits: int) -> str:
    """Give a number with so many decimals; a NaN is a dash."""
    return NONE if np.isnan(value) else f"{value:.{digits}f}"


def mean_and_deviation(values: ArrayLike, digits: int) -> str:
    """Give mean ± sample standard deviation; of one value, the value; of none, "not measured".

    A deviation that these digits cannot tell from none is left out.
    """
    known = np.asarray(values, dtype=np.float64)
    known = known[~np.isnan(known)]
    if known.size == 0:
        return NOT_MEASURED
    mean, deviation = float(known.mean()), float(known.std(ddof=1)) if known.size > 1 else 0.0
    text = number(mean, digits)
    return f"{text} ± {number(deviation, digits)}" if round(deviation, digits) else text


def write_table(
    rows: Sequence[dict[str, str]], table: Path, markdown: Path, text_columns: Sequence[str]
) -> None:
    """Write a table as csv and as a Markdown pipe table.

    Parameters
    ----------
    rows
        One dict a row, its keys the headers; all rows have the same ones.
    table, markdown
        The csv and the Markdown file.
    text_columns
        The headers of the columns to be set flush left; numbers are set flush right.

    Raises
    ------
    ValueError
        If there are no rows.
    """
    if not rows:
        raise ValueError(f"{table}: a table needs at least one row, and nothing was measured")
    headers = list(rows[0])
    with table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, headers, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)

    columns = [[_cell(header), *(_cell(row[header]) for row in rows)] for header in headers]
    # pandoc shares out the width of a wide table in proportion to the dashes
    widths = [max(3, *map(len, column)) for column in columns]
    left = [header in text_columns for header in headers]
    lines = [
        _line(
            cell.ljust(width) if flush_left else cell.rjust(width)
            for cell, width, flush_left in zip(cells, widths, left, strict=True)
        )
        for cells in zip(*columns, strict=True)
    ]
    rule = _line(
        ":" + "-" * (width - 1) if flush_left else "-" * (width - 1) + ":"
        for width, flush_left in zip(widths, left, strict=True)
    )
    markdown.write_text("\n".join([lines[0], rule, *lines[1:]]) + "\n", encoding="utf-8")


def _cell(text: str) -> str:
    """Keep text from being read as Markdown, and set a minus sign where a hyphen stands for one."""
    plain = re.sub(r"([\\`*_\[\]<>@#$~^|&])", r"\\\1", one_line(text))
    return re.sub(r"(?<![\w-])-(?=\d)", "−", plain)


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"
