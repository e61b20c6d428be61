# Names that several rule files share; included before them.
# Of threads, memory and time a rule says what is particular: the others take one thread, at most 1000 MB
# (which Snakemake asks a cluster for by itself) and half an hour.

from functools import partial

import yaml

from planning import outputs
from planning.runs import planned_datasets, planned_experiments
from study.peers import labels
from vae.backends import facts

EXPERIMENTS = planned_experiments(config)
DATASETS = planned_datasets(config)
IMAGE_RUNS = shown_runs(config, "images")
PUBLISHED = yaml.safe_load(Path("config/claims.yaml").read_text())["published"]
"""The report's own numbers."""

LABELS = labels()

EXTRA_TABLES = {}
"""Files that optional experiments add to tables and to the report, by the name of the input."""

WHOLE_MACHINE = 64
"""Threads of a timed job; Snakemake lowers it to the cores it was given."""

drawn = partial(outputs.drawn, RESULTS)
tabulated = partial(outputs.tabulated, RESULTS)
