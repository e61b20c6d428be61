"""The report's text with every number filled in from the values, figures and tables in place.

The template is Jinja2, with `<# #>` for comments, since `{#` opens a label in Markdown. In it,

    v("key")                        is a value
    has("key")                      is whether there is such a value
    has_figure("name")              is whether the study has that figure
    mean("key", places=1)           is a mean over seeds with its spread, "97.2 ± 0.4"
    figure("name", "what it shows"), table("name")   puts one in, with its caption and its files

and a key may be given in parts, which dots will join. The filters at the end of this file put a
number or a name into words. A name that does not exist stops the build.
"""

import re
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

from jinja2 import Environment, StrictUndefined, TemplateSyntaxError, UndefinedError

from step import run
from study.seals import read_json
from study.wording import by_number, numbered, one_line, readable
from vae.names import nearest

MOST_FILES = 6
"""Data files of a figure or table that are named one by one, and not by their folders."""

Value = str | float | list[Any] | None


class UnknownNameError(LookupError):
    """The template asks for a value or a caption that does not exist."""


Made = Mapping[str, Mapping[str, Any]]
"""By figure and table, what `planning.outputs.made_from` says of it."""


def report_markdown(
    template: Path,
    values: Path,
    captions: Sequence[Path],
    made: Made,
    markdown: Path,
) -> None:
    """Fill the template in.

    Parameters
    ----------
    template
        Markdown with Jinja2.
    values
        What `report_values` wrote.
    captions
        Plain text; each is named after its figure or table.
    made
        How each figure and table is made.
    markdown
        The file to write.

    Raises
    ------
    ValueError
        If the template is not valid, or names a value, caption or variable that does not exist;
        the message names the line and the nearest name.
    """
    text = render(
        template,
        read_json(values),
        {path.stem: " ".join(path.read_text(encoding="utf-8").split()) for path in captions},
        {name: _files(how) for name, how in made.items()},
    )
    markdown.write_text(text, encoding="utf-8")


def render(
    template: Path,
    values: Mapping[str, Value],
    captions: Mapping[str, str],
    files: Mapping[str, str],
) -> str:
    """Fill a template in; `files` has the lines under figures. Raises as `report_markdown` does."""
    # The text is Markdown, which pandoc reads; in HTML, values would be escaped.
    environment = Environment(  # nosec B701
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        comment_start_string="<#",
        comment_end_string="#>",
    )
    environment.filters |= FILTERS

    def has(*parts: str) -> bool:
        return ".".join(parts) in values

    def v(*parts: str) -> Any:
        return _look_up("value", ".".join(parts), values)

    def mean(*parts: str, places: int = 1) -> str:
        average, spread = v(*parts, "mean"), v(*parts, "std")
        text = decimals(average, places)
        # A spread that these digits cannot tell from none is left out.
        return f"{text} ± {decimals(spread, places)}" if round(spread or 0.0, places) else text

    def figure(name: str, shows: str) -> str:
        caption = _look_up("caption", name, captions)
        attributes = f'#{name.replace("figure_", "fig:", 1)} alt="{one_line(shows.strip())}"'
        return f"![{caption}]({name}.svg){{{attributes}}}\n\n{files[name]}"

    def table(name: str) -> str:
        caption = _look_up("caption", name, captions)
        identifier = name.replace("table_", "tbl:", 1)
        return f'::: {{#{identifier} .csv src="{name}.csv"}}\n{caption}\n:::\n\n{files[name]}'

    environment.globals["has_figure"] = files.__contains__
    environment.globals |= {"v": v, "has": has, "mean": mean, "figure": figure, "table": table}
    try:
        code = environment.compile(template.read_text(encoding="utf-8"), filename=str(template))
        return environment.template_class.from_code(environment, code, environment.globals).render()
    except TemplateSyntaxError as error:
        raise ValueError(f"{template}, line {error.lineno}: {error.message}") from error
    except (UnknownNameError, UndefinedError, TypeError, ValueError) as error:
        lines = [
            frame.lineno
            for frame in traceback.extract_tb(error.__traceback__)
            if frame.filename == str(template)
        ]
        raise ValueError(f"{template}, line {lines[0]}: {error}") from error


def _files(made: Mapping[str, Any]) -> str:
    """Line with the files of a figure or table and what makes it; for the page alone."""

    def links(files: Iterable[str], label: Callable[[PurePath], str]) -> str:
        return " · ".join(f"[{plain(label(PurePath(file)))}]({file})" for file in files)

    data = made["data"]
    if len(data) > MOST_FILES:
        data = sorted({PurePath(file).parent.as_posix() for file in data})
    parts = [
        links(made["files"], lambda file: file.suffix[1:].upper()),
        "data: " + links(data, lambda file: file.name) if data else "",
        "script: " + links([made["script"]], lambda file: file.name),
        f"`{made['command']}`",
    ]
    return f"::: files\n{'; '.join(filter(None, parts))}\n:::"


def _look_up(what: str, name: str, known: Mapping[str, Any]) -> Any:
    if name not in known:
        hint = f"the nearest is {nearest(name, known)!r}" if known else "there are none"
        raise UnknownNameError(f"there is no {what} {name!r}; {hint}")
    return known[name]


def decimals(value: float, places: int) -> str:
    """Give a number with so many decimals, thousands set apart, and a true minus sign."""
    rounded = round(value, places) + 0.0  # of -0.0, 0.0
    return f"{rounded:,.{places}f}".replace("-", "−")


def significant(value: float, digits: int = 3) -> str:
    """Give a positive number with so many significant digits, never in powers of ten."""
    return f"{float(f'{value:.{digits}g}'):,.10f}".rstrip("0").rstrip(".")


def listing(items: Iterable[object]) -> str:
    """Give items as in a sentence: a, b and c; with semicolons if one of them has a comma."""
    *first, last = map(str, items)
    separator = "; " if any("," in item for item in (*first, last)) else ", "
    return f"{separator.join(first)} and {last}" if first else last


def signed(change: float, places: int = 1) -> str:
    """Give a change with its sign."""
    return decimals(change, places) if change < 0 else f"+{decimals(change, places)}"


def plain(text: object) -> str:
    """Keep text that is not ours, in a line, from being read as Markdown; with true minus signs."""
    text = re.sub(r"(?<![\w.,-])-(?=\d)", "−", str(text))
    return re.sub(r"([\\`*_{}\[\]<>@#$~^|&]|-(?=-)|\.(?=\.))", r"\\\1", one_line(str(text)))


FILTERS = {
    "decimals": decimals,
    "integer": lambda value: decimals(value, 0),
    "significant": significant,
    "seconds": lambda value: f"{significant(value)} s",
    "percent": lambda share: f"{decimals(100 * share, 0)}%",
    "signed": signed,
    "listing": listing,
    "plain": plain,
    "readable": readable,
    "by_number": by_number,
    "numbered": numbered,
    "named": lambda name: f"*{readable(name)}*",
    "words": lambda name: readable(name).lower(),
}


if __name__ == "__main__":
    run(report_markdown, globals())
