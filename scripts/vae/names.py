"""One wording for a value that cannot be used: a name that is unknown, a number out of range."""

from collections.abc import Iterable
from difflib import get_close_matches
from math import inf
from numbers import Integral, Real
from typing import Any


def require_known(key: str, value: Any, known: Iterable[str]) -> None:
    """Raise a `ValueError` naming what was expected, and the nearest, of an unknown value."""
    valid = tuple(known)
    if value not in valid:
        raise ValueError(
            f"{key}: {value!r} is unknown; expected one of {', '.join(valid)} "
            f"(the nearest is {nearest(value, valid)})"
        )


def require_whole(key: str, value: Any, least: int = 1) -> int:
    """Return a whole number as an int; raise a `ValueError` of a smaller one, or of none."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        kind = "positive whole number" if least == 1 else f"whole number of at least {least}"
        raise ValueError(f"{key}: expected a {kind}, got {value!r}")
    return int(value)


def require_positive(key: str, value: Any) -> float:
    """Return a positive finite number as a float; raise a `ValueError` of any other value."""
    if isinstance(value, bool) or not isinstance(value, Real) or not 0 < float(value) < inf:
        raise ValueError(f"{key}: expected a positive number, got {value!r}")
    return float(value)


def nearest(value: Any, known: Iterable[str], likeness: float = 0.0) -> str | None:
    """Return the name that is most like a value; None if none has the likeness, from 0 to 1."""
    return next(iter(get_close_matches(str(value), list(known), 1, likeness)), None)
