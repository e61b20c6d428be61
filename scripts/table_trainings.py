"""The trainings of the study, by experiment: of what, with which seeds, how long and when."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from step import run
from study.contracts import RUNS
from study.results import read_table
from study.tables import write_table
from study.wording import duration, readable


def table_trainings(
    runs: Path, experiments: Mapping[str, Sequence[str]], table: Path, markdown: Path
) -> None:
    """Write a row for each experiment; a training that several share is in each of them.

    Parameters
    ----------
    runs
        csv of `record_study`.
    experiments
        By name, the folders of its trainings within the results.
    table, markdown
        The table.
    """
    trained = read_table(runs, RUNS).set_index("run")
    rows = [
        experiment_row(name, trained.loc[list(dict.fromkeys(folders))])
        for name, folders in experiments.items()
    ]
    write_table(rows, table, markdown, text_columns=("Experiment", "Data", "Seeds", "Ended"))


def experiment_row(name: str, trained: pd.DataFrame) -> dict[str, str]:
    """Put the trainings of an experiment, one a row and their folders the index, into words."""
    folders = trained.index.str.split("/")
    seeds = {int(folder[-1].rpartition("seed")[2]) for folder in folders}
    days = sorted({*trained["ended"]})
    return {
        "Experiment": name,
        "Data": "; ".join(dict.fromkeys(readable(folder[1]) for folder in folders)),
        "Trainings": str(len(trained)),
        "Seeds": ", ".join(map(str, sorted(seeds))),
        "Time together": duration(trained["seconds"].sum()),
        "Memory, at most (MiB)": f"{trained['peak_memory_mib'].max():.0f}",
        "Ended": " to ".join(dict.fromkeys((days[0], days[-1]))),
    }


if __name__ == "__main__":
    run(table_trainings, globals())
