"""What kinds of datasets write their parts of the configuration's schema with."""

from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]
"""A JSON schema. A `description` says what is expected, in the words of an error message; a
`meaning` says what a key does, for config/README.md."""


def shared(name: str, meaning: str) -> dict[str, str]:
    """Schema of a key whose values are those of a definition in config.schema.yaml."""
    return {"$ref": f"#/$defs/{name}", "meaning": meaning}


def when(key: str, alternatives: Mapping[str, Schema]) -> list[dict[str, Any]]:
    """Conditions for `allOf`: a mapping whose `key` has a name fits the schema of that name."""
    return [
        {
            "if": {"type": "object", "required": [key], "properties": {key: {"const": name}}},
            "then": schema,
        }
        for name, schema in alternatives.items()
    ]


def parts(items: int, test_fraction: float) -> bool:
    """Whether holding out a fraction of so many items leaves some to train and some to test on."""
    return 0 < round(items * test_fraction) < items


def choice(key: str, chooser: Schema, alternatives: Mapping[str, Schema]) -> dict[str, Any]:
    """Schema of a mapping that has the keys of one of the alternatives, chosen by `key`.

    Parameters
    ----------
    key, chooser
        The key that chooses, and its schema but for the names.
    alternatives
        Name to the schema of the other keys, which is closed to all more; it may be a choice.
    """
    closed = {name: _closed(schema, key) for name, schema in alternatives.items()}
    return {
        "required": [key],
        "properties": {key: {**chooser, "enum": [*alternatives]}},
        "allOf": when(key, closed),
    }


def _closed(schema: Schema, key: str) -> dict[str, Any]:
    """Allow a key, whose value is checked elsewhere, and no key that the schema does not name."""
    if "allOf" in schema:
        inner = [{**each, "then": _closed(each["then"], key)} for each in schema["allOf"]]
        return {**schema, "allOf": inner}
    properties = {key: {}, **schema.get("properties", {})}
    return {"required": [], **schema, "additionalProperties": False, "properties": properties}
