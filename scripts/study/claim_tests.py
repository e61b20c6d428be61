"""The tests that claims name: each takes the evidence, and can hold, fail and not decide.

What differs between seeds is compared by 95% intervals (`study.intervals`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from study import intervals
from study.contracts import RUN
from study.decisions import above, below, shown, within
from study.intervals import Interval, Spread
from study.outcomes import (
    FAILS,
    HOLDS,
    IN_PART,
    NOT_TOLD_APART,
    NotMeasured,
    Verdict,
    listed,
    together,
)
from study.peers import labels
from study.results import final
from study.theory import MEASURES
from study.wording import in_words, readable

if TYPE_CHECKING:
    import pandas as pd

Tables = Mapping[str, Any]
"""Evidence by name, data frames: tidy evaluations of the experiments, `reconstruction`,
`likelihoods`, `backends` and, of a machine with a GPU, `gpu`, `published_epoch`, `theory`, and
`entropy_floors` (columns dataset, class, floor); and `test_items`, their number by data set."""

Where = Mapping[str, Any]
"""Values by column, which pick rows of a table; of a list the first that is there."""

DIGITS = {"images": 0, "degrees": 1, "per pixel": 4}
"""Digits after the point by the unit, where they are other than a test's."""


# Of one setting


def between(
    tables: Tables,
    table: str,
    where: Where,
    at_least: float | None = None,
    at_most: float | None = None,
) -> Verdict:
    """Whether the mean over seeds is in a range."""
    rows = _rows(tables, table, where)
    values = rows["value"]
    estimate = intervals.of_mean(values, _spread(tables, table, where))
    items = tables["test_items"].get(rows["dataset"].iloc[0])
    if "items" in rows:
        items = int(rows["items"].iloc[0])
    if where["metric"].endswith("accuracy") and not estimate.known and items:
        estimate = intervals.of_share(estimate.value, items)
    what = in_words(where["metric"])
    outcome, asked = _in_range(estimate, at_least, at_most)
    return Verdict(
        outcome,
        f"{_first_upper(what)}: {shown(estimate)}.",
        f"{what} {asked}",
        len(values),
    )


def estimated(
    tables: Tables,
    table: str,
    where: Where,
    at_least: float | None = None,
    at_most: float | None = None,
) -> Verdict:
    """Whether what was estimated with an interval of its own is in a range, in every seed."""
    rows = _picked(tables, table, where)
    estimate = Interval(rows["value"].mean(), rows["low"].min(), rows["high"].max())
    outcome, asked = _in_range(estimate, at_least, at_most)
    found = shown(estimate, DIGITS.get(rows["unit"].iloc[0], 3)) + _unit(rows)
    return Verdict(
        outcome,
        f"{_first_upper(MEASURES[where['measure']])}: {found}.",
        asked,
        len(rows),
    )


def near_floor(
    tables: Tables, table: str, at_most: float, structure: str, where: Where | None = None
) -> Verdict:
    """Whether a structure's reconstruction loss is within a share of its networks' entropy."""
    rows = _rows(tables, table, {**(where or {}), "metric": f"reconstruction_{structure}"})
    floors = tables["entropy_floors"]
    floors = floors[(floors["dataset"] == rows["dataset"].iloc[0]) & (floors["class"] == structure)]
    floor = float(floors["floor"].mean())
    if not floor > 0:
        raise NotMeasured("networks that are not certain, whose floor is above 0")
    spread = _spread(tables, table, {"metric": f"reconstruction_{structure}", **(where or {})})
    excess = intervals.of_mean(rows["value"] / floor - 1, Spread(spread[0] / floor**2, spread[1]))
    outcome = below(excess, at_most)
    loss = rows["value"].mean()
    percent = Interval(*(100 * each for each in excess))
    return Verdict(
        outcome,
        f"Loss {loss:.1f} nats, {loss - floor:.1f} above the floor of {floor:.1f}: "
        f"{shown(percent, 1)}%.",
        f"at most {at_most:.0%} above the floor",
        len(rows),
    )


