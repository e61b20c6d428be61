"""What the end of a run tells: verdicts on the claims, where the report is, what was not read."""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from study.outcomes import HOLDS, OUTCOMES
from study.seals import read_json

NAMED = 8
"""Most claims that a line of the terminal names."""


def told(results: str) -> str:
    """Tell what a finished study came to.

    Parameters
    ----------
    results
        Folder of the results, with claims.json and the report.
    """
    claims = read_json(Path(results, "claims.json"))
    by_verdict: dict[str, list[str]] = defaultdict(list)
    for name, claim in claims.items():
        by_verdict[claim["verdict"]].append(name.replace("_", " "))
    lines = [
        f"{verdict.capitalize()}: {len(names)} of {len(claims)}"
        + (f" ({_some(names)})" if verdict != HOLDS else "")
        for verdict in OUTCOMES
        if (names := by_verdict.get(verdict))
    ]
    report = f"The report: {results}/report/report.html and {results}/report/report.pdf"
    return "\n".join([*lines, report])


def _some(names: list[str]) -> str:
    """As many names as a line has room for."""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def of_reading(cards: Iterable[str]) -> str:
    """Lines on what was turned or left out as data sets were prepared, from their data cards."""
    lines = []
    for path in cards:
        card = read_json(Path(path))
        counts = [f"{count} {what}" for what, count in card.get("reading", {}).items()]
        if counts:
            lines.append(f"{card['name']}: {', '.join(counts)}\n")
    return "".join(lines)
