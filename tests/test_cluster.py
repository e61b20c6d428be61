"""A cluster: which jobs there are, what they ask for, and how a real one runs the study."""

import csv
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from conftest import ROOT, TINY, Project, copy_project
from parsed import parsed_rules
from slurm_cluster import ACCOUNTING, Cluster, absent, cluster

from planning.reference import REFERENCE
from planning.steps import ALONE, growing

PROFILE = "workflow/profiles/slurm"
TIMED = {
    "benchmark_implementations",
    "measure_cost_by_size",
    "profile_epoch",
    "profile_operations",
    "describe_machine",
}
RULES = parsed_rules()


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return copy_project(tmp_path_factory.mktemp("cluster") / "project")


def planned_jobs(printed: str) -> tuple[list[str], list[str]]:
    """Groups, and rules of the jobs that go by themselves, of a dry run."""
    alone = re.findall(r"^Job \d+: (\w+)", printed, flags=re.MULTILINE)
    return re.findall(r"Group job (\w+)", printed), alone


def test_short_steps_share_a_job_and_runs_some(project: Project):
    groups, alone = planned_jobs(project.snakemake("--profile", PROFILE, "--dry-run"))
    assert groups.count("telling") == 1
    assert set(alone) == {"all", *ALONE, *TIMED} - {"download", "keep_reference"}
    assert len(groups) + len(alone) <= 30, "of some 120 steps"


def test_a_sweep_of_a_thousand_trainings_is_some_hundred_jobs(project: Project):
    sweep = project.root / "sweep.yaml"
    tiny = yaml.safe_load((ROOT / TINY).read_text())
    tiny["experiments"]["latent_dimension"] |= {
        "latent_dimensions": list(range(1, 11)),
        "seeds": list(range(1, 101)),
    }
    sweep.write_text(yaml.safe_dump(tiny))
    printed = project.snakemake("--profile", PROFILE, "--dry-run", config="sweep.yaml")
    groups, alone = planned_jobs(printed)
    assert len(groups) + len(alone) <= 150


def test_the_default_profile_leaks_nothing_into_that_of_a_cluster(project: Project):
    """Whichever way the profile is given, the same is planned."""
    given = [
        project.snakemake(way, PROFILE, "--dry-run", "--forceall")
        for way in ("--profile", "--workflow-profile")
    ]
    assert len({tuple(map(len, planned_jobs(printed))) for printed in given}) == 1


@pytest.mark.parametrize("name", ["slurm", "generic", "kubernetes"])
def test_a_plugin_that_is_not_installed_is_one_sentence(project: Project, name: str):
    """Snakemake alone would print a page of usage that ends in "invalid choice"."""
    profile = ROOT / f"workflow/profiles/{name}/config.yaml"
    plugin = f"snakemake_executor_plugin_{yaml.safe_load(profile.read_text())['executor']}"
    module = plugin.replace("-", "_")
    hidden = project.root / f"without_{name}/config.yaml"
    hidden.parent.mkdir()
    hidden.write_text(profile.read_text().replace(f"'{module}'", f"'{module}_hidden'"))
    printed = project.snakemake("--profile", hidden.parent.name, "--dry-run", status=1)
    sentence = printed.splitlines()[-1]
    assert sentence.startswith(f"workflow/profiles/{name}: ")
    assert sentence.endswith(f"pip install {plugin.replace('_', '-')}")


def test_a_second_try_asks_for_twice_as_much():
    assert growing(1000)(None, attempt=1) == 1000
    assert growing(lambda wildcards: wildcards.mb)(SimpleNamespace(mb=500), attempt=2) == 1000


