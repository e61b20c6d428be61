"""The kept results: a finished study is kept, and its figures redrawn with nothing else there."""

import gzip
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from conftest import ROOT, TINY, Project, copy_project, rules_in
from generated import assert_generated, pipe_table
from parsed import parsed_rules
from PIL import Image

import scale
from planning import reference
from planning.catalogue import laid_over
from planning.reference import REFERENCE, packed_evaluations, settle
from planning.runs import (
    Run,
    baseline_runs,
    experiment_runs,
    leave_out_experiments,
    planned_datasets,
    planned_experiments,
    planned_runs,
)
from planning.validation import ConfigError
from report_markdown import plain
from study import checkout, seals
from study.contracts import RUN
from study.outcomes import FAILS, IN_PART, OUTCOMES
from study.results import final, read_table
from table_notebook_losses import table_notebook_losses
from unpack_evaluations import unpack_evaluations

KEPT = ROOT / REFERENCE


@pytest.fixture(scope="module")
def kept(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The smallest study, kept, with nothing else of it left but its figures and tables."""
    root = tmp_path_factory.mktemp("kept") / "project"
    shutil.copytree(finished.root, root, symlinks=True)
    shutil.rmtree(root / REFERENCE, ignore_errors=True)
    project = Project(root)
    project.snakemake("keep_reference")
    (root / "drawn").mkdir()
    for folder in ("figures", "tables"):
        shutil.move(root / "results" / folder, root / "drawn" / folder)
    for folder in ("datasets", "evaluations", "models", "profiles", "report"):
        shutil.rmtree(root / "results" / folder)
    return project


@pytest.fixture(scope="module")
def redrawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Draw figures, tables and PDF of what the project keeps; returns its folder."""
    project = copy_project(tmp_path_factory.mktemp("redrawn") / "project")
    pdf = f"{REFERENCE}/report/report.pdf"
    project.run("snakemake", "figures", "tables", pdf, "--config", "results=reference")
    return project.root / REFERENCE


@pytest.mark.xdist_group("reference")
def test_what_the_project_keeps_draws_every_figure_and_table(redrawn: Path):
    """Of a version that has other defaults, and models that were not there when it ran."""
    table = (redrawn / "tables/table_6_1_reconstruction_error.csv").read_text()
    assert "PCA" not in table and "DBN" in table
    timings = (redrawn / "tables/table_5_1b_like_for_like.csv").read_text()
    assert "NVIDIA H200" in timings and "no CUDA device" not in timings


@pytest.mark.xdist_group("reference")
def test_the_readme_shows_the_kept_verdicts_and_figures(redrawn: Path):
    claims = json.loads((redrawn / "claims.json").read_text()).values()
    assert_generated(ROOT / "README.md", "verdicts", verdicts_in_words(claims))
    for name, figure in PICTURES.items():
        assert_picture(ROOT / f"workflow/report/{name}.png", redrawn / f"figures/{figure}.png")


def verdicts_in_words(claims: Iterable[Mapping[str, str]]) -> str:
    """How many claims have each verdict, and which do not simply hold."""
    by_verdict = {
        verdict: [claim for claim in claims if claim["verdict"] == verdict] for verdict in OUTCOMES
    }
    counts = ", ".join(f"{verdict} {len(those)}" for verdict, those in by_verdict.items())
    total = sum(map(len, by_verdict.values()))
    told = ("section", "statement", "settings", "finding")
    rows = [
        [verdict, *(plain(claim[part]) for part in told)]
        for verdict in (FAILS, IN_PART)
        for claim in by_verdict[verdict]
    ]
    header = ["Verdict", "Section", "What the report states", "Under which settings", "Measured"]
    return f"Verdicts on {total} claims: {counts}.\n\n{pipe_table(header, rows)}"


PICTURES = {
    "latent_manifold": "figure_6_4_latent_manifold",
    "networks_while_training": "figure_networks_while_training",
    "image_reconstructions": "figure_6_5_image_reconstructions",
}
"""Of the README, and the figures that they are."""


def assert_picture(picture: Path, figure: Path) -> None:
    """Compare a picture with the figure that it is; with WRITE=1 it is copied first."""
    if os.environ.get("WRITE") == "1":
        shutil.copy(figure, picture)
    shown, drawn = (
        np.asarray(Image.open(path).convert("RGB"), float) for path in (picture, figure)
    )
    same = shown.shape == drawn.shape and np.abs(shown - drawn).mean() < 1
    assert same, f"{picture.name} is older than what is kept: test again with WRITE=1"


@pytest.mark.xdist_group("reference")
def test_the_pdf_of_what_is_kept_is_short_and_small(redrawn: Path):
    pdf = (redrawn / "report/report.pdf").read_bytes()
    assert len(re.findall(rb"/Type/Page\b", pdf)) <= 25
    assert len(pdf) < 2_000_000


@pytest.mark.xdist_group("reference")
def test_no_third_of_a_page_of_the_pdf_is_empty(redrawn: Path, tmp_path: Path):
    if not shutil.which("pdftoppm"):
        pytest.skip("pdftoppm is not installed")
    pdf = redrawn / "report/report.pdf"
    subprocess.run(["pdftoppm", "-gray", "-r", "20", pdf, tmp_path / "page"], check=True)
    *pages, _ = sorted(tmp_path.glob("*.pgm"))
    assert len(pages) > 10
    for page in pages:
        with Image.open(page) as image:
            rows = np.asarray(image).min(axis=1)
        inked = np.flatnonzero(rows[: int(0.93 * len(rows))] < 250)  # above the page's number
        ends = [*inked, int(0.93 * len(rows))]
        assert max(np.diff(ends)) < len(rows) / 3, page.name


def test_a_kept_gpu_is_shown_where_its_job_is_this_one_and_is_not_kept_again():
    def gpu(rules: dict, name: str) -> list[str]:
        return [file for file in map(str, rules[name].input) if "profiles/gpu/" in file]

    default, tiny = parsed_rules(), parsed_rules(TINY)
    for name in ("figure_5_1_profile", "table_profiles"):
        assert f"{REFERENCE}/profiles/gpu/phases.csv" in gpu(default, name)
        assert not gpu(tiny, name)
    assert not gpu(default, "keep_reference")
    kept = [*map(str, default["keep_reference"].input)]
    assert {f"results/profiles/{name}_epoch.csv" for name in ("tensorflow", "cupy")} <= {*kept}


def test_the_hours_of_the_whole_study_are_those_that_its_trainings_took():
    """All that were kept are counted; what `paper.yaml` has got since is not."""
    files = [ROOT / f"config/{name}.yaml" for name in ("config", "paper")]
    config = laid_over(*(yaml.safe_load(file.read_text()) for file in files))
    leave_out_experiments(config)
    seconds = pd.read_csv(KEPT / "runs.csv").set_index("run")["seconds"]
    experiments = {name: experiment_runs(config, name) for name in planned_experiments(config)}
    counted: set[Run] = set()
    rows = []
    for name, runs in (experiments | {"RBM and DBN": baseline_runs(config, "rbm", "dbn")}).items():
        folders = [run.folder for run in runs if run not in counted]
        counted.update(runs)
        known = seconds.reindex(folders).dropna()
        hours = f"{known.sum() / 3600:.2f}" if len(known) else ""
        rows.append([name, str(len(folders)), str(len(known)), hours])
    total = f"{seconds.sum() / 3600:.2f}"
    assert f"{sum(float(row[3] or 0) for row in rows):.1f}" == f"{float(total):.1f}"
    rows.append(["together", str(len(counted)), str(len(seconds)), total])
    table = pipe_table(["Experiment", "Trainings", "Of them timed", "Core hours"], rows)
    assert_generated(ROOT / "config/README.md", "hours of paper.yaml", table)


def test_what_a_large_sweep_costs_is_what_was_measured():
    page = (ROOT / "config/scale.md").read_text()
    runs = pd.read_csv(KEPT / "runs.csv")
    for folder in scale.TRAININGS.values():
        seconds = runs.loc[runs["run"].str.startswith(f"models/{folder}/"), "seconds"].mean()
        assert f" {10_000 * seconds / 3600:,.0f} |" in page
    planned = pd.read_csv(ROOT / scale.MEASURED).set_index("trainings").loc[10_000]
    seconds, memory = planned["planning_cpu_seconds"], planned["planning_memory_mb"]
    assert f"{seconds:.0f} CPU seconds and {memory:.0f} MB" in page


@pytest.mark.xdist_group("study")
def test_every_figure_and_table_is_redrawn_from_what_is_kept(kept: Project):
    """To the byte, but for the report; nothing is trained, simulated, prepared or timed."""
    printed = kept.run("snakemake", "figures", "tables", "--config", "results=reference")
    drawing = {name for name in rules_in(printed) if name.startswith(("figure", "table"))}
    assert rules_in(printed) - drawing == {"unpack_evaluations", "judge_claims"}
    drawn = [path for path in (kept.root / "drawn").rglob("*") if path.is_file()]
    assert len(drawn) > 40
    for path in drawn:
        redrawn = kept.root / REFERENCE / path.relative_to(kept.root / "drawn")
        assert redrawn.read_bytes() == path.read_bytes(), path.name


@pytest.mark.xdist_group("study")
def test_what_is_kept_says_where_it_came_from(kept: Project):
    folder = kept.root / REFERENCE
    provenance = json.loads((folder / "provenance.json").read_text())
    assert provenance["processor"] and provenance["numpy"] and provenance["gpu"]
    runs = pd.read_csv(folder / "runs.csv")
    settings = yaml.safe_load((folder / "config.yaml").read_text())
    assert len(runs) == len(planned_runs(settings))
    listed = (folder / seals.LIST).read_text()
    assert "evaluations/images.csv.gz\n" in listed and "runs.csv\n" in listed
    assert (runs["seconds"] > 0).all()
    assert (folder / "report.pdf").read_bytes().startswith(b"%PDF")


def test_a_run_that_is_missing_from_what_is_kept_is_seen(tmp_path: Path):
    """Where it is kept as it is, every file of the list is what it was."""
    listed = [line.split("  ")[1] for line in (KEPT / seals.LIST).read_text().splitlines()]
    assert len(listed) > 40
    for name in listed:
        seals.check(KEPT / name)
    packed = shutil.copytree(KEPT, tmp_path / "kept") / "evaluations/images.csv.gz"
    rows = gzip.decompress(packed.read_bytes()).decode().splitlines(keepends=True)
    folder = rows[-1].split(",")[:7]
    fewer = [row for row in rows if row.split(",")[:7] != folder]
    assert len(fewer) < len(rows)
    packed.write_bytes(gzip.compress("".join(fewer).encode(), mtime=0))
    with pytest.raises(ValueError, match=r"images\.csv\.gz: expected what was kept, whose digest"):
        seals.check(packed)


@pytest.mark.xdist_group("study")
def test_kept_results_take_no_other_settings(kept: Project):
    printed = kept.run(
        "snakemake", "--dry-run", "--config", "results=reference", "seed=1", status=1
    )
    assert "config: seed differs from results/reference/config.yaml" in printed


def test_the_commit_is_marked_where_files_differ_from_it_but_not_where_results_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert checkout.commit() == "unknown"
    (tmp_path / REFERENCE).mkdir(parents=True)
    code, result = tmp_path / "code.py", tmp_path / REFERENCE / "runs.csv"
    code.touch()
    result.touch()
    author = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    for command in (("init", "-q"), ("add", "."), (*author, "commit", "-qm", "First")):
        subprocess.run(["git", *command], check=True)
    result.write_text("changed")
    commit = checkout.commit()
    assert len(commit) == 40
    code.write_text("changed")
    assert checkout.commit() == f"{commit}-dirty"


@pytest.fixture
def record(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[dict], dict]:
    """Keep settings; the function returns them as the workflow begins with them."""
    file = tmp_path / "config.yaml"
    monkeypatch.setattr(reference, "REFERENCE_CONFIG", str(file))

    def keep(settings: dict) -> dict:
        file.write_text(yaml.safe_dump(settings))
        return deepcopy(settings) | {"results": "reference"}

    return keep


@pytest.fixture
def default() -> dict:
    return yaml.safe_load((ROOT / "config/config.yaml").read_text())


def test_a_setting_that_is_the_kept_one_is_no_other(record: Callable, default: dict):
    kept = record(default)
    settle(kept | {"mirror": "raw"})
    with pytest.raises(ConfigError, match="seeds differs"):
        settle(kept | {"seeds": [5]})


def test_kept_settings_of_another_version_do_if_figures_can_be_drawn(
    record: Callable, default: dict
):
    """An archive is never edited to please today's schema."""
    steps = default["benchmark"].pop("steps")
    default["experiments"]["manifold"]["an_older_list"] = [1]
    kept = record(default | {"an_older_key": 1, "seeds": [4]})
    settle(kept)
    assert kept["benchmark"]["steps"] == steps
    assert (kept["an_older_key"], kept["seeds"]) == (1, [4])


def test_kept_settings_may_have_former_names(record: Callable, default: dict):
    lists = default["experiments"].pop("marginal_likelihood")
    default["experiments"]["likelihood"] = lists
    default["likelihood"] = default.pop("marginal_likelihood")
    kept = record(default)
    settle(kept)
    assert kept["experiments"]["marginal_likelihood"] == lists
    assert "likelihood" not in kept and kept["marginal_likelihood"]["test_images"]


def test_models_that_were_not_compared_then_are_not_asked_for(record: Callable, default: dict):
    del default["baselines"]
    kept = record(default)
    settle(kept)
    assert "baselines" not in kept


def test_kept_settings_without_runs_draw_no_figures(record: Callable, default: dict):
    del default["experiments"]["manifold"]["epochs"]
    with pytest.raises(ConfigError, match=r"config.yaml has no epochs; expected it"):
        settle(record(default))


@pytest.mark.parametrize("cut", [slice(-20), slice(0, 0), slice(5, None)])
def test_a_packed_table_that_is_not_whole_is_refused(tmp_path: Path, cut: slice):
    packed = tmp_path / "aevb.csv.gz"
    packed.write_bytes(gzip.compress(b"epoch,value\n1,2\n" * 100)[cut])
    with pytest.raises(ValueError, match=r"aevb\.csv\.gz: expected a whole gzip file"):
        unpack_evaluations(packed, tmp_path / "aevb.csv")


def git_files(folder: Path) -> list[Path]:
    """Files of a folder that git tracks, or would: all but those it ignores."""
    listed = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    try:
        done = subprocess.run(listed, cwd=folder, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no git repository")
    return [folder / name for name in done.stdout.split("\0") if name]


# The results that the project itself keeps

tracked = pytest.mark.skipif(
    not (KEPT / "config.yaml").exists(), reason="this copy of the project keeps no results"
)


@pytest.fixture(scope="module")
def settings() -> dict:
    """Those that were kept, as the workflow begins with them."""
    config = yaml.safe_load((KEPT / "config.yaml").read_text()) | {"results": "reference"}
    settle(config)
    return config


@tracked
def test_every_run_of_the_kept_settings_is_in_the_kept_tables(settings: dict):
    kept = set(pd.read_csv(KEPT / "runs.csv")["run"])
    assert kept == {run.folder for run in planned_runs(settings)}
    for name in planned_experiments(settings):
        last = final(read_table(ROOT / packed_evaluations(name)))
        bounds = last[(last["metric"] == "elbo") & (last["split"] == "test")]
        measured = {tuple(row) for row in bounds[[*RUN, "seed"]].drop(columns="train_size").values}
        planned = {
            (
                run.dataset,
                run.architecture,
                run.training,
                run.latent_dimension,
                run.epochs,
                run.backend,
                run.seed,
            )
            for run in experiment_runs(settings, name)
        }
        assert measured == planned, name


@tracked
def test_no_kept_file_is_large():
    for file in git_files(KEPT):
        limit = 2_000_000 if file.name == "report.pdf" else 1_000_000
        assert file.stat().st_size < limit, file.name


@tracked
def test_every_kept_data_set_has_its_card(settings: dict):
    cards = {path.stem for path in (KEPT / "datasets").glob("*.json")}
    assert cards == set(planned_datasets(settings))


@tracked
def test_the_readme_quotes_the_kept_results(tmp_path: Path):
    """Its table of losses is the one that the kept results give, line by line."""
    published = yaml.safe_load((ROOT / "config/claims.yaml").read_text())["reported"]
    table_notebook_losses(
        sorted((KEPT / "evaluations").glob("*.csv.gz")),
        published["notebooks"],
        tmp_path / "table.csv",
        tmp_path / "table.md",
    )
    assert (tmp_path / "table.md").read_text() in (ROOT / "README.md").read_text()
