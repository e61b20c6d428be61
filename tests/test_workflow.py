"""The workflow: end to end on the smallest configuration, and what reruns when."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from conftest import ROOT, TINY, Project, copy_project
from parsed import parsed_rules

from planning.runs import OPTIONAL_EXPERIMENTS
from study.contracts import MEASUREMENT
from study.outcomes import NOT_MEASURED, OUTCOMES
from study.results import read_table

pytestmark = pytest.mark.xdist_group("study")


@pytest.mark.skipif("PYTEST_XDIST_WORKER" not in os.environ, reason="there is one worker")
def test_tests_that_share_a_study_are_one_workers(request: pytest.FixtureRequest):
    """Or each of the workers would run it."""
    assert request.node.nodeid.endswith("@study")


RULES = parsed_rules(TINY)
SHARED_SCRIPTS = dict.fromkeys(
    (
        "figure_6_3a_elbo_by_latent_dimension",
        "figure_6_3b_elbo_by_training_size",
        "figure_equal_updates",
    ),
    "figure_learning_curves",
)
"""Rules of several names that run one script."""
DRAWN = sorted(name for name in RULES if name.startswith(("figure_", "table_")))


def test_the_study_ends_in_a_report_of_every_figure_and_table(finished: Project):
    results = finished.root / "results"
    assert (results / "report/report.pdf").read_bytes().startswith(b"%PDF")
    text = (results / "report/report.html").read_text()
    assert "<math" in text
    for name in DRAWN:
        kinds = ("svg", "pdf", "png") if name.startswith("figure") else ("csv", "md")
        folder = results / ("figures" if name.startswith("figure") else "tables")
        for kind in kinds:
            assert (folder / f"{name}.{kind}").stat().st_size > 0
        assert f'id="{"fig" if name.startswith("figure") else "tbl"}:' in text


def test_evaluations_are_tidy(finished: Project):
    for name in ("latent_dimension", "training_size", "images", "networks_published"):
        frame = read_table(finished.root / f"results/evaluations/{name}.csv")
        assert list(frame.columns) == list(MEASUREMENT.columns)
        assert frame["value"].notna().all()
        assert set(frame["seed"]) == {1, 2}
    elbo = frame[frame["metric"] == "elbo"].set_index(["seed", "epoch", "split"])["value"]
    parts = frame[frame["metric"].isin(["reconstruction", "kl"])]
    summed = parts.groupby(["seed", "epoch", "split"])["value"].sum()
    pd.testing.assert_series_equal(-elbo.sort_index(), summed.sort_index(), check_names=False)


def test_every_claim_has_a_verdict_or_the_reason_why_not(finished: Project):
    verdicts = json.loads((finished.root / "results/claims.json").read_text())
    assert {row["verdict"] for row in verdicts.values()} <= set(OUTCOMES)
    for row in verdicts.values():
        assert row["finding"].endswith(".") and row["settings"]
        assert (row["asked"] == "") == (row["verdict"] == NOT_MEASURED)
    assert "no CUDA device" in verdicts["cupy_faster_than_numpy"]["finding"]


def test_training_logs_its_progress(finished: Project):
    log = next((finished.root / "results/models").rglob("train.log")).read_text()
    assert "epoch" in log and "ELBO" in log


def test_a_second_run_does_nothing(finished: Project):
    assert "Nothing to be done" in finished.snakemake()


def append(path: Path, text: str) -> None:
    path.write_text(path.read_text() + text)


def test_a_touched_file_reruns_nothing(edited: Project):
    for path in (edited.root / "scripts/vae").rglob("*.py"):
        path.touch()
    assert edited.planned() == set()


REPORT = {"all", "report_html", "report_pdf"}


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        (
            "scripts/figure_6_4_latent_manifold.py",
            {"figure_6_4_latent_manifold"} | REPORT,
        ),
        (
            "scripts/study/plotting.py",
            {name for name in DRAWN if name.startswith("figure_")} | REPORT,
        ),
        ("scripts/vae/backends/_tensorflow_trainer.py", set()),
        ("scripts/vae/estimator.py", set()),
        ("workflow/report/style.css", {"all", "report_html"}),
    ],
)
def test_an_edit_reruns_exactly_what_depends_on_it(edited: Project, file: str, expected: set[str]):
    append(edited.root / file, "\n/* edited */\n" if file.endswith("css") else "\nEDITED = True\n")
    assert edited.planned() == expected


def test_an_edited_backend_retrains_its_models(edited: Project):
    append(edited.root / "scripts/vae/backends/_numpy_trainer.py", "\nEDITED = True\n")
    planned = edited.planned()
    timed = {"benchmark_implementations", "measure_cost_by_size"}
    assert {"train_vae", "evaluate_vae", *timed} <= planned
    assert not planned & {"prepare_dataset", "train_baseline"}


def test_a_setting_reruns_only_what_reads_it(edited: Project):
    config = edited.root / TINY
    config.write_text(config.read_text().replace("steps: 3", "steps: 4"))
    planned = edited.planned()
    assert {"benchmark_implementations", "measure_cost_by_size", "profile_epoch"} <= planned
    assert not planned & {"train_vae", "evaluate_vae", "prepare_dataset"}


def test_one_figure_after_its_files_are_gone(edited: Project):
    name = "figure_6_3a_elbo_by_latent_dimension"
    for file in (edited.root / "results/figures").glob(f"{name}.*"):
        file.unlink()
    assert edited.planned(name) == {name}
    assert edited.planned(f"results/figures/{name}.png") == {name}
    edited.snakemake(name)
    assert (edited.root / f"results/figures/{name}.png").stat().st_size > 0


def test_the_same_seed_gives_the_same_numbers(edited: Project):
    """Everything but times is the same, to the byte, when trained again."""
    run = next((edited.root / "results/models").rglob("model.npz")).parent
    before = {name: (run / name).read_bytes() for name in ("model.npz", "images.npz")}
    target = str((run / "images.npz").relative_to(edited.root))
    edited.snakemake("--forceall", target)
    assert {name: (run / name).read_bytes() for name in before} == before


def test_a_killed_run_goes_on(tmp_path: Path):
    project = copy_project(tmp_path)
    target = "results/models/digits/tiny/report/z2-nall-e400/numpy-seed1/model.npz"
    running = subprocess.Popen(
        [Path(sys.executable).parent / "snakemake", target, "--configfile", TINY],
        cwd=project.root,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    log = (project.root / target).with_name("train.log")
    while not log.exists() and running.poll() is None:
        time.sleep(0.05)
    subprocess.run(["pkill", "-KILL", "-g", str(running.pid)], check=True)
    running.wait()
    assert running.returncode == -signal.SIGKILL
    assert not (project.root / target).exists()
    project.snakemake("--unlock")
    project.snakemake(target)
    assert (project.root / target).stat().st_size > 0


def test_a_wrong_configuration_is_one_sentence_and_loses_nothing(edited: Project):
    before = sorted((edited.root / "results").rglob("*"))
    append(edited.root / TINY, "\nepochz: 3\n")
    printed = edited.snakemake(status=1)
    assert "epochz is not a key" in printed
    assert "Traceback" not in printed
    assert sorted((edited.root / "results").rglob("*")) == before


def test_a_failing_step_says_why_in_its_log(edited: Project):
    data = edited.root / "results/datasets/digits.npz"
    data.write_bytes(b"<html>not found</html>")
    target = "results/models/digits/tiny/report/z3-nall-e1/numpy-seed1/model.npz"
    edited.snakemake(target, status=1)
    log = (edited.root / target).with_name("train.log").read_text()
    assert log.splitlines()[-1].startswith("train_vae: results/datasets/digits.npz: expected")


def test_tensorflow_trains_the_same_model_in_the_workflow(edited: Project):
    pytest.importorskip("tensorflow")
    folder = "results/models/digits/tiny/report/z2-nall-e3"
    edited.snakemake(f"{folder}/tensorflow-seed1/evaluation.csv")
    tables = [
        read_table(edited.root / folder / f"{backend}-seed1/evaluation.csv")
        for backend in ("numpy", "tensorflow")
    ]
    elbos = [table[table["metric"] == "elbo"]["value"].to_numpy() for table in tables]
    assert elbos[0] == pytest.approx(elbos[1], rel=1e-3)


def test_an_optional_experiment_brings_its_own_figures():
    brought = RULES.keys() - parsed_rules(TINY, "tests/config/required.yaml").keys()
    assert {name for name in brought if name.startswith("figure_")} == {
        "figure_7_1_ablation",
        "figure_aevb_bound",
        "figure_boltzmann_training",
        "figure_equal_updates",
        "figure_likelihood_against_error",
        "figure_model_samples",
        "figure_networks_while_training",
    }
    for experiment in OPTIONAL_EXPERIMENTS:
        assert (ROOT / f"workflow/rules/experiment_{experiment}.smk").exists()


def test_the_workflow_reports_through_snakemake_itself(edited: Project):
    edited.snakemake("--report", "study.html")
    text = (edited.root / "study.html").read_text()
    assert "Latent space" in text


@pytest.mark.parametrize("name", [name for name, rule in RULES.items() if rule.script])
def test_a_rule_runs_the_script_of_its_name_and_logs_in_its_environment(name: str):
    rule = RULES[name]
    assert Path(rule.script).stem == SHARED_SCRIPTS.get(name, name)
    assert rule.log and rule.conda_env
    assert bool(rule.benchmark) == name.startswith("train_")


def test_every_rule_but_a_target_runs_a_script():
    assert {name for name, rule in RULES.items() if not rule.script} == {"all", "figures", "tables"}


def test_the_workflow_is_linted_and_formatted():
    project = Project(ROOT)
    project.run("snakemake", "--lint")
    project.run("snakefmt", "--check", "workflow")


def test_the_snakefile_fits_a_screen():
    assert len((ROOT / "workflow/Snakefile").read_text().splitlines()) <= 80