def matches(
    tables: Tables, table: str, where: Where, reported: float, within_share: float
) -> Verdict:
    """Whether the mean over seeds is a published number, but for a share of that."""
    rows = _rows(tables, table, where)
    estimate = intervals.of_mean(rows["value"], _spread(tables, table, where))
    low, high = ((1 + sign * within_share) * reported for sign in (-1, 1))
    return Verdict(
        within(estimate, min(low, high), max(low, high)),
        f"{shown(estimate)} here, {reported:g} published.",
        f"within {within_share:.0%} of the published number",
        len(rows),
    )


def ran(tables: Tables, table: str, where: Where) -> Verdict:
    """Whether there are runs of these settings."""
    frame = rows = tables[table]
    if where.get("dataset", frame["dataset"].iloc[0]) not in frame["dataset"].unique():
        raise NotMeasured(f"trainings on {readable(where['dataset'])}")
    for column, value in where.items():
        rows = rows[rows[column] == value]
    asked = ", ".join(f"{in_words(column)} {in_words(value)}" for column, value in where.items())
    found = ", ".join(
        f"{in_words(column)} {listed(sorted(map(in_words, frame[column].unique())))}"
        for column in where
    )
    return Verdict(FAILS if rows.empty else HOLDS, f"Ran: {found}.", asked)


# Of one setting against another


def exceeds(
    tables: Tables,
    table: str,
    along: str,
    where: Where,
    more: Any,
    less: Sequence[Any],
) -> Verdict:
    """Whether the mean over seeds at one value of a column exceeds that at each of others."""
    rows = _rows(tables, table, where)
    spread = _spread(tables, table, where)
    digits = DIGITS.get(rows["unit"].iloc[0], 2)
    groups = {value: _values(rows, along, value) for value in (more, *less)}
    outcomes, told = [], []
    for other in less:
        difference = intervals.of_difference(groups[more], groups[other], spread)
        outcomes.append(above(difference, 0))
        told.append(
            f"{readable(str(more))} {groups[more].mean():.{digits}f} against "
            f"{readable(str(other))} {groups[other].mean():.{digits}f}: "
            f"{shown(difference, digits)}{_unit(rows)}"
        )
    return Verdict(
        together(outcomes),
        f"{'; '.join(told)}.",
        "a difference whose interval is above 0" + (", of each" if len(less) > 1 else ""),
        min(map(len, groups.values())),
    )


def no_worse(
    tables: Tables, table: str, along: str, where: Where, of: Any, than: Any, margin: float
) -> Verdict:
    """Whether the mean over seeds at one value of a column is no lower than at another."""
    rows = _rows(tables, table, where)
    ours, theirs = (_values(rows, along, value) for value in (of, than))
    difference = intervals.of_difference(ours, theirs, _spread(tables, table, where))
    return Verdict(
        above(difference, -margin),
        f"{ours.mean():.2f} at {in_words(along)} {of:g}, {theirs.mean():.2f} at {than:g}: "
        f"{shown(difference)}{_unit(rows)}.",
        f"lower by no more than {margin:g}",
        min(len(ours), len(theirs)),
    )


def gap_exceeds(
    tables: Tables,
    table: str,
    along: str,
    where: Where,
    more: Any,
    less: Any,
    words: Mapping[Any, str],
) -> Verdict:
    """Whether what is measured falls more from training to held-out items at one value of a column.

    Of a bound, the fall is what overfitting costs.
    """
    train, test = (_rows(tables, table, {**where, "split": split}) for split in ("train", "test"))
    wide, narrow = (
        _values(train, along, value) - _values(test, along, value) for value in (more, less)
    )
    difference = intervals.of_difference(wide, narrow, intervals.pooled([wide, narrow]))
    return Verdict(
        above(difference, 0),
        f"From training to held-out items {wide.mean():.2f} are lost with {words[more]}, "
        f"{narrow.mean():.2f} with {words[less]}: {shown(difference)}{_unit(train)}.",
        "a difference whose interval is above 0",
        min(len(wide), len(narrow)),
    )


