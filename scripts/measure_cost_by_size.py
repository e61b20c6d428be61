"""Time epochs as the network, the batch and the training set grow, for Figure 5.2."""

from pathlib import Path
from typing import Any

from step import run
from study.benchmark.cost import measure_costs
from study.contracts import COSTS


def measure_cost_by_size(
    costs: Path, settings: dict[str, Any], root_seed: int, threads: int
) -> None:
    """Write the seconds of an epoch at every size.

    Parameters
    ----------
    costs
        csv of the form `study.contracts.COSTS`.
    settings
        The configuration's `benchmark`.
    root_seed
        The study's.
    threads
        For each backend.
    """
    COSTS.write(costs, measure_costs(settings, root_seed, threads))


if __name__ == "__main__":
    run(measure_cost_by_size, globals())
