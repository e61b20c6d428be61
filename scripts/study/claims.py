"""The verdict on a claim of the report."""

import inspect
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from study.claim_tests import TESTS, Tables
from study.outcomes import NOT_MEASURED, NotMeasured, Verdict, together
from study.wording import in_words, readable
from vae.names import require_known

ABOUT = ("section", "statement", "settings", "because", "test")
"""Keys of every claim; the others are its test's."""


def judge(
    name: str,
    claim: Mapping[str, Any],
    tables: Tables,
    optional: Collection[str] = (),
    measures: Collection[str] = (),
) -> Verdict:
    """Run a claim's test; of several data sets, on each by itself.

    Parameters
    ----------
    name
        The claim's key, for messages.
    claim
        `section`, `statement`, `settings` (under which it is judged), `because` (why its
        threshold), `test` and the test's own settings.
    tables
        The evidence.
    optional
        Tables that a study may lack; what is claimed of one of those is then not measured.
    measures
        Metrics that are known; with none given, all are.

    Raises
    ------
    ValueError
        If the test, its table or its metric is unknown or its settings do not fit it, naming the
        claim.
    """
    settings = {key: value for key, value in claim.items() if key not in ABOUT}
    require_known(f"claims.{name}.test", claim["test"], TESTS)
    test = TESTS[claim["test"]]
    try:
        inspect.signature(test).bind(tables, **settings)
    except TypeError as error:
        raise ValueError(f"claims.{name}: {error} for the test {claim['test']}") from error
    table, where = claim.get("table"), claim.get("where", {})
    if table is not None:
        require_known(f"claims.{name}.table", table, {*tables, *optional})
    for key in ("metric", "measure"):
        if measures and key in where:
            require_known(f"claims.{name}.where.{key}", where[key], measures)
    try:
        if table is not None and table not in tables:
            raise NotMeasured(f"the experiment {in_words(table)}")
        return _combined(
            {
                dataset: test(evidence, **settings)
                for dataset, evidence in _by_dataset(tables, claim)
            }
        )
    except NotMeasured as missing:
        return Verdict(NOT_MEASURED, f"Would need {missing}.")


def _by_dataset(tables: Tables, claim: Mapping[str, Any]) -> Iterator[tuple[str, Tables]]:
    """The evidence, for every data set that a claim's rows are of, unless it names them."""
    table, where = claim.get("table"), claim.get("where", {})
    frame = None if table is None else tables[table]
    named = "dataset" in where or claim.get("along") == "dataset"
    if table is None or frame is None or "dataset" not in frame or named:
        yield "", tables
        return
    rows = frame
    for column, value in where.items():
        rows = rows[rows[column] == value]
    if rows.empty:
        yield "", tables
    for dataset in rows["dataset"].unique():
        yield str(dataset), {**tables, table: frame[frame["dataset"] == dataset]}


def _combined(verdicts: Mapping[str, Verdict]) -> Verdict:
    """One verdict on several data sets; what is measured on none is left out where others are."""
    measured = {
        dataset: verdict for dataset, verdict in verdicts.items() if verdict.outcome != NOT_MEASURED
    } or verdicts
    if len(measured) == 1:
        return next(iter(measured.values()))
    seeds = [verdict.seeds for verdict in measured.values() if verdict.seeds is not None]
    return Verdict(
        together([verdict.outcome for verdict in measured.values()]),
        " ".join(f"{readable(name)}: {verdict.finding}" for name, verdict in measured.items()),
        next(iter(measured.values())).asked,
        min(seeds, default=None),
    )
