"""Check and time the CuPy backend on a machine with a GPU.

    python3 scripts/check_gpu.py OUT

Needs Python, NumPy, threadpoolctl, tqdm, PyYAML, psutil and CuPy, and neither Snakemake nor
TensorFlow nor a network. Where they are installed, JAX and PyTorch are timed beside it and pytest
runs the tests; what is not there is said. With --mnist FOLDER, which holds the four files of
MNIST, the training whose loss the report's authors printed is done as well. Takes two or three
minutes.

OUT gets csv files of the forms that the workflow writes: timings.csv as backends.csv (Table 5.1b),
limits.csv, phases.csv, tests.csv, history.csv of the training, and machine.json.
`snakemake keep_reference` keeps them, if OUT is results/profiles/gpu.
"""

import argparse
import csv
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

PROJECT = Path(__file__).parents[1]
IMPLEMENTATIONS = ("numpy", "cupy", "jax", "pytorch_graphs", "pytorch", "pytorch_compiled")
"""What is timed: the backends that need no TensorFlow, and the peers that can use a GPU."""

TESTS = (
    ("tests/test_cupy.py", "tests/test_backends.py", "-m", "gpu"),
    ("tests/test_peers.py",),
)
"""Arguments of pytest: the tests that need a GPU, and those of the peers."""

TEST_COLUMNS = ("test", "status", "seconds", "note")
TRAINING = "latent_20"
"""Of the published losses in config/claims.yaml, the one whose training is done."""


def check_gpu(out: Path, mnist: Path | None) -> bool:
    """Do all checks, each whatever became of the others.

    Parameters
    ----------
    out
        Folder for the results; made if it is not there.
    mnist
        Folder with MNIST's files, or None.

    Returns
    -------
    bool
        Whether all of them succeeded.
    """
    out.mkdir(parents=True, exist_ok=True)
    reason = _unavailable()
    if reason is not None:
        print(f"cupy: {reason}", file=sys.stderr)
        return False
    checks: list[Callable[[], None]] = [
        lambda: describe(out / "machine.json"),
        lambda: run_tests(out / "tests.csv"),
        lambda: measure_limits(out / "limits.csv"),
        lambda: time_implementations(out / "timings.csv"),
        lambda: time_phases(out / "phases.csv"),
        lambda: train_on_mnist(mnist, out / "history.csv"),
    ]
    return all([_succeeds(check) for check in checks])


def describe(machine: Path) -> None:
    """Write which machine this is."""
    from describe_machine import describe_machine

    describe_machine(machine, os.cpu_count() or 1)
    print(machine.read_text())


def run_tests(table: Path) -> None:
    """Run the tests that need a GPU, and those of the backends and peers that are here.

    Raises
    ------
    ValueError
        If one fails, or none ran.
    """
    if find_spec("pytest") is None:
        print("tests: not run, since pytest is not installed")
        return
    rows = [row for arguments in TESTS for row in _outcomes(arguments, table.with_suffix(".xml"))]
    _write(table, TEST_COLUMNS, rows)
    counts = {
        status: [row["status"] for row in rows].count(status) for status in ("passed", "failed")
    }
    print(f"tests: {counts['passed']} passed, {counts['failed']} failed of {len(rows)}")
    if counts["failed"] or not counts["passed"]:
        raise ValueError(f"{counts['failed']} tests failed, {counts['passed']} passed")


def measure_limits(table: Path) -> None:
    """Write what the device can do at best."""
    from study.benchmark.gpu import LIMIT_COLUMNS, gpu_limits

    settings, root_seed = _benchmark()
    rows = gpu_limits(settings, root_seed)
    _write(table, LIMIT_COLUMNS, rows)
    for row in rows:
        print(f"{row['quantity']:45} {row['value']:12,.1f} {row['unit']}")


def time_implementations(table: Path) -> None:
    """Write the timings of Table 5.1b's job, in turns."""
    from study.benchmark.rounds import time_in_rounds
    from study.contracts import TIMINGS

    settings, root_seed = _benchmark()
    rows = time_in_rounds(IMPLEMENTATIONS, settings, root_seed, os.cpu_count() or 1)
    TIMINGS.write(table, rows)
    for name in IMPLEMENTATIONS:
        mine = [row for row in rows if row["backend"] == name]
        seconds = sorted(row["seconds"] for row in mine if "seconds" in row)
        said = (
            f"{1e3 * seconds[len(seconds) // 2]:9.2f} ms an epoch" if seconds else mine[0]["note"]
        )
        print(f"{name:20} {mine[0]['device']:4} {said}")


