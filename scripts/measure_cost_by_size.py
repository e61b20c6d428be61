"""Time epochs as the network, the batch and the training set grow, for Figure 5.2."""

import csv
from pathlib import Path
from typing import Any

from step import run
from study.benchmark.cost import COLUMNS, measure_costs


def measure_cost_by_size(
    costs: Path, settings: dict[str, Any], root_seed: int, threads: int
) -> None:
    """Write the seconds of an epoch at every size.

    Parameters
    ----------
    costs
        csv with the columns `study.benchmark.cost.COLUMNS`.
    settings
        The configuration's `benchmark`.
    root_seed
        The study's.
    threads
        For each backend.
    """
    with open(costs, "w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(measure_costs(settings, root_seed, threads))


if __name__ == "__main__":
    run(measure_cost_by_size, globals())
