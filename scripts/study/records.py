"""What Snakemake recorded of the steps that made a study's files."""

import base64
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

RECORDS = Path(".snakemake/metadata")


def steps_behind(files: Iterable[str], records: Path = RECORDS) -> list[dict[str, Any]]:
    """Steps that made some files, and those that made what they took, and so on.

    Parameters
    ----------
    files
        Their paths, as Snakemake has them.
    records
        The folder in which it keeps a record a file.

    Returns
    -------
    list of dict
        Rows of `study.contracts.STEPS`, by the rule's name; none without records, which Snakemake
        can be told not to keep.
    """
    known = _read(records)
    jobs: dict[str, dict[str, list[tuple[float, float]]]] = {}
    after: dict[str, set[str]] = {}
    left, seen = list(files), set()
    while left:
        file = left.pop()
        if file in seen or file not in known:
            continue
        seen.add(file)
        record = known[file]
        # Each file of a job has a record, whose times differ a little; the job's log is its name.
        times = jobs.setdefault(record["rule"], {}).setdefault(str(record["log"]), [])
        times.append((record["starttime"], record["endtime"]))
        taken = [known[taken]["rule"] for taken in record["input"] if taken in known]
        after.setdefault(record["rule"], set()).update(taken)
        left += record["input"]
    return [
        {
            "rule": rule,
            "jobs": len(by_log),
            "seconds": round(sum(map(_length, by_log.values())), 1),
            "after": " ".join(sorted(after[rule] - {rule})),
        }
        for rule, by_log in sorted(jobs.items())
    ]


def _length(times: list[tuple[float, float]]) -> float:
    return max(end for _, end in times) - min(start for start, _ in times)


def _read(records: Path) -> Mapping[str, Mapping[str, Any]]:
    """Records by file. A name is the file's in base64; a long one is cut into folders with an @."""
    return {
        base64.b64decode(
            "".join(part.removeprefix("@") for part in record.relative_to(records).parts)
        ).decode(): json.loads(record.read_text(encoding="utf-8"))
        for record in records.rglob("*")
        if record.is_file()
    }
