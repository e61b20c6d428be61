"""Seconds of an epoch of TensorFlow in each operation of XLA, by TensorFlow's own profiler."""

import time
from collections import Counter
from collections.abc import Iterator
from math import prod
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from study.benchmark import LEARNING_RATE, benchmark_problem
from study.work import OUTSIDE, REST, kind_of_work
from vae.backends import create_trainer
from vae.backends.tensorflow import library
from vae.optimizer import Adam

CONTROL = ("call", "conditional", "while")
"""XLA's operations that take the time of others."""


def operations_of_an_epoch(settings: dict[str, Any], root_seed: int) -> list[dict[str, Any]]:
    """Profile the benchmark's epoch on the CPU, once it is compiled and was run.

    On more than one thread operations may run side by side, and their times add up to more than
    the epoch's.

    Parameters
    ----------
    settings
        Those of `study.benchmark.benchmark_problem`.
    root_seed
        The study's.

    Returns
    -------
    list of dict
        Rows with the keys operation, kind, calls and own_seconds, the longest first; then one for
        the time of the epoch in no operation.
    """
    profiler = library().profiler.experimental
    problem = benchmark_problem(settings, root_seed)
    parameters = problem.architecture.initial_parameters(problem.generator)
    trainer: Any = create_trainer(
        "tensorflow",
        problem.architecture,
        parameters,
        Adam(LEARNING_RATE),
        settings["batch_size"],
    )
    trainer.load(problem.x)
    epoch = trainer.draw(problem.generator, len(problem.x))
    trainer.run_epoch(*epoch)
    with TemporaryDirectory() as folder:
        profiler.start(folder)
        start = time.perf_counter()
        trainer.run_epoch(*epoch)
        seconds = time.perf_counter() - start
        profiler.stop()
        (trace,) = Path(folder).rglob("*.xplane.pb")
        rows = list(_rows(trace.read_bytes()))
    rows.sort(key=lambda row: -row["own_seconds"])
    outside = seconds - sum(row["own_seconds"] for row in rows)
    return [*rows, {"operation": OUTSIDE, "kind": REST, "calls": 1, "own_seconds": outside}]


def _rows(trace: bytes) -> Iterator[dict[str, Any]]:
    """A row for each operation of a trace, which has the compiled program with it."""
    from tensorflow.compiler.xla.service.hlo_pb2 import HloProto
    from tensorflow.tsl.profiler.protobuf.xplane_pb2 import XSpace

    planes = {plane.name: plane for plane in XSpace.FromString(trace).planes}
    programs = [
        Program(HloProto.FromString(stat.bytes_value).hlo_module)
        for metadata in planes["/host:metadata"].event_metadata.values()
        for stat in metadata.stats
    ]
    plane = planes["/host:CPU"]
    marks = {key for key, stat in plane.stat_metadata.items() if stat.name == "hlo_op"}
    calls, picoseconds = Counter[str](), Counter[str]()
    for line in plane.lines:
        for event in line.events:
            if any(stat.metadata_id in marks for stat in event.stats):
                name = plane.event_metadata[event.metadata_id].name
                calls[name] += 1
                picoseconds[name] += event.duration_ps
    # Of all that this process has compiled, the one whose operations were called.
    program = max(programs, key=lambda each: sum(name in each.operations for name in calls))
    for name, count in calls.items():
        operation = program.operations[name]
        if operation.opcode not in CONTROL:
            yield {
                "operation": program.label(operation),
                "kind": kind_of_work(program.held(operation)),
                "calls": count,
                "own_seconds": 1e-12 * picoseconds[name],
            }


class Program:
    """What XLA compiled: `operations` by name.

    Parameters
    ----------
    module
        A message of the type HloModuleProto.
    """

    def __init__(self, module: Any) -> None:
        computations = module.computations
        self._computations = {part.id: part for part in computations}
        self.operations = {each.name: each for part in computations for each in part.instructions}
        self._by_id = {each.id: each for each in self.operations.values()}

    def held(self, operation: Any) -> list[str]:
        """Operations of TensorFlow that one of XLA holds, its result's first; or else its own."""
        parts = [operation, *self._inside(operation)]
        names = dict.fromkeys(part.metadata.op_type for part in parts if part.metadata.op_type)
        return list(names) or [(parts[1:] or parts)[0].opcode]

    def label(self, operation: Any) -> str:
        """Name an operation by what it holds and its sizes, a product by what it sums over too."""
        names = self.held(operation)
        sizes = " x ".join(map(str, operation.shape.dimensions)) or "scalar"
        if operation.opcode == "dot":
            left = self._by_id[operation.operand_ids[0]].shape.dimensions
            axes = operation.dot_dimension_numbers.lhs_contracting_dimensions
            sizes += f", each a sum of {prod(left[axis] for axis in axes)}"
        fused = "fusion of " if operation.opcode == "fusion" else ""
        return f"{fused}{', '.join(names)}: {sizes}"

    def _inside(self, operation: Any) -> Iterator[Any]:
        for computation in operation.called_computation_ids:
            for part in self._computations[computation].instructions:
                if part.opcode not in ("parameter", "constant", "bitcast"):
                    yield part
                    yield from self._inside(part)
