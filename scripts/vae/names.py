"""One wording for a name that is not among the valid ones."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any


def require_known(key: str, value: Any, known: Iterable[str]) -> None:
    """Raise a `ValueError` naming what was expected, and the nearest, of an unknown value."""
    valid = tuple(known)
    if value not in valid:
        nearest = get_close_matches(str(value), valid, 1, 0.0)[0]
        raise ValueError(
            f"{key}: {value!r} is unknown; expected one of {', '.join(valid)} "
            f"(the nearest is {nearest})"
        )