def rises(
    tables: Tables, table: str, along: str, where: Where, until: float | None = None
) -> Verdict:
    """Whether every step of a column, up to a value of it, brings more."""
    rows = _rows(tables, table, where)
    steps = sorted(value for value in rows[along].unique() if until is None or value <= until)
    if len(steps) < 2:
        raise NotMeasured(f"two values of {in_words(along)}")
    spread = _spread(tables, table, where)
    groups = {step: _values(rows, along, step) for step in steps}

    def gain(low: Any, high: Any) -> Interval:
        return intervals.of_difference(groups[high], groups[low], spread)

    pairs = list(pairwise(steps))
    outcomes = [above(gain(*pair), 0) for pair in pairs]
    whole = gain(steps[0], steps[-1])
    outcome = together([above(whole, 0), *outcomes])
    if outcome == IN_PART and above(whole, 0) != HOLDS:
        outcome = above(whole, 0)
    unclear = [
        f"{low:g} to {high:g} ({shown(gain(low, high))})"
        for (low, high), each in zip(pairs, outcomes, strict=True)
        if each != HOLDS
    ]
    return Verdict(
        outcome,
        f"From {in_words(along)} {steps[0]:g} to {steps[-1]:g}: {shown(whole)}"
        f"{_unit(rows)}; "
        + (
            f"no gain can be told from {listed(unclear)}." if unclear else "every step brings more."
        ),
        "a gain whose interval is above 0, at every step",
        min(map(len, groups.values())),
    )


def saturates(
    tables: Tables,
    table: str,
    along: str,
    where: Where,
    at: float,
    before: float,
    margin: float,
) -> Verdict:
    """Whether at one value of a column no more than a margin is left to gain, and before it is.

    The margin is a share of what is gained from the smallest value to the best.
    """
    rows = _rows(tables, table, where)
    means = {value: float(_values(rows, along, value).mean()) for value in sorted(rows[along])}
    for value in (before, at):
        if value not in means:
            raise NotMeasured(f"{in_words(along)} {value:g}")
    best = max(means, key=means.__getitem__)
    gain = means[best] - next(iter(means.values()))
    allowed = margin * gain
    spread = _spread(tables, table, where)

    def left(value: float) -> Interval:
        return intervals.of_difference(
            _values(rows, along, best), _values(rows, along, value), spread
        )

    reached, not_yet = below(left(at), allowed), above(left(before), allowed)
    if best <= at:
        reached = HOLDS
    # Where it is reached before as well, it is not around this value that it is.
    outcome = FAILS if FAILS in (reached, not_yet) else together([reached, not_yet])
    first = next(value for value in means if means[best] - means[value] <= allowed)
    return Verdict(
        NOT_TOLD_APART if outcome == IN_PART else outcome,
        f"Of {gain:.2f} gained to the best, at {best:g}, "
        f"{shown(left(before))} are left at {before:g} and {shown(left(at))} at {at:g}; "
        f"no more than {allowed:.2f} first at {first:g}.",
        f"at {at:g} at most {margin:.0%} of the gain is left, at {before:g} more",
        min(len(_values(rows, along, value)) for value in (before, at)),
    )


def steadier(tables: Tables, table: str, along: str, where: Where) -> Verdict:
    """Whether seeds differ more at the smallest value of a column than at the largest."""
    rows = _rows(tables, table, where)
    groups = {value: _values(rows, along, value) for value in sorted(rows[along].unique())}
    several = [value for value, seeds in groups.items() if len(seeds) > 1]
    if len(several) < 2:
        raise NotMeasured(f"at least two seeds at two values of {in_words(along)}")
    few, many = several[0], several[-1]
    ratio = intervals.of_deviations(groups[few], groups[many])
    return Verdict(
        above(ratio, 1),
        f"Standard deviation between seeds {groups[few].std(ddof=1):.2f} at {in_words(along)} "
        f"{few:g}, {groups[many].std(ddof=1):.2f} at {many:g}: {shown(ratio, 1)} times.",
        "a ratio of standard deviations whose interval is above 1",
        min(len(groups[few]), len(groups[many])),
    )


