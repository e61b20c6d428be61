"""The verdicts on the report's claims in three lines, and where the report is."""

from collections import defaultdict
from pathlib import Path

from study.seals import read_json


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
        + (f" ({', '.join(names)})" if verdict != "reproduced" else "")
        for verdict, names in by_verdict.items()
    ]
    report = f"The report: {results}/report/report.html and {results}/report/report.pdf"
    return "\n".join([*lines, report])
