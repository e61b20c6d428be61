"""One wording for a name that is not among the valid ones, and the nearest that is."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any


def require_known(key: str, value: Any, known: Iterable[str]) -> None:
    """Raise a `ValueError` naming what was expected, and the nearest, of an unknown value."""
    valid = tuple(known)
    if value not in valid:
        raise ValueError(
            f"{key}: {value!r} is unknown; expected one of {', '.join(valid)} "
            f"(the nearest is {nearest(value, valid)})"
        )


def nearest(value: Any, known: Iterable[str], likeness: float = 0.0) -> str | None:
    """Return the name that is most like a value; None if none has the likeness, from 0 to 1."""
    return next(iter(get_close_matches(str(value), list(known), 1, likeness)), None)