def steadier_within_a_run(tables: Tables, table: str, along: str, where: Where) -> Verdict:
    """Whether a curve changes more from epoch to epoch at the smallest value of a column.

    Of a run that is the standard deviation of the steps of its second half.
    """
    rows = _picked(tables, table, where)
    sizes = sorted(rows[along].unique())
    if len(sizes) < 2:
        raise NotMeasured(f"two values of {in_words(along)}")
    few, many = (
        np.array(
            [
                run.sort_values("epoch")["value"].iloc[len(run) // 2 :].diff().std()
                for _, run in rows[rows[along] == size].groupby([*RUN, "seed"], sort=False)
            ]
        )
        for size in (sizes[0], sizes[-1])
    )
    if not np.isfinite([*few, *many]).all() or not (min(few) > 0 and min(many) > 0):
        raise NotMeasured("curves of at least six epochs")
    ratio = intervals.of_ratio(few, many)
    return Verdict(
        above(ratio, 1),
        f"From epoch to epoch by {np.mean(few):.3f} at {in_words(along)} {sizes[0]:g}, by "
        f"{np.mean(many):.3f} at {sizes[-1]:g}: {shown(ratio, 1)} times.",
        "a ratio of standard deviations whose interval is above 1",
        min(len(few), len(many)),
    )


# Of times


def faster(tables: Tables, table: str, fast: str, slow: str, at_least: float) -> Verdict:
    """Whether one implementation's epoch is so many times shorter than another's."""
    ratio, finding = _times_faster(tables, table, fast, slow)
    outcome = above(ratio, at_least)
    if outcome == FAILS and above(ratio, 1) == HOLDS:
        outcome = IN_PART
    return Verdict(
        outcome,
        finding,
        "faster" if at_least == 1 else f"at least {at_least:g} times; in part, faster at all",
    )


def no_faster_than(tables: Tables, table: str, fast: str, slow: str, at_most: float) -> Verdict:
    """Whether one implementation's epoch is at most so many times shorter than another's."""
    ratio, finding = _times_faster(tables, table, fast, slow)
    return Verdict(below(ratio, at_most), finding, f"at most {at_most:g} times faster")


def _times_faster(tables: Tables, table: str, fast: str, slow: str) -> tuple[Interval, str]:
    """How many times shorter an epoch is, and a sentence on it."""
    seconds: dict[str, np.ndarray] = {}
    place, missing = "", ""
    # On another machine only if both were timed there.
    for machine in (table, "gpu"):
        rows = tables.get(machine, tables[table].iloc[:0])
        for name in (fast, slow):
            of_name = rows[rows["backend"] == name]
            measured = of_name[of_name["status"] == "measured"]
            if measured.empty:
                note = "not in the benchmark" if of_name.empty else of_name["note"].iloc[0]
                missing = missing or f"a time of {labels()[name]} ({note})"
            else:
                seconds[name] = measured["seconds"].to_numpy()
        if len(seconds) == 2:
            break
        seconds = {}
        place = "On a machine with a GPU: "
    if not seconds:
        raise NotMeasured(missing)
    ratio = intervals.of_ratio(seconds[slow], seconds[fast])
    return ratio, (
        f"{place}{labels()[fast]} {np.median(seconds[fast]):,.2f} s, {labels()[slow]} "
        f"{np.median(seconds[slow]):,.2f} s an epoch: {shown(ratio, 1)} times."
    )


def shares(
    tables: Tables, table: str, along: str, value: str, parts: Mapping[str, float], within: float
) -> Verdict:
    """Whether parts have the shares of the whole that were published; in part, as their sum."""
    whole = tables[table].groupby(along)[value].sum()
    found = {part: float(whole.get(part, 0) / whole.sum()) for part in parts}
    apart = [part for part, share in parts.items() if abs(found[part] - share) > within]
    summed = abs(sum(found.values()) - sum(parts.values())) <= within
    each = listed(f"{part} {found[part]:.0%} ({share:.0%})" for part, share in parts.items())
    return Verdict(
        HOLDS if not apart else IN_PART if summed else FAILS,
        f"Of the whole (published): {each}; together {sum(found.values()):.0%}.",
        f"each within {100 * within:.0f} points of the published share; in part, their sum",
    )


def count(tables: Tables, table: str, where: Where, value: str, reported: float) -> Verdict:
    """Whether a number of a table, the same in all runs, is the published one."""
    rows = tables[table]
    for column, wanted in where.items():
        rows = rows[rows[column] == wanted]
    if rows.empty:
        raise NotMeasured(f"{listed(map(str, where.values()))} in {table}")
    found = float((rows[value] / rows["steps"]).sum())
    return Verdict(
        HOLDS if found == reported else FAILS,
        f"{found:g} a step here, {reported:g} published.",
        f"{reported:g} a step",
    )


# Of ranks


def ranks_alike(tables: Tables, table: str, against: str) -> Verdict:
    """Whether models are ranked alike by a metric and by their log-likelihood."""
    from study.likelihood_table import log_likelihoods

    keys = ["dataset", "model", "size", "binarisation"]
    frame = tables[table]
    best = log_likelihoods(frame).groupby(keys)["value"].mean()
    other = frame[frame["metric"] == against].groupby(keys)["value"].mean()
    both = best.to_frame("log_likelihood").join(other.rename("other"), how="inner")
    correlation = intervals.of_rank_correlation(both["log_likelihood"], -both["other"])
    return Verdict(
        above(correlation, 0),
        f"Rank correlation of {len(both)} models: {shown(correlation)}.",
        "a rank correlation whose interval is above 0",
    )


def not_measured(tables: Tables, needs: str) -> Verdict:
    """What the study cannot tell, and what would."""
    raise NotMeasured(needs)


TESTS: dict[str, Callable[..., Verdict]] = {
    test.__name__: test
    for test in (
        between,
        estimated,
        near_floor,
        matches,
        ran,
        exceeds,
        no_worse,
        gap_exceeds,
        rises,
        saturates,
        steadier,
        steadier_within_a_run,
        faster,
        no_faster_than,
        shares,
        count,
        ranks_alike,
        not_measured,
    )
}


def _picked(tables: Tables, table: str, where: Where) -> pd.DataFrame:
    """Rows of a table; a value that is not there has not been measured."""
    rows: pd.DataFrame = tables[table]
    for column, asked in where.items():
        values = asked if isinstance(asked, list) else [asked]
        there = [value for value in values if value in rows[column].unique()]
        if not there:
            named = " or ".join(map(in_words, values))
            raise NotMeasured(f"{in_words(column)} {named} in the experiment {in_words(table)}")
        rows = rows[rows[column] == there[0]]
    return rows


def _rows(tables: Tables, table: str, where: Where) -> pd.DataFrame:
    """Rows of a table, of those by epoch the last."""
    rows = _picked(tables, table, where)
    return final(rows) if "epochs" in rows else rows


def _values(rows: pd.DataFrame, along: str, value: Any) -> np.ndarray:
    """One value a seed."""
    found = rows[rows[along] == value]
    if found.empty:
        metric = in_words(rows["metric"].iloc[0])
        raise NotMeasured(f"{metric} of {in_words(along)} {in_words(value)}")
    return np.asarray(found.groupby("seed")["value"].mean())


def _spread(tables: Tables, table: str, where: Where) -> Spread:
    """Spread between seeds within settings: those that are picked, or else all of the same data."""
    alike = {key: where[key] for key in ("dataset", "metric", "split", "protocol") if key in where}
    for picked in (where, alike):
        rows = _rows(tables, table, picked)
        setting = [column for column in (*RUN, "model", "size", "binarisation") if column in rows]
        parts = rows.groupby(setting, dropna=False)["value"]
        spread = intervals.pooled(part for _, part in parts)
        if spread.freedom:
            break
    return spread


def _unit(rows: pd.DataFrame) -> str:
    """The unit behind a number; a pure number has none."""
    unit = rows["unit"].iloc[0]
    return "" if unit == "1" else f" {unit}"


def _first_upper(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _in_range(estimate: Interval, at_least: float | None, at_most: float | None) -> tuple[str, str]:
    """Whether an estimate is between ends of which one may be open, and the range in words."""
    ends = {"at least": at_least, "at most": at_most}
    asked = " and ".join(f"{words} {end:g}" for words, end in ends.items() if end is not None)
    low = -np.inf if at_least is None else at_least
    high = np.inf if at_most is None else at_most
    return within(estimate, low, high), asked
