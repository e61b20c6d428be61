"""The step size is chosen by the bound of training images at the end, for each thing apart."""

import pandas as pd
from fabricated import measurements

from report_values import _experiment
from study.results import read_table
from study.step_sizes import best_trainings

TRAININGS = {
    "slow": {"learning_rate": 0.01},
    "fast": {"learning_rate": 0.1, "algorithm": "aevb"},
    "asleep": {"learning_rate": 0.01, "algorithm": "wake_sleep"},
}
ENDS = {
    ("slow", 3): [-90.0, -100.0],
    ("fast", 3): [-80.0, -105.0],  # the higher mean over seeds
    ("asleep", 3): [-200.0, -200.0],
    ("slow", 20): [-70.0, -70.0],
    ("fast", 20): [-75.0, -75.0],
    ("asleep", 20): [-50.0, -50.0],
}
"""Bounds of training images after the last epoch, of two seeds."""


def table(path) -> pd.DataFrame:
    """Bounds that began the other way round, of test images too."""
    rows = [
        {
            "training": training,
            "latent_dimension": latent,
            "seed": seed,
            "epoch": epoch,
            "epochs": 2,
            "split": split,
            "metric": "elbo",
            "value": end if (split, epoch) == ("train", 2) else -end - 1000,
        }
        for (training, latent), ends in ENDS.items()
        for seed, end in enumerate(ends, start=1)
        for split in ("train", "test")
        for epoch in (1, 2)
    ]
    return read_table(measurements(path, rows))


def test_each_algorithm_takes_its_best_step_size_at_each_latent_dimension(tmp_path):
    frame = table(tmp_path / "aevb.csv")
    best = best_trainings(frame, TRAININGS)
    chosen = best.groupby(["algorithm", "latent_dimension"])["training"].unique()
    assert {key: list(names) for key, names in chosen.items()} == {
        ("aevb", 3): ["fast"],
        ("aevb", 20): ["slow"],
        ("wake_sleep", 3): ["asleep"],
        ("wake_sleep", 20): ["asleep"],
    }
    assert len(best) == 4 * 2 * 2 * 2
    kept = frame[frame["training"].eq("slow") & frame["latent_dimension"].eq(20)]
    ours = best[best["training"] == "slow"].drop(columns="algorithm")
    pd.testing.assert_frame_equal(ours.reset_index(drop=True), kept.reset_index(drop=True))


def test_the_reports_values_name_the_runs_of_the_best_step_size(tmp_path):
    table(tmp_path / "aevb.csv")
    found = dict(_experiment(tmp_path / "aevb.csv", TRAININGS))
    assert found["aevb.algorithms"] == ["aevb", "wake_sleep"]
    best = found["aevb.best.aevb"]
    told = {found[f"{run}.training"]: found[f"{run}.train.elbo.mean"] for run in best}
    assert told == {"fast": -92.5, "slow": -70.0}
    assert [found[f"{run}.training"] for run in found["aevb.best.wake_sleep"]] == ["asleep"] * 2
