"""95% intervals over seeds: of a mean, of a difference, of a ratio of variances.

A single seed has no spread of its own. Where settings beside it have several seeds, it takes
theirs: the variances within all settings are pooled, as in an analysis of variance.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

LEVEL = 0.95


class Interval(NamedTuple):
    """An estimate with the ends of its 95% interval, which are infinite where nothing is known."""

    value: float
    low: float
    high: float

    @property
    def known(self) -> bool:
        """Whether there is an interval."""
        return bool(np.isfinite([self.low, self.high]).all())


class Spread(NamedTuple):
    """Variance between seeds, and the degrees of freedom by which it is known."""

    variance: float
    freedom: float


def pooled(groups: Iterable[ArrayLike]) -> Spread:
    """Variance within groups that have a mean each; of no freedom where all have one value."""
    arrays = [np.asarray(group, float) for group in groups]
    freedom = sum(len(group) - 1 for group in arrays)
    squares = sum(float(np.sum((group - group.mean()) ** 2)) for group in arrays)
    return Spread(squares / freedom if freedom else np.nan, freedom)


def of_mean(values: ArrayLike, others: Spread) -> Interval:
    """Mean over seeds.

    Parameters
    ----------
    values
        One a seed.
    others
        The pooled spread, taken where there is one seed.
    """
    array = np.asarray(values, float)
    spread = pooled([array]) if len(array) > 1 else others
    return _around(float(array.mean()), spread.variance / len(array), spread.freedom)


def of_share(share: float, items: int) -> Interval:
    """Share of items, each of which counts or does not (Wilson 1927)."""
    from scipy.stats import norm

    z2 = float(norm.ppf((1 + LEVEL) / 2)) ** 2 / items
    middle = share + z2 / 2
    width = np.sqrt(z2 * (share * (1 - share) + z2 / 4))
    return Interval(share, float((middle - width) / (1 + z2)), float((middle + width) / (1 + z2)))


def of_difference(first: ArrayLike, second: ArrayLike, others: Spread) -> Interval:
    """Mean of the first less that of the second (Welch 1947; pooled where either has one seed)."""
    arrays = [np.asarray(values, float) for values in (first, second)]
    difference = float(arrays[0].mean() - arrays[1].mean())
    if min(map(len, arrays)) == 1:
        variance = others.variance * sum(1 / len(array) for array in arrays)
        return _around(difference, variance, others.freedom)
    parts = [array.var(ddof=1) / len(array) for array in arrays]
    if not sum(parts):
        return Interval(difference, difference, difference)
    weights = [part**2 / (len(array) - 1) for part, array in zip(parts, arrays, strict=True)]
    return _around(difference, sum(parts), sum(parts) ** 2 / sum(weights))


def of_ratio(first: ArrayLike, second: ArrayLike) -> Interval:
    """Geometric mean of the first over that of the second, which are positive."""
    logs = [np.log(np.asarray(values, float)) for values in (first, second)]
    difference = of_difference(logs[0], logs[1], pooled(logs))
    ratio = Interval(*map(float, np.exp(difference)))
    return ratio if difference.known else Interval(ratio.value, -np.inf, np.inf)


def of_deviations(first: ArrayLike, second: ArrayLike) -> Interval:
    """Standard deviation of the first over that of the second, by the F distribution.

    Both have at least two values, drawn from normal distributions.
    """
    from scipy.stats import f

    arrays = [np.asarray(values, float) for values in (first, second)]
    if not arrays[1].var():
        return Interval(np.inf, -np.inf, np.inf)
    ratio = arrays[0].var(ddof=1) / arrays[1].var(ddof=1)
    freedom = [len(array) - 1 for array in arrays]
    tails = f.ppf([(1 + LEVEL) / 2, (1 - LEVEL) / 2], *freedom)
    low, high = np.sqrt(ratio / tails)
    return Interval(float(np.sqrt(ratio)), float(low), float(high))


def of_rank_correlation(first: ArrayLike, second: ArrayLike) -> Interval:
    """Spearman's correlation, with the interval of Bonett & Wright (2000); of four or more."""
    from scipy.stats import norm, spearmanr

    correlation = float(spearmanr(first, second).statistic)
    n = len(np.asarray(first))
    if n < 4 or not np.isfinite(correlation):
        return Interval(correlation, -np.inf, np.inf)
    if abs(correlation) == 1:
        return Interval(correlation, correlation, correlation)
    width = norm.ppf((1 + LEVEL) / 2) * np.sqrt((1 + correlation**2 / 2) / (n - 3))
    low, high = np.tanh(np.arctanh(correlation) + np.array([-width, width]))
    return Interval(correlation, float(low), float(high))


def _around(value: float, variance: float, freedom: float) -> Interval:
    from scipy.stats import t

    if not freedom:
        return Interval(value, -np.inf, np.inf)
    width = float(t.ppf((1 + LEVEL) / 2, freedom) * np.sqrt(variance))
    return Interval(value, value - width, value + width)
