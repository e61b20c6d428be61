"""The tables of config/README.md, as the schemas have them."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from planning.schema import SCHEMAS, load_schema

Schema = Mapping[str, Any]

TABLE = re.compile(
    r"<!-- keys of (?P<file>[\w.]+)(?P<part>(?:/[\w$]+)*) -->\n\n(?P<table>(?:\|.*\n)*)"
)
"""Where a table stands: a comment that names a schema and the way to a part of it, then rows."""


@dataclass(frozen=True)
class Row:
    """A key by its path, what may stand there, what it does, and of what choices."""

    key: str
    value: str
    meaning: str
    choices: tuple[str, ...] = ()

    def __str__(self) -> str:
        of = f"Of {', '.join(self.choices)}: " if self.choices else ""
        return f"| `{self.key}` | {self.value} | {of}{self.meaning} |\n"


def with_tables(text: str) -> str:
    """Write every table of a text anew."""

    def written(match: re.Match[str]) -> str:
        heading = match[0][: match.start("table") - match.start()]
        rows = rows_of(load_schema(SCHEMAS / match["file"]), match["part"])
        return heading + "| Key | Value | Meaning |\n|---|---|---|\n" + "".join(map(str, rows))

    return TABLE.sub(written, text)


def rows_of(schema: Schema, part: str) -> list[Row]:
    """Rows of a part of a schema; of the whole schema, those of its single values."""
    found: Any = schema
    for step in part.split("/")[1:]:
        found = found[step]
    rows = _rows(schema, found, "")
    return list(rows) if part else [row for row in rows if row.key in found["properties"]]


def _rows(schema: Schema, part: Schema, prefix: str) -> Iterator[Row]:
    """Rows of the keys of a mapping: those it explains, and those of the mappings within it."""
    for key, own in part.get("properties", {}).items():
        if "meaning" in own:
            optional = "" if key in part.get("required", ()) else "optional: "
            value = optional + _value(_resolved(schema, own))
            yield Row(prefix + key, value, own["meaning"])
        yield from _rows(schema, own, f"{prefix}{key}.")
    if isinstance(part.get("additionalProperties"), Mapping):
        yield from _rows(schema, part["additionalProperties"], f"{prefix}<name>.")
    yield from _chosen(schema, part.get("allOf", ()), prefix)


def _chosen(schema: Schema, conditions: Iterable[Schema], prefix: str) -> Iterator[Row]:
    """Rows of the keys that depend on a choice, each once, with the names that have it."""
    names: dict[Row, list[str]] = {}
    chooser = ""
    alternatives = [each for each in conditions if "if" in each]
    for each in alternatives:
        ((chooser, condition),) = each["if"]["properties"].items()
        for row in _rows(schema, each["then"], prefix):
            names.setdefault(row, []).append(f"`{condition['const']}`")
    for row, chosen in names.items():
        here = (f"{chooser} {_joined(chosen, 'and')}",)
        all_of_them = len(chosen) == len(alternatives)
        yield Row(row.key, row.value, row.meaning, (() if all_of_them else here) + row.choices)


def _resolved(schema: Schema, part: Schema) -> Schema:
    if "$ref" not in part:
        return part
    return {**schema["$defs"][part["$ref"].split("/")[-1]], **part}


def _value(part: Schema) -> str:
    names = [f"`{name}`" for name in part.get("enum", part.get("items", {}).get("enum", ()))]
    if "enum" in part:
        return _joined(names, "or")
    return f"{part['description']}: {_joined(names, 'or')}" if names else part["description"]


def _joined(words: list[str], conjunction: str) -> str:
    *first, last = words
    return f"{', '.join(first)} {conjunction} {last}" if first else last
