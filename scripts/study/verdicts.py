"""The verdicts on the report's claims in three lines, and where the report is."""

import json
from collections import defaultdict
from pathlib import Path


def told(results: str) -> str:
    """Tell what a finished study came to.

    Parameters
    ----------
    results
        Folder of the results, with claims.json and the report.
    """
    claims = json.loads(Path(results, "claims.json").read_text(encoding="utf-8"))
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
