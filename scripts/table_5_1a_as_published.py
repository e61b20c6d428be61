"""Table 5.1a: the report's times of its four programs, and ours of the same four jobs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from step import run
from study.contracts import JOBS
from study.results import read_table
from study.tables import NOT_GIVEN, number, write_table

PROGRAMS = {
    ("numpy", "CPU"): "Pure NumPy",
    ("cupy", "GPU"): "NumPy on GPU (CuPy)",
    ("tensorflow", "CPU"): "TensorFlow (CPU)",
    ("tensorflow", "GPU"): "TensorFlow (GPU)",
}
"""The report's names of its programs."""

PECULIARITIES = {
    "numpy": "an update an image, double precision",
    "cupy": "smaller batches; ours makes one update a batch",
    "tensorflow": "reading data, compiling and a test evaluation counted",
}
"""What sets a program's job apart, beside its sizes."""


def table_5_1a_as_published(
    jobs: Path, reported: dict[str, dict[str, float]], table: Path, markdown: Path
) -> None:
    """Write a row for each program of the report.

    Parameters
    ----------
    jobs
        csv of the form `study.contracts.JOBS`.
    reported
        The report's seconds: program -> device -> seconds.
    table, markdown
        The table.
    """
    rows = [
        {
            "Program": PROGRAMS[job["program"], job["device"]],
            "Job": job_in_words(job),
            "Report (s)": theirs(job, reported),
            "Here (s)": number(job["seconds"], 3),
            "Status": status_in_words(job["status"], job["note"]),
        }
        for job in _records(jobs)
    ]
    write_table(rows, table, markdown, text_columns=("Program", "Job", "Status"))


def _records(jobs: Path) -> list[dict[str, Any]]:
    table = read_table(jobs, JOBS).fillna({"note": ""})
    return [{str(name): row[name] for name in JOBS.columns} for row in table.to_dict("records")]


def job_in_words(job: Mapping[str, Any]) -> str:
    """Say what a program was timed at."""
    return (
        f"{job['steps']} steps of {job['batch_size']}, hidden layers of {job['hidden_sizes']}; "
        f"{PECULIARITIES[job['program']]}"
    )


def theirs(job: Mapping[str, Any], reported: Mapping[str, Mapping[str, float]]) -> str:
    """Give the report's seconds of a job."""
    seconds = reported.get(job["program"], {}).get(job["device"])
    return NOT_GIVEN if seconds is None else number(seconds, 3)


def status_in_words(status: str, note: str) -> str:
    """Say whether something was measured, and what is to be known about that."""
    if not note:
        return status
    return f"{status}, {note}" if status == "measured" else f"{status}: {note}"


if __name__ == "__main__":
    run(table_5_1a_as_published, globals())
