"""What a claim's test can come to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

HOLDS = "holds"
IN_PART = "holds in part"
FAILS = "does not hold"
NOT_TOLD_APART = "not told apart"
NOT_MEASURED = "not measured"
OUTCOMES = (HOLDS, IN_PART, FAILS, NOT_TOLD_APART, NOT_MEASURED)
"""From the one that says that a statement holds to the one that says that nothing is known."""


@dataclass(frozen=True)
class Verdict:
    """What a claim's test found.

    Attributes
    ----------
    outcome
        One of `OUTCOMES`.
    finding
        A sentence made from the numbers.
    asked
        What the statement was held to.
    seeds
        How many trainings of a setting were compared, at least; None where nothing is trained.
    """

    outcome: str
    finding: str
    asked: str = ""
    seeds: int | None = None


class NotMeasured(Exception):
    """The study has not measured what a test needs, which the message names."""


def together(outcomes: Sequence[str]) -> str:
    """Outcome of a statement whose parts have these.

    It holds if all do, and in part if some do; if none does, it does not hold if one does not, and
    is not told apart otherwise.
    """
    if len(set(outcomes)) == 1:
        return outcomes[0]
    if {HOLDS, IN_PART} & set(outcomes):
        return IN_PART
    return FAILS if FAILS in outcomes else NOT_TOLD_APART


def listed(names: Iterable[str]) -> str:
    """Names as a list in a sentence."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
