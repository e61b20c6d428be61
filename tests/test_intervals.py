"""Intervals: closed forms, and that they hold the truth as often as they say."""

import numpy as np
import pytest
from scipy import stats

from study import intervals
from study.intervals import Spread

NOTHING = Spread(float("nan"), 0)


def test_of_a_mean_is_students() -> None:
    found = intervals.of_mean([1.0, 2.0, 4.0], NOTHING)
    low, high = stats.t.interval(0.95, 2, np.mean([1, 2, 4]), stats.sem([1, 2, 4]))
    assert found == pytest.approx((7 / 3, low, high))


def test_a_single_seed_takes_the_spread_of_others_and_else_has_no_interval() -> None:
    others = intervals.pooled([[1.0, 3.0], [5.0, 5.0, 5.0]])
    assert others == pytest.approx((2 / 3, 3))
    width = stats.t.ppf(0.975, 3) * np.sqrt(2 / 3)
    assert intervals.of_mean([9.0], others) == pytest.approx((9, 9 - width, 9 + width))
    assert not intervals.of_mean([9.0], NOTHING).known
    assert not intervals.of_difference([9.0], [8.0, 7.0], NOTHING).known


def test_of_a_difference_is_welchs() -> None:
    first, second = [1.0, 2.0, 4.0], [0.0, 9.0, 3.0, 5.0]
    welch = stats.ttest_ind(first, second, equal_var=False).confidence_interval(0.95)
    found = intervals.of_difference(first, second, NOTHING)
    assert found[1:] == pytest.approx((welch.low, welch.high))
    assert intervals.of_difference([3.0, 3.0], [1.0, 1.0], NOTHING) == (2, 2, 2)


def test_of_a_ratio_is_that_of_logarithms() -> None:
    found = intervals.of_ratio([2.0, 4.0], [1.0, 1.0])
    assert found.value == pytest.approx(np.sqrt(8))
    assert found.low < found.value < found.high


@pytest.mark.parametrize("name", ["of_deviations", "of_share", "of_rank_correlation"])
def test_an_interval_holds_the_truth_nineteen_times_of_twenty(name: str) -> None:
    random = np.random.default_rng(1)
    held = 0
    for _ in range(2000):
        if name == "of_deviations":
            truth, found = (
                2.0,
                intervals.of_deviations(random.normal(0, 4, 3), random.normal(0, 2, 3)),
            )
        elif name == "of_share":
            truth, found = 0.8, intervals.of_share(random.binomial(60, 0.8) / 60, 60)
        else:
            truth = 6 / np.pi * np.arcsin(0.5 / 2)
            pairs = random.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], 30)
            found = intervals.of_rank_correlation(*pairs.T)
        held += found.low <= truth <= found.high
    assert 0.93 <= held / 2000 <= 0.975
