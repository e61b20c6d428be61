"""Kinds of work in an epoch, and what does which: functions, operations, phases of a kernel."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

FUSED, REST = "products and optimizer", "the rest"

WORK = {
    "products": "affine backward _backward _weight_gradient dot ndarray.dot numpy.matmul MatMul",
    FUSED: "",
    "optimizer": "adam adagrad sgd block_step optimize _update ResourceApplyAdam "
    "AssignAddVariableOp Sqrt",
    "noise and loss": "bernoulli _sum_of_logarithms reparametrise reparametrise_gradient BCE KL "
    "numpy._core._multiarray_umath.c_einsum Exp Log Pack RealDiv Split Sub",
    "activations": "activate activation_gradient forward lrelu relu sigmoid <lambda> "
    "GreaterEqual Maximum Relu ReluGrad",
    "data movement": "gather ndarray.take run_epoch Cast GatherV2 copy",
    REST: "",
}
"""Kinds of work, and which functions of NumPy's backends and operations of TensorFlow do each.

XLA fuses operations; a fusion is of the first kind that one of its operations is of.
"""

OUTSIDE, WAITING = "outside of operations", "waiting of blocks, and launch"

PHASE_COLUMNS = ("phase", "computing_us", "step_us")
"""Of what `study.benchmark.gpu.phases_of_an_epoch` gives, what is read."""


def kind_of_work(names: Iterable[str]) -> str:
    """First kind of `WORK` that one of some functions or operations is of."""
    names = set(names)
    return next((kind for kind, known in WORK.items() if names & {*known.split()}), REST)


def phase_rows(phases: Iterable[Mapping[str, Any]], steps: int) -> list[dict[str, Any]]:
    """Rows of `study.contracts.OPERATIONS`, less how they were measured, of a kernel's phases.

    Parameters
    ----------
    phases
        Rows with the keys `PHASE_COLUMNS`.
    steps
        Of an epoch.

    Returns
    -------
    list of dict
        A row for each phase, then one for what else a step takes.
    """
    phases = list(phases)
    computing = [float(phase["computing_us"]) for phase in phases]
    waiting = float(phases[0]["step_us"]) - sum(computing)
    names = [str(phase["phase"]) for phase in phases]
    kinds = [FUSED if "update" in name else "products" for name in names]
    rows = zip([*names, WAITING], [*kinds, REST], [*computing, waiting], strict=True)
    return [
        {"operation": name, "kind": kind, "calls": steps, "own_seconds": 1e-6 * steps * time}
        for name, kind, time in rows
    ]


def function_label(function: str) -> str:
    """Name a function briefly, one written in C too: "<method 'sum' of 'a.b' objects>" is b.sum."""
    if method := re.fullmatch(r"<method '(\w+)' of '(?:.+\.)?(\w+)' objects>", function):
        return f"{method[2]}.{method[1]}"
    if builtin := re.fullmatch(r"<built-in method (.+)>", function):
        return builtin[1]
    return function
