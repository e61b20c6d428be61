"""A claim of the report, its test, and the verdict on it with the numbers behind it."""

import inspect
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from study.results import final, rising_by_seed, select
from vae.names import require_known

REPRODUCED = "reproduced"
NOT_REPRODUCED = "not reproduced"
NOT_TESTED = "not tested"
OUTCOMES = (REPRODUCED, NOT_REPRODUCED, NOT_TESTED)
"""From the one that says that a statement holds to the one that says that nothing is known."""

Tables = Mapping[str, pd.DataFrame]
"""Evidence by name: tidy evaluations of the experiments, `reconstruction`, `backends`,
`published_epoch`, and `entropy_floors` (columns dataset, class, floor in nats)."""


@dataclass(frozen=True)
class Verdict:
    """Outcome (one of the three constants) and the finding, a sentence made from the numbers."""

    outcome: str
    finding: str


def judge(
    name: str, claim: Mapping[str, Any], tables: Tables, optional: Collection[str] = ()
) -> Verdict:
    """Run a claim's test.

    Parameters
    ----------
    name
        The claim's key, for messages.
    claim
        `section`, `statement`, `test` and the test's own settings.
    tables
        The evidence.
    optional
        Tables that a study may lack; what is claimed of one of those is then not tested.

    Raises
    ------
    ValueError
        If the test is unknown or its settings do not fit it, naming the claim.
    """
    settings = {
        key: value for key, value in claim.items() if key not in ("section", "statement", "test")
    }
    require_known(f"claims.{name}.test", claim["test"], TESTS)
    test = TESTS[claim["test"]]
    try:
        inspect.signature(test).bind(tables, **settings)
    except TypeError as error:
        raise ValueError(f"claims.{name}: {error} for the test {claim['test']}") from error
    if claim.get("table") in optional and claim["table"] not in tables:
        return _untested(f"the experiment {claim['table']}")
    for key, value in claim.get("where", {}).items():
        if value not in tables[claim["table"]][key].unique():
            return _untested(
                f"the {_words(key)} {_words(value)} in the experiment {claim['table']}"
            )
    return test(tables, **settings)


def rises(tables: Tables, table: str, along: str, where: Mapping[str, Any]) -> Verdict:
    """Whether, in every seed, the value at the largest of `along` exceeds that at the smallest."""
    rows = _final_rows(tables, table, where)
    smallest, largest = rows[along].min(), rows[along].max()
    low, high = _shared_seeds(rows, along, smallest, largest)
    if low.empty or smallest == largest:
        return _untested(f"a seed with two of {_words(along)}")
    finding = (
        f"From {_spread(low)} at {_words(along)} {smallest} to {_spread(high)} at {largest} "
        f"{rows['unit'].iloc[0]}; higher in {(high > low).sum()} of {len(low)} seeds."
    )
    return _verdict(bool((high > low).all()), finding)


def steadier(tables: Tables, table: str, along: str, where: Mapping[str, Any]) -> Verdict:
    """Whether the spread over seeds is smaller at the largest of `along` than at the smallest.

    Of those with at least two seeds.
    """
    rows = _final_rows(tables, table, where)
    spread = rows.groupby(along)["value"].std().dropna()
    if len(spread) < 2:
        return Verdict(NOT_TESTED, f"Needs at least two seeds at two of {_words(along)}.")
    finding = (
        f"Standard deviation over {rows['seed'].nunique()} seeds: {spread.iloc[0]:.2f} at "
        f"{_words(along)} {spread.index[0]}, {spread.iloc[-1]:.2f} at {spread.index[-1]}."
    )
    return _verdict(spread.iloc[-1] < spread.iloc[0], finding)


def levels_off(
    tables: Tables, table: str, along: str, where: Mapping[str, Any], at_most: float
) -> Verdict:
    """Whether the last step of `along` brings at most this share of the whole gain."""
    means = _final_rows(tables, table, where).groupby(along)["value"].mean()
    if len(means) < 2:
        return _untested(f"two of {_words(along)}")
    gain, last = means.iloc[-1] - means.iloc[0], means.iloc[-1] - means.iloc[-2]
    finding = (
        f"Of {gain:.2f} gained from {_words(along)} {means.index[0]} to {means.index[-1]}, "
        f"{last:.2f} come after {means.index[-2]}."
    )
    return _verdict(last <= at_most * gain, finding)


def ascending(
    tables: Tables, table: str, along: str, where: Mapping[str, Any], order: list[str]
) -> Verdict:
    """Whether, in every seed, values rise strictly in the order given."""
    rows = select(tables[table], **where)
    rising = rising_by_seed(rows, along, order)
    if not rising.size:
        return _untested(f"a seed with {', '.join(order)}")
    means = rows.groupby(along)["value"].mean()
    found = " < ".join(
        f"{name.upper()} {means[name]:.2f}" for name in sorted(order, key=lambda name: means[name])
    )
    finding = f"Found: {found}; the report's order in {rising.sum()} of {len(rising)} seeds."
    return _verdict(bool(rising.all()), finding)


