# Names that several rule files share; included before them.
# Of threads, memory and time a rule says what is particular: the others take one thread, at most 1000 MB
# (which Snakemake asks a cluster for by itself) and half an hour.

from functools import partial

import yaml

from planning import outputs, terminal
from planning.catalogue import load_catalogue
from planning.datasets import community_sizes
from planning.given import read
from planning.reference import CONFIG
from planning.runs import (
    architecture_settings,
    compared_models,
    planned_datasets,
    planned_experiments,
)
from study import failures, lifeline, verdicts
from study.peers import labels
from vae.backends import facts

EXPERIMENTS = planned_experiments(config)
DATASETS = planned_datasets(config)
EVALUATIONS = [f"{RESULTS}/evaluations/{name}.csv" for name in EXPERIMENTS]
NETWORKS = [name for name in EXPERIMENTS if name.startswith("networks_")]
NETWORK_RESULTS = {
    "evaluations": [f"{RESULTS}/evaluations/{name}.csv" for name in NETWORKS],
    "cards": [
        f"{RESULTS}/datasets/{name}.json"
        for name in DATASETS
        if config["datasets"][name]["kind"] == "networks"
    ],
}
"""What is measured of simulated networks, and their entropy floors."""

COMPARED_MODELS = compared_models(config)
CATALOGUE = load_catalogue(config.get("sources", {}))
IMAGE_RUNS = shown_runs(config, "images")
REPORTED = yaml.safe_load(Path("config/claims.yaml").read_text())["reported"]
"""The report's own numbers."""

BENCHMARK = config["benchmark"]
SIZES = "input_dimension hidden_sizes latent_dimension batch_size steps".split()
JOB = {key: BENCHMARK[key] for key in SIZES}
"""What is timed and profiled."""

LABELS = labels()

PROFILES = {
    "published": f"{RESULTS}/profiles/published_epoch.csv",
    "numpy": f"{RESULTS}/profiles/numpy_epoch.csv",
    "operations": outputs.of_operations(RESULTS, BENCHMARK["backends"]),
    # A GPU's that the project keeps, if it is of the same job and this study has none.
    "gpu": outputs.of_a_gpu(RESULTS)
    or (
        outputs.of_a_gpu(REFERENCE)
        if JOB.items() <= read(CONFIG)["benchmark"].items()
        else []
    ),
}
"""What tells where an epoch goes."""

EXTRA_TABLES = {}
"""Files that optional experiments add to tables and to the report, by the name of the input."""

WHOLE_MACHINE = 64
"""Threads of a timed job; Snakemake lowers it to the cores it was given."""

drawn = partial(outputs.drawn, RESULTS)
tabulated = partial(outputs.tabulated, RESULTS)


# One GPU a machine: jobs on it take turns. On a cluster each job has its own.
workflow.global_resources.setdefault("gpu", 1)


resource_scopes:
    gpu="local",


onstart:
    failures.forget()
    terminal.show_a_line_a_job(workflow)
    lifeline.hold()
    # Ctrl-C is for Snakemake, which lets the steps go: none of them tells where it was.
    shell.prefix("set -euo pipefail; trap '' INT; ")


onsuccess:
    jobs = workflow.dag.needrun_jobs(exclude_finished=False)
    cards = [job.output.card for job in jobs if job.rule.name == "prepare_dataset"]
    print(verdicts.of_reading(cards), end="")
    if any(job.rule.name == "report_html" for job in workflow.dag.jobs):
        print(verdicts.told(RESULTS))


onerror:
    print(failures.told(), end="", file=sys.stderr)
