"""When an estimate with its interval decides a question."""

from study.intervals import Interval
from study.outcomes import FAILS, HOLDS, NOT_TOLD_APART


def above(interval: Interval, threshold: float) -> str:
    """Whether an estimate exceeds a threshold, which is told where its interval is on one side."""
    if not interval.known:
        return NOT_TOLD_APART
    if interval.low > threshold or interval.low == interval.high == threshold:
        return HOLDS
    return FAILS if interval.high < threshold else NOT_TOLD_APART


def below(interval: Interval, threshold: float) -> str:
    """Whether an estimate is below a threshold."""
    return above(Interval(-interval.value, -interval.high, -interval.low), -threshold)


def within(interval: Interval, low: float, high: float) -> str:
    """Whether an estimate is in a range: it can be told if its interval is, or is outside."""
    outcomes = above(interval, low), below(interval, high)
    if FAILS in outcomes:
        return FAILS
    return HOLDS if outcomes == (HOLDS, HOLDS) else NOT_TOLD_APART


def shown(interval: Interval, digits: int = 2) -> str:
    """An estimate and its interval, in digits after the point."""
    if not interval.known:
        return f"{interval.value:.{digits}f} (one seed, no interval)"
    return f"{interval.value:.{digits}f} ({interval.low:.{digits}f} to {interval.high:.{digits}f})"