@pytest.mark.skipif(not (ROOT / REFERENCE / "runs.csv").exists(), reason="no kept results")
def test_no_training_of_the_kept_results_would_have_been_killed():
    """Each took at most four fifths of the memory and of the time that its job asks for."""
    with open(ROOT / REFERENCE / "runs.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    rules = parsed_rules("config/paper.yaml")
    for row in rows:
        _, _, architecture, *_, last = row["run"].split("/")
        backend = last.split("-")[0]
        wildcards = SimpleNamespace(architecture=architecture, backend=backend)
        rule = rules["train_vae" if "-seed" in last else "train_baseline"]
        asked = {
            name: rule.resources[name].evaluate(wildcards, attempt=1).value
            for name in ("mem_mb", "runtime")
        }
        assert float(row["seconds"]) <= 0.8 * 60 * asked["runtime"], row
        assert float(row["peak_memory_mib"]) * 1.049 <= 0.8 * asked["mem_mb"], row


# A real one

MISSING = absent()
if MISSING is None and not os.environ.get("TEST_SLURM"):
    MISSING = "minutes; with TEST_SLURM=1"

real = pytest.mark.skipif(MISSING is not None, reason=f"SLURM: {MISSING}")

CORES = os.cpu_count() or 1
OF_A_NODE = ["--cores", str(CORES), "--set-threads", *(f"{rule}={CORES}" for rule in sorted(TIMED))]
FAST = ["--slurm-init-seconds-before-status-checks", "1"]


@contextmanager
def started(accounting: bool) -> Iterator[Cluster]:
    folder = Path(tempfile.mkdtemp(prefix="slurm"))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        try:
            running = stack.enter_context(cluster(folder, accounting))
        except (TimeoutError, OSError) as error:
            pytest.skip(f"SLURM does not start here: {error}")
        yield running


@pytest.fixture(scope="module")
def slurm() -> Iterator[Cluster]:
    with started(accounting=False) as running:
        yield running


def submit(
    project: Project, slurm: Cluster, *arguments: str, profile: str = PROFILE
) -> subprocess.Popen:
    """Start Snakemake with a profile, on that cluster."""
    fast = FAST if profile == PROFILE else []
    path = f"{Path(sys.executable).parent}{os.pathsep}{slurm.environment['PATH']}"
    return subprocess.Popen(
        ["snakemake", *arguments, "--profile", profile, *fast],
        cwd=project.root,
        env={**slurm.environment, "PATH": path, "PYTHONPATH": ""},
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def finish(process: subprocess.Popen, status: int = 0, timeout: int = 1500) -> str:
    printed, _ = process.communicate(timeout=timeout)
    assert process.returncode == status, printed
    return printed


def wait_for(condition, seconds: float = 300) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.5)


def model(backend: str = "numpy", epochs: int = 3, seed: int = 1) -> str:
    return f"results/models/digits/tiny/report/z2-nall-e{epochs}/{backend}-seed{seed}/model.npz"


@pytest.fixture
def fresh(tmp_path: Path, project: Project, slurm: Cluster) -> Project:
    """A copy of the project of its own, with the digits prepared."""
    copy = Project(tmp_path / "project")
    shutil.copytree(project.root, copy.root, symlinks=True)
    copy.snakemake("results/datasets/digits.npz", "--cores", "1")
    return copy


@real
def test_the_whole_study_completes(slurm: Cluster, tmp_path: Path):
    project = copy_project(tmp_path / "project")
    printed = finish(submit(project, slurm, "--configfile", TINY, *OF_A_NODE))
    assert (project.root / "results/report/report.html").exists()
    assert printed.count("has been submitted") <= 30
    cores = {line.split()[0] for line in slurm.jobs("%C %j") if "benchmark" in line}
    assert cores <= {str(CORES)}


@real
def test_gpu_jobs_are_queued_side_by_side_with_the_cores_that_they_ask_for(
    slurm: Cluster, fresh: Project
):
    """They fail, there being no CUDA; on a cluster of four GPUs three are submitted at once."""
    before = set(slurm.jobs("%i"))
    targets = [model("cupy", seed=seed) for seed in (1, 2, 3)]
    one_each = ["--group-components", "runs=1"]
    process = submit(fresh, slurm, *targets, "--configfile", TINY, *one_each, "--retries", "0")
    printed = finish(process, status=1)
    jobs = set(slurm.jobs("%i")) - before
    assert len(jobs) == 3
    for job in jobs:
        assert "gpu:1" in slurm.ask("scontrol", "show", "job", job)
    failures = [place.start() for place in re.finditer("backend cupy: no CUDA device", printed)]
    submissions = [place.start() for place in re.finditer("has been submitted", printed)]
    assert len(failures) >= 3 and len(submissions) == 3
    assert submissions[-1] < failures[0]


@real
def test_any_scheduler_will_do_that_has_commands(slurm: Cluster, fresh: Project):
    """Those of the profile are SLURM's; here without the plugin for it."""
    target = model().replace("model.npz", "evaluation.csv")
    generic = "workflow/profiles/generic"
    printed = finish(submit(fresh, slurm, target, "--configfile", TINY, profile=generic))
    assert (fresh.root / target).exists()
    assert printed.count("Submitted") == 1, "training and evaluation are one job"
    (fresh.root / "results/datasets/digits.npz").write_text("no dataset")
    again = [model(seed=2), "--configfile", TINY, "--rerun-triggers", "mtime"]
    printed = finish(submit(fresh, slurm, *again, profile=generic), status=1)
    assert any(
        line.startswith("train_vae: results/datasets/digits.npz: expected ")
        for line in printed.splitlines()
    )


@real
def test_a_failing_step_is_told_in_a_sentence_and_not_tried_again_at_length(
    slurm: Cluster, fresh: Project
):
    (fresh.root / "results/datasets/digits.npz").write_text("no dataset")
    printed = finish(
        submit(fresh, slurm, model(), "--configfile", TINY, "--rerun-triggers", "mtime"), 1
    )
    told = [line for line in printed.splitlines() if line.startswith("train_vae: ")]
    assert told and all("digits.npz: expected " in line for line in told)
    assert "Traceback" not in printed


@real
def test_a_request_that_fits_no_node_is_refused_in_slurms_words(slurm: Cluster, fresh: Project):
    more = ["--set-resources", "train_vae:mem_mb=99999999", "--retries", "0"]
    printed = finish(submit(fresh, slurm, model(), "--configfile", TINY, *more), 1)
    assert "Memory specification can not be satisfied" in printed, printed[-3000:]


@real
def test_a_cancelled_job_is_submitted_again(slurm: Cluster, fresh: Project):
    process = submit(fresh, slurm, model(epochs=4000), "--configfile", TINY)
    wait_for(lambda: slurm.jobs("%i", "--states=running"))
    time.sleep(3)
    (job,) = slurm.jobs("%i", "--states=running")
    slurm.ask("scancel", job)
    printed = finish(process)
    assert "CANCELLED" in printed, printed[-3000:]
    assert (fresh.root / model(epochs=4000)).exists()


@real
def test_ctrl_c_cancels_what_runs(slurm: Cluster, fresh: Project):
    process = submit(fresh, slurm, model(epochs=400000), "--configfile", TINY)
    wait_for(lambda: slurm.jobs("%i", "--states=running"))
    time.sleep(3)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=400)
    wait_for(lambda: not slurm.jobs("%i", "--states=running,pending"))
    assert not list((fresh.root / ".snakemake/locks").glob("*"))