def highest(
    tables: Tables,
    table: str,
    along: str,
    where: Mapping[str, Any],
    best: str,
    others: list[str],
) -> Verdict:
    """Whether, in every seed, the value at `best` exceeds that at each of the others."""
    rows = _final_rows(tables, table, where)
    return _stands_out(rows, along, best, others, rows["value"])


def lowest(
    tables: Tables,
    table: str,
    along: str,
    where: Mapping[str, Any],
    best: str,
    others: list[str],
) -> Verdict:
    """Whether, in every seed, the value at `best` is less than that at each of the others."""
    rows = _final_rows(tables, table, where)
    return _stands_out(rows, along, best, others, -rows["value"])


def at_least(tables: Tables, table: str, where: Mapping[str, Any], threshold: float) -> Verdict:
    """Whether the mean over seeds reaches a threshold."""
    rows = _final_rows(tables, table, where)
    finding = (
        f"{_words(where['metric']).capitalize()} {_spread(rows['value'])}; {threshold} asked for."
    )
    return _verdict(rows["value"].mean() >= threshold, finding)


def near_floor(tables: Tables, table: str, at_most: float) -> Verdict:
    """Whether the test reconstruction loss is within a share of the data's entropy floor.

    Both are means over the classes.
    """
    rows = final(tables[table])
    losses, floors = [], []
    for _, floor in select(tables["entropy_floors"], dataset=rows["dataset"].iloc[0]).iterrows():
        metric = f"reconstruction_{floor['class']}"
        losses.append(select(rows, metric=metric, split="test")["value"].mean())
        floors.append(floor["floor"])
    loss, floor = sum(losses) / len(losses), sum(floors) / len(floors)
    if floor == 0:
        return _untested("networks that are not certain, whose floor is above 0")
    finding = f"Loss {loss:.1f}, floor {floor:.1f} nats a network: {loss / floor - 1:+.1%}."
    return _verdict(loss <= (1 + at_most) * floor, finding)


def faster(tables: Tables, table: str, fast: str, slow: str, at_least: float) -> Verdict:
    """Whether one backend's median epoch is more than so many times shorter than another's."""
    medians = {}
    for backend in (fast, slow):
        rows = tables[table][tables[table]["backend"] == backend]
        measured = rows[rows["status"] == "measured"]
        if measured.empty:
            note = "not in the benchmark" if rows.empty else rows["note"].iloc[0]
            return Verdict(NOT_TESTED, f"{backend} was not measured: {note}.")
        medians[backend] = measured["seconds"].median()
    ratio = medians[slow] / medians[fast]
    finding = (
        f"{fast} {medians[fast]:.2f} s, {slow} {medians[slow]:.2f} s an epoch: {ratio:.2f} times."
    )
    return _verdict(ratio > at_least, finding)


def most_of(tables: Tables, table: str, along: str, value: str, parts: list[str]) -> Verdict:
    """Whether the named parts have more than half of the whole."""
    shares = tables[table].groupby(along)[value].sum()
    shares = shares / shares.sum()
    named = [select(shares.reset_index(), **{along: part})[value].sum() for part in parts]
    each = ", ".join(f"{part} {share:.0%}" for part, share in zip(parts, named, strict=True))
    return _verdict(sum(named) > 0.5, f"{sum(named):.0%} of the whole: {each}.")


TESTS: dict[str, Callable[..., Verdict]] = {
    test.__name__: test
    for test in (
        rises,
        steadier,
        levels_off,
        ascending,
        highest,
        lowest,
        at_least,
        near_floor,
        faster,
        most_of,
    )
}


def _untested(needs: str) -> Verdict:
    return Verdict(NOT_TESTED, f"Would need {needs}.")


def _final_rows(tables: Tables, table: str, where: Mapping[str, Any]) -> pd.DataFrame:
    return select(final(tables[table]), **where)


def _shared_seeds(
    rows: pd.DataFrame, along: str, *values: Any
) -> "tuple[pd.Series[float], pd.Series[float]]":
    """Values by seed at two values of a column, of the seeds that have both."""
    first, second = (rows[rows[along] == value].groupby("seed")["value"].mean() for value in values)
    shared = first.index.intersection(second.index)
    return first[shared], second[shared]


def _stands_out(
    rows: pd.DataFrame, along: str, best: str, others: list[str], merit: "pd.Series[float]"
) -> Verdict:
    """Whether, in every seed, the merit of the row at `best` exceeds that at each of the others."""
    exceeds = []
    for other in others:
        ours, theirs = _shared_seeds(rows.assign(value=merit), along, best, other)
        if ours.empty:
            return _untested(f"a seed with the {_words(along)} {best} and {other}")
        exceeds.append((theirs < ours).all())
    each = (
        f"{_words(name)} {_spread(rows.loc[rows[along] == name, 'value'])}"
        for name in (best, *others)
    )
    return _verdict(all(exceeds), f"{'; '.join(each)} {rows['unit'].iloc[0]}.")


def _verdict(holds: bool, finding: str) -> Verdict:
    return Verdict(REPRODUCED if holds else NOT_REPRODUCED, finding)


def _spread(values: pd.Series) -> str:
    return f"{values.mean():.2f}" + (f" ± {values.std():.2f}" if len(values) > 1 else "")


def _words(column: str) -> str:
    return column.replace("_", " ")
