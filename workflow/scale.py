"""What large sweeps cost: `python workflow/scale.py` plans some, and draws config/scale.png.

Core hours are those of trainings in results/reference/runs.csv. What it plans is in
config/scale.csv, written anew unless `--draw` is given.
"""

import csv
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))

from study.plotting import COLUMN_WIDTH, INK, MUTED, new_figure, style

MEASURED = Path("config/scale.csv")
DRAWN = Path("config/scale.png")
RUNS = Path("results/reference/runs.csv")
SWEEPS = (10, 100, 1000, 10_000)
TRAININGS = {
    "networks, 300 of them, 20 epochs": "networks_published/simulation/batches_of_6/z2-nall-e20",
    "MNIST, 1,000 images, 100 epochs": "mnist/two_layer/report/z20-n1000-e100",
    "MNIST, 60,000 images, 100 epochs": "mnist/two_layer/report/z20-nall-e100",
    "grey CIFAR-10 by convolutions": "cifar10_grey/convolutional_cifar10_grey/report/z20-nall-e50",
}
"""Trainings of which a sweep may consist, from seconds to an hour each."""


def plan(trainings: int) -> tuple[float, float]:
    """CPU seconds and MB that Snakemake takes to plan a sweep of ten latent dimensions."""
    seeds = list(range(1, trainings // 10 + 1))
    lists = f"{{latent_dimensions: [2, 3, 4, 5, 6, 7, 8, 9, 10, 11], epochs: [3], seeds: {seeds}}}"
    with tempfile.TemporaryDirectory() as folder:
        sweep = Path(folder) / "sweep.yaml"
        sweep.write_text(f"experiments: {{latent_dimension: {lists}}}\n")
        command = [sys.executable, "-m", "snakemake", "--dry-run", "--nolock", "--quiet"]
        process = subprocess.Popen(
            [*command, "--configfile", str(sweep)], stdout=subprocess.DEVNULL
        )
        _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        raise SystemExit(f"Snakemake could not plan {trainings} trainings")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def measure() -> None:
    """Plan every sweep and write what it took."""
    with MEASURED.open("w", newline="") as table:
        rows = csv.writer(table, lineterminator="\n")
        rows.writerow(["trainings", "planning_cpu_seconds", "planning_memory_mb"])
        for trainings in SWEEPS:
            seconds, memory = plan(trainings)
            rows.writerow([trainings, f"{seconds:.1f}", f"{memory:.0f}"])


def draw() -> None:
    """Draw core hours against the number of trainings, and the planning beside them."""
    runs = pd.read_csv(RUNS)
    planned = pd.read_csv(MEASURED)
    with style():
        figure = new_figure(2 * COLUMN_WIDTH, 3.2)
        axes = figure.add_subplot()
        for name, folder in TRAININGS.items():
            seconds = runs.loc[runs["run"].str.startswith(f"models/{folder}/"), "seconds"].mean()
            hours = [trainings * seconds / 3600 for trainings in SWEEPS]
            axes.plot(SWEEPS, hours, color=INK)
            name_last(axes, name, hours[-1])
        hours = (planned["planning_cpu_seconds"] / 3600).tolist()
        axes.plot(planned["trainings"], hours, "o--", color=MUTED)
        name_last(axes, "planning", hours[-1])
        axes.set(xscale="log", yscale="log", xlabel="Trainings", ylabel="Core hours")
        figure.savefig(DRAWN, dpi=150)


def name_last(axes: Axes, name: str, hours: float) -> None:
    """Write a name beside the last point of a line."""
    axes.annotate(
        name,
        (SWEEPS[-1], hours),
        (8, 0),
        textcoords="offset points",
        va="center",
        annotation_clip=False,
    )


if __name__ == "__main__":
    if sys.argv[1:] != ["--draw"]:
        measure()
    draw()