@real
def test_a_training_that_still_runs_is_not_begun_beside_itself(slurm: Cluster, fresh: Project):
    """After kill -9 its job goes on; who unlocks and starts again is told so."""
    target = model(epochs=400000)
    process = submit(fresh, slurm, target, "--configfile", TINY)
    running = fresh.root / Path(target).parent / ".running"
    wait_for(running.exists)
    process.kill()
    process.communicate()
    (job,) = slurm.jobs("%i", "--states=running")
    fresh.snakemake("--unlock")
    printed = finish(submit(fresh, slurm, target, "--configfile", TINY, "--retries", "0"), 1)
    assert "this training runs already (process" in printed
    assert slurm.jobs("%i", "--states=running") == [job]
    slurm.ask("scancel", job)


@real
def test_a_training_past_its_time_goes_on_where_it_was(slurm: Cluster, fresh: Project):
    """The job is told as timed out; what it kept is taken up by the next run."""
    target = model(epochs=400000)
    short = ["--set-resources", "train_vae:runtime=2", "--retries", "0"]
    printed = finish(submit(fresh, slurm, target, "--configfile", TINY, *short), 1)
    assert "TIMEOUT" in printed, printed[-3000:]
    checkpoint = (fresh.root / target).with_name("checkpoint.npz")
    assert checkpoint.exists()
    log = (fresh.root / target).with_name("train.log")
    log.unlink()
    process = submit(fresh, slurm, target, "--configfile", TINY)
    wait_for(lambda: log.exists() and re.search(r"\d+ of 400000 epochs", log.read_text()))
    process.kill()
    process.communicate()
    slurm.ask("scancel", *slurm.jobs("%i", "--states=running"))
    assert int(re.findall(r"(\d+) of 400000 epochs", log.read_text())[0]) > 100


@real
def test_a_controller_that_restarts_is_waited_for(slurm: Cluster, fresh: Project):
    process = submit(fresh, slurm, model(epochs=4000), "--configfile", TINY)
    wait_for(lambda: slurm.jobs("%i", "--states=running"))
    slurm.restart_controller(seconds=5)
    finish(process)
    assert (fresh.root / model(epochs=4000)).exists()


@real
@pytest.mark.skipif(absent(*ACCOUNTING) is not None, reason=f"SLURM: {absent(*ACCOUNTING)}")
def test_with_accounting_ends_are_seen_and_an_unknown_account_is_told_with_those_there_are(
    fresh: Project,
):
    with started(accounting=True) as slurm:
        finish(submit(fresh, slurm, model(), "--configfile", TINY))
        assert "COMPLETED" in slurm.ask("sacct", "-n", "-X", "-o", "state")
        unknown = ["--default-resources", "slurm_account='nobody'", "--retries", "0"]
        printed = finish(submit(fresh, slurm, model(seed=2), "--configfile", TINY, *unknown), 1)
        assert "account nobody appears to be invalid. Available accounts:" in printed