def time_phases(table: Path) -> None:
    """Write where an epoch of the CuPy backend goes."""
    from study.benchmark.gpu import PHASE_COLUMNS, phases_of_an_epoch

    settings, root_seed = _benchmark()
    rows = phases_of_an_epoch(settings, root_seed)
    _write(table, PHASE_COLUMNS, rows)
    for row in rows:
        print(
            f"{row['phase']:50} computing {row['computing_us']:6.2f} (slowest "
            f"{row['slowest_us']:6.2f}), waiting {row['waiting_us']:6.2f} us a step"
        )
    print(f"{'a step':50} {rows[0]['step_us']:6.2f} us")


def train_on_mnist(folder: Path | None, history: Path) -> None:
    """Train as the report's authors did, and say how the loss compares with the one they printed.

    Raises
    ------
    ValueError
        If the loss on test images is more than a nat above theirs.
    """
    if folder is None:
        print("training: not done, since --mnist names no folder with MNIST's files")
        return
    import numpy as np

    from study.datasets.mnist import RAW_FILES, mnist
    from vae.architecture import Architecture
    from vae.history import write_history
    from vae.training import Training, train

    published = _yaml("config/claims.yaml")["reported"]["notebooks"][TRAINING]
    settings = dict(_yaml("config/config.yaml")["trainings"][published["training"]])
    data = mnist(**{part: folder / name for part, name in RAW_FILES.items()})
    start = time.perf_counter()
    _, measurements = train(
        Architecture.named(published["architecture"], 784, published["latent_dimension"]),
        data.x_train,
        data.x_test,
        Training(backend="cupy", **settings),
        epochs=published["epoch"],
        generator=np.random.default_rng(1),
    )
    seconds = time.perf_counter() - start
    write_history(measurements, history)
    losses = {
        split: -next(
            row.value
            for row in reversed(measurements)
            if (row.split, row.metric) == (split, "elbo")
        )
        for split in ("train", "test")
    }
    print(
        f"training: {published['epoch']} epochs in {seconds:.1f} s, loss {losses['train']:.2f} "
        f"(published {published['train']}) on training and {losses['test']:.2f} "
        f"({published['test']}) on test images"
    )
    if losses["test"] > published["test"] + 1:
        raise ValueError(f"a test loss of {losses['test']:.2f}, published {published['test']}")


def _unavailable() -> str | None:
    """Why the CuPy backend cannot run here, or None."""
    from vae.backends import unavailable

    return unavailable("cupy")


def _benchmark() -> tuple[dict[str, Any], int]:
    """Settings of the timed job, and the study's seed."""
    config = _yaml("config/config.yaml")
    return config["benchmark"], config["seed"]


def _yaml(file: str) -> Any:
    import yaml

    return yaml.safe_load((PROJECT / file).read_text(encoding="utf-8"))


def _outcomes(arguments: Sequence[str], report: Path) -> Iterator[dict[str, Any]]:
    """Run some tests, and give a row for each."""
    command = [sys.executable, "-m", "pytest", "-q", "-o", "addopts=", f"--junitxml={report}"]
    subprocess.run([*command, "-p", "no:cacheprovider", *arguments], cwd=PROJECT, check=False)
    # The report is the one that was just written here.
    for case in ElementTree.parse(report).iter("testcase"):  # nosec B314
        row = {"test": f"{case.get('classname')}.{case.get('name')}", "seconds": case.get("time")}
        ended = [part for part in case if part.tag in _STATUSES]
        yield row | {
            "status": _STATUSES[ended[0].tag] if ended else "passed",
            "note": ended[0].get("message", "") if ended else "",
        }
    report.unlink()


_STATUSES = {"failure": "failed", "error": "failed", "skipped": "skipped"}
"""What becomes of a test that does not pass, by what pytest calls it in its report."""


def _succeeds(check: Callable[[], None]) -> bool:
    """Do a check; say in a sentence what it could not."""
    try:
        check()
    except Exception as error:
        print(f"check_gpu: {type(error).__name__}: {error}", file=sys.stderr)
        return False
    return True


def _write(table: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    with open(table, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)


def main() -> int:
    """Read the command line and do the checks."""
    parser = argparse.ArgumentParser(description="Check and time the CuPy backend on a GPU.")
    parser.add_argument("out", type=Path, help="folder for the results, say results/profiles/gpu")
    parser.add_argument("--mnist", type=Path, help="folder with MNIST's four files")
    arguments = parser.parse_args()
    return 0 if check_gpu(arguments.out.resolve(), arguments.mnist) else 1


if __name__ == "__main__":
    sys.exit(main())
