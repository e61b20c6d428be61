"""Describe the machine and the software that the timings are from."""

import json
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path

import numpy as np
import psutil
from threadpoolctl import threadpool_info

from step import run
from study.benchmark.implementations import IMPLEMENTATIONS, facts

PACKAGES = ("numpy", "scipy", "scikit-learn", "networkx", "snakemake")


def describe_machine(machine: Path, threads: int) -> None:
    """Write processor, cores, memory, BLAS and versions as JSON.

    Parameters
    ----------
    machine
        JSON with a text or number a key.
    threads
        Threads that the timed jobs were given.
    """
    np.ones((2, 2)) @ np.ones((2, 2))
    packages = packages_distributions()
    blas = [library for library in threadpool_info() if library["user_api"] == "blas"]
    described = {
        "processor": _processor(),
        "gpu": _gpu(),
        "cores": os.cpu_count(),
        "threads": threads,
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "blas": ", ".join(
            f"{library['internal_api']} {library['version']} ({library.get('architecture')})"
            for library in blas
        ),
        "platform": platform.platform(),
        "python": platform.python_version(),
        **{package: _version(package) for package in PACKAGES},
        **{
            name: _version(packages.get(library, [library])[0])
            for library, name in _libraries().items()
        },
        "date": datetime.now(UTC).date().isoformat(),
    }
    machine.write_text(json.dumps(described, indent=2) + "\n")


def _processor() -> str:
    if sys.platform == "darwin":
        command = ["sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def _gpu() -> str:
    """Names of the NVIDIA GPUs, or "none"."""
    try:
        command = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
        listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return "none"
    return ", ".join(listed.split("\n")[:-1]) or "none"


def _libraries() -> dict[str, str]:
    """Libraries of backends and peers, each by its first user; but for NumPy."""
    users = {facts(name).library: name for name in reversed(IMPLEMENTATIONS)}
    return {library: name for library, name in users.items() if library not in PACKAGES}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


if __name__ == "__main__":
    run(describe_machine, globals())
