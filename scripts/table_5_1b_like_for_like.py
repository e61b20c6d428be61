"""Table 5.1b: the same job on every backend and peer, in one run."""

from pathlib import Path

import pandas as pd

from step import run
from study.contracts import TIMINGS
from study.results import read_table
from study.tables import NONE, number, write_table
from study.timings import gpu_timings, without

ENERGY = "Energy (J/epoch)"


def table_5_1b_like_for_like(
    timings: Path, gpu: list[Path], labels: dict[str, str], table: Path, markdown: Path
) -> None:
    """Write a row for each implementation, in the order of the configuration; then those on a GPU.

    Parameters
    ----------
    timings
        csv of the form `study.contracts.TIMINGS`.
    gpu
        What `check_gpu` wrote on a machine with a GPU, or nothing. Of its timings.csv, of that form
        too, implementations on the GPU have rows, in place of those here that were not measured;
        its machine.json names the GPU.
    labels
        Of the implementations, by name.
    table, markdown
        The table. It has a column of energy if the machine tells any.
    """
    frame = read_table(timings, TIMINGS).fillna({"note": ""})
    if (elsewhere := gpu_timings(gpu)) is not None:
        name, there = elsewhere
        there = there.fillna({"note": ""}).assign(device=f"GPU, {name}")
        frame = pd.concat([without(frame, there), there], ignore_index=True)
    rows = [
        timing_row(labels[str(backend)], repeats)
        for (backend, _), repeats in frame.groupby(["backend", "device"], sort=False)
    ]
    if frame["energy_joules"].isna().all():
        for row in rows:
            del row[ENERGY]
    write_table(rows, table, markdown, text_columns=("Program", "Device", "Status"))


def timing_row(label: str, repeats: pd.DataFrame) -> dict[str, str]:
    """Sum up one implementation's repeats: medians, and the least and greatest seconds.

    A share of the limit is the median of the rounds' shares, each of its own round's limit.
    """
    first = repeats.iloc[0]
    measured = repeats[repeats["status"] == "measured"]
    seconds = measured["seconds"]
    status, spread = f"{first['status']}: {first['note']}", NONE
    if len(measured):
        count = f"{len(measured)} repeat{'s' if len(measured) > 1 else ''}"
        status = f"{count}, {first['note']}" if first["note"] else count
        spread = f"{_seconds(seconds.min())} to {_seconds(seconds.max())}"
    return {
        "Program": label,
        "Device": first["device"],
        "Seconds per epoch": _seconds(seconds.median()),
        "Least to greatest": spread,
        "Rate (GFLOP/s)": number(measured["gflops"].median(), 1),
        "Of limit, large": _share(measured, "limit_2048_gflops"),
        "Of limit, network": _share(measured, "limit_network_gflops"),
        "Memory (MiB)": number(measured["peak_memory_mib"].max(), 0),
        "First step (s)": number(measured["first_step_seconds"].median(), 1),
        ENERGY: number(measured["energy_joules"].median(), 0),
        "Status": status,
    }


def _seconds(seconds: float) -> str:
    return number(seconds, 0 if seconds >= 100 else 2 if seconds >= 1 else 3)


def _share(measured: pd.DataFrame, limit: str) -> str:
    share = (measured["gflops"] / measured[limit]).median()
    return NONE if pd.isna(share) else f"{share:.0%}"


if __name__ == "__main__":
    run(table_5_1b_like_for_like, globals())
