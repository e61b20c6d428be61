"""When a program is warm: the first steps after a pause take longer than they do later."""

from collections.abc import Iterator
from itertools import islice

SETTLED = 0.9
"""A step that takes more than this part of the fastest one before it is as fast as they get."""

MOST_COLD_STEPS = 10
"""Steps that may each be faster than those before."""


def settle(seconds: Iterator[float]) -> None:
    """Take steps, each of which takes the given seconds, until they get no faster."""
    fastest = next(seconds)
    for step in islice(seconds, MOST_COLD_STEPS):
        if step > SETTLED * fastest:
            break
        fastest = step
