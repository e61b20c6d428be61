"""What every step of the workflow has: its code, a line that tells of it, its cluster job."""

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from planning.imports import SCRIPTS, code_files


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


RUNS = ("train_vae", "train_baseline", "evaluate_vae", "estimate_likelihood")
"""Rules of a run: on a cluster a job has some runs, each from training to its measurements."""

ALONE = ("download", "prepare_dataset", "estimate_pixel_likelihood", "keep_reference")
"""Rules whose jobs go by themselves, beside those that are timed and take a whole machine."""

CORES = 8
"""What a node of a cluster has at least, unless the profile gives timed jobs another number."""


def complete(workflow: Any) -> None:
    """Give what they have in common to the rules that run a script.

    That is the param `code`, if they have none, a message, and the group of their cluster job:
    `runs`, or `telling` for all the short steps after them, which draw and tell.

    Parameters
    ----------
    workflow
        Snakemake's, whose rules are all read.
    """
    for rule in workflow.rules:
        if rule.script is None:
            continue
        if "code" not in rule.params.keys():  # noqa: SIM118 - Snakemake's own kind of list
            rule.set_params(code=code_digest(Path(rule.script).name))
        rule.message = "{rule}: {output[0]}" if len(rule.output) else "{rule}"
        timed = rule.resources["_cores"].value != 1
        if rule.name in RUNS:
            rule.group = "runs"
        elif rule.name not in ALONE and not timed:
            rule.group = "telling"
    if not workflow.local_exec:
        # Of a node: the default profile says those of the machine that submits.
        timed_on = workflow.resource_settings.overwrite_threads.values()
        workflow.global_resources["_cores"] = max(timed_on, default=CORES)


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
