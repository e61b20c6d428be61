"""What every step of the workflow has: its code, a line that tells of it, its cluster job."""

import gc
import hashlib
import os
import shlex
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path, PurePath
from types import SimpleNamespace
from typing import Any

from snakemake.settings.types import DeploymentMethod
from snakemake.utils import available_cpu_count

from planning.imports import SCRIPTS, code_files
from study import lifeline


@cache
def code_digest(script: str, *modules: str) -> str:
    """Digest of the project's code that a step runs, but for the script, which Snakemake watches.

    Snakemake reruns a step whose script or params changed, but does not look into what the script
    imports. With this as a param, it does.

    Parameters
    ----------
    script
        The script; of a path only the file's name counts.
    *modules
        Dotted names of modules that it loads by name, such as "vae.backends.numpy".
    """
    digest = hashlib.sha256()
    for file in code_files(script, *modules):
        digest.update(file.encode() + (SCRIPTS.parent / file).read_bytes())
    return digest.hexdigest()[:16]


IMAGE = "vae-study.sif"
"""What steps run in with `--sdm apptainer`; README says how to build it."""

RUNS = ("train_vae", "train_baseline", "evaluate_vae", "estimate_likelihood")
"""Rules of a run: on a cluster a job has some runs, each from training to its measurements."""

ALONE = ("download", "prepare_dataset", "estimate_pixel_likelihood", "keep_reference")
"""Rules whose jobs go by themselves, beside those that are timed and take a whole machine."""


def complete(workflow: Any) -> None:
    """Give rules what they have in common.

    That is a message; and of those that run a script, the param `code` and the log of a figure or
    table, if they have none, and the group of their cluster job: `runs`, or `telling` for all the
    short steps after them, which draw and tell. Steps get an interpreter and an environment for
    wherever the project lies.

    Parameters
    ----------
    workflow
        Snakemake's, whose rules are all read.
    """
    # Profiles of schedulers have them. Elsewhere groups would cost a fifth of planning for nothing.
    grouped = workflow.resource_settings.default_resources is not None
    for rule in workflow.rules:
        rule.message = rule.message or ("{rule}: {output[0]}" if len(rule.output) else "{rule}")
        if rule.script is None:
            continue
        if "code" not in rule.params.keys():  # noqa: SIM118 - Snakemake's own kind of list
            rule.set_params(code=code_digest(Path(rule.script).name))
        if not rule.log:
            made, rule.log_modifier = PurePath(str(rule.output[0])), rule.output_modifier
            rule.set_log(f"{made.parent.parent}/logs/{made.parent.name}/{made.stem}.log")
        cores = rule.resources["_cores"]
        timed = cores.is_evaluable() or cores.value != 1
        if grouped and rule.name in RUNS:
            rule.group = "runs"
        elif grouped and rule.name not in ALONE and not timed:
            rule.group = "telling"
    # Of thousands of jobs nothing is freed: looking for garbage would take a tenth of planning.
    gc.set_threshold(100_000, 50, 1000)
    if workflow.remote_exec:
        # A cluster's jobs go on by themselves.
        os.environ.pop(lifeline.VARIABLE, None)
    # Snakemake writes the interpreter's path into commands as it is, blanks and all.
    sys.executable = shlex.quote(sys.executable)
    # A notebook's is not installed everywhere.
    os.environ["MPLBACKEND"] = "agg"
    if workflow.resource_settings.cores is None:
        # As with --cores all. The default profile cannot say so: it would for clusters as well.
        cores = available_cpu_count()
        workflow.resource_settings.cores = cores
        workflow.global_resources["_cores"] = cores
    _tell_why_groups_fail()
    if DeploymentMethod.APPTAINER in workflow.deployment_settings.deployment_method:
        _prepare_for_image()


def _prepare_for_image() -> None:
    """End the run if the image is not there."""
    if not Path(IMAGE).exists():
        sys.exit(
            f"--sdm apptainer: {IMAGE} is not here, the image that steps run in; expected it to be "
            f"built first, for example by: apptainer build {IMAGE} envs/container.def"
        )
    # A step's home is the project's folder then, and matplotlib writes into homes.
    os.environ["MPLCONFIGDIR"] = ".snakemake/matplotlib"


def _tell_why_groups_fail() -> None:
    """Pass on what a scheduler says of a job that failed: of a group, Snakemake drops it.

    A group gets a rule's name as well. SLURM's plugin asks for one when a job cannot be submitted,
    say of an unknown account, and without it waits for the job for ever.
    """
    from snakemake.jobs import GroupJob
    from snakemake.logging import logger

    log_error = GroupJob.log_error

    def tell(group: Any, msg: str | None = None, **told: Any) -> None:
        if msg:
            logger.error(msg)
        log_error(group, msg, **told)

    if log_error.__name__ != tell.__name__:
        GroupJob.log_error = tell
        GroupJob.rule = property(lambda group: SimpleNamespace(name=group.name))


def growing(amount: int | Callable[[Any], int]) -> Callable[[Any, int], int]:
    """Resource of which a second try asks twice as much, as a third three times.

    Parameters
    ----------
    amount
        Of the first try: MB of memory or minutes; or what gives it from the wildcards.
    """

    def asked(wildcards: Any, attempt: int) -> int:
        return attempt * (amount(wildcards) if callable(amount) else amount)

    return asked
