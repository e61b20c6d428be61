"""Table 5.1: seconds an epoch of each implementation, ours and the report's."""

from pathlib import Path

import pandas as pd

from step import run
from vae.results import read_table
from vae.tables import NOT_GIVEN, NOT_MEASURED, number, write_table
from vae.wording import readable

TIMING = (
    "backend",
    "device",
    "status",
    "seconds",
    "images_per_second",
    "peak_memory_mib",
    "note",
)


def table_5_1_backends(
    timings: Path, published: dict[str, dict[str, float]], table: Path, markdown: Path
) -> None:
    """Write a row for each backend and device.

    Parameters
    ----------
    timings
        The benchmark: one row a repeat, or one that says why a backend was not measured.
    published
        The report's seconds: backend -> device -> seconds.
    table, markdown
        The table.
    """
    frame = read_table(timings, TIMING)
    ours = {
        (str(backend), str(device)): repeats
        for (backend, device), repeats in frame.groupby(["backend", "device"], sort=False)
    }
    theirs = {(name, device): s for name, by in published.items() for device, s in by.items()}
    rows = [
        timing_row(*key, repeats=ours.get(key, frame[:0]), published=theirs.get(key))
        for key in dict.fromkeys([*ours, *theirs])
    ]
    write_table(rows, table, markdown, text_columns=("Backend", "Device", "Status"))


def timing_row(
    backend: str, device: str, repeats: pd.DataFrame, published: float | None
) -> dict[str, str]:
    """Sum up the repeats of one backend; what was not measured says why."""
    measured = repeats[repeats["status"] == "measured"]
    status = f"measured, {len(measured)} repeat{'s' if len(measured) > 1 else ''}"
    if measured.empty:
        note = "not in the benchmark" if repeats.empty else repeats["note"].iloc[0]
        status = f"{NOT_MEASURED}: {note}"
    seconds = measured["seconds"]
    return {
        "Backend": readable(backend),
        "Device": device,
        "Median (s/epoch)": number(seconds.median(), 3),
        "Least": number(seconds.min(), 3),
        "Greatest": number(seconds.max(), 3),
        "Images/s": number(measured["images_per_second"].median(), 0),
        "Peak memory (MiB)": number(measured["peak_memory_mib"].max(), 0),
        "Report (s/epoch)": NOT_GIVEN if published is None else number(published, 3),
        "Status": status,
    }


if __name__ == "__main__":
    run(table_5_1_backends, globals())
