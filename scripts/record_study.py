"""Record where a study comes from: commit, command and machine, its steps and its trainings."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from step import run
from study.checkout import commit
from study.contracts import RUNS, STEPS, read_rows
from study.records import steps_behind
from study.seals import read_json


def record_study(
    accounts: Sequence[Path],
    measured: Sequence[Path],
    machine: Path,
    command: str,
    runs: Path,
    steps: Path,
    provenance: Path,
) -> None:
    """Write where the measurements came from.

    Parameters
    ----------
    accounts
        Snakemake's account of each training's time and memory, in the training's folder.
    measured
        All that was measured, so that the commit is that of the last measurement.
    machine
        JSON of `describe_machine`.
    command
        The command line that asks for this study.
    runs, steps
        csv: what each training took; the rules that ran, and in which order.
    provenance
        JSON: commit, command, and all of `machine`.

    Raises
    ------
    ValueError
        If an account is damaged.
    """
    results = runs.parent
    RUNS.write(runs, (_trained(account, results) for account in accounts))
    made = steps_behind(map(str, [*accounts, *measured]))
    STEPS.write(steps, made or [{"rule": "not recorded", "jobs": 0, "seconds": 0}])
    record = {"commit": commit(), "command": command, **read_json(machine)}
    provenance.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


def _trained(account: Path, results: Path) -> dict[str, str]:
    (row,) = read_rows(account, ("s", "max_rss"), delimiter="\t")
    return {
        "run": account.parent.relative_to(results).as_posix(),
        "seconds": row["s"],
        "peak_memory_mib": row["max_rss"],
        "ended": datetime.fromtimestamp(account.stat().st_mtime, UTC).date().isoformat(),
    }


if __name__ == "__main__":
    run(record_study, globals())
