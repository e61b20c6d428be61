"""Resolve every version: the locks from pyproject.toml, then envs/*.yaml from the locks.

requirements.lock is what everyone installs; envs/peers.lock adds the peers of Table 5.1 to part of
it.

Run by `make lock`; needs `uv` in the interpreter's environment. Arguments are passed on to
`uv pip compile` for the lock, such as `--upgrade` or `--upgrade-package numpy`.
"""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ENVS = Path(__file__).resolve().parent
ROOT = ENVS.parent
LOCK = ROOT / "requirements.lock"
PEERS_LOCK = ENVS / "peers.lock"
STEPS = ENVS / "steps.toml"

EXTRAS = ("tensorflow", "figures", "workflow", "test")  # cuda: only a machine with a GPU wants it
PYTHONS = ("3.11", "3.12", "3.13")
CONDA_PYTHON = "3.12"
PLATFORMS = ("x86_64-manylinux_2_28", "aarch64-manylinux_2_28", "aarch64-apple-darwin")
MACOS = {LOCK: "13.0", PEERS_LOCK: "14.0"}  # PyTorch has no wheels for older ones
SOURCE_ONLY = "connection-pool"  # a dependency of Snakemake that has no wheel


def uv(*arguments: str, requirements: str = "", **environment: str) -> str:
    """Run `uv pip` in the project's root, `requirements` on its input, and return its output.

    Variables of the environment may be given by keyword.
    """
    command = [sys.executable, "-m", "uv", "--quiet", "pip", *arguments]
    return subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | environment,
        input=requirements,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout


def compile_requirements(source: str, *options: str, requirements: str = "") -> str:
    """Pin `source` ("-" is `requirements`) and all it needs, for every platform at once."""
    plain = ("--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links")
    universal = ("--universal", "--python-version", PYTHONS[0])
    return uv("compile", source, *universal, *plain, *options, requirements=requirements)


def resolve(*options: str) -> None:
    """Write the locks; versions already in them stay where they still fit."""
    extras = [word for extra in EXTRAS for word in ("--extra", extra)]
    output = ("--generate-hashes", "--output-file", LOCK.name)
    compile_requirements("pyproject.toml", *extras, *output, *options)
    resolve_peers(*options)


def resolve_peers(*options: str) -> None:
    """Write peers.lock, whose packages have the versions of requirements.lock where both do."""
    output = ("--generate-hashes", "--output-file", str(PEERS_LOCK.relative_to(ROOT)))
    extras = ("--extra", "tensorflow", "--extra", "peers")
    same = ("--constraints", LOCK.name)
    compile_requirements("pyproject.toml", *extras, *same, *output, *options)


def check_platforms() -> None:
    """Raise unless each lock installs on each platform with each Python, from wheels."""
    wheels = ("--only-binary", ":all:", "--no-binary", SOURCE_ONLY)
    for platform in PLATFORMS:
        for python in PYTHONS:
            there = ("--python-platform", platform, "--python-version", python)
            anywhere = ("--dry-run", "--target", str(ROOT / "build"))
            for lock, macos in MACOS.items():
                install = ("install", "--require-hashes", "-r", str(lock))
                uv(*install, *anywhere, *there, *wheels, MACOSX_DEPLOYMENT_TARGET=macos)


def read_lock(text: str) -> dict[str, str]:
    """Map each package in a lock to its requirement, ``name==version ; marker``, without hashes."""
    requirements = re.findall(r"^([a-z0-9-]+)(==[^\\\n]+)", text, flags=re.MULTILINE)
    return {name: (name + pin).strip() for name, pin in requirements}


def read_steps() -> dict[str, list[str]]:
    """Read steps.toml: the packages that the steps of each kind import."""
    return tomllib.loads(STEPS.read_text())


def conda_environment(kind: str, requirements: list[str]) -> str:
    """Write out a conda environment that takes `requirements` from pip."""
    pins = "\n".join(f"      - {requirement}" for requirement in requirements)
    return f"""\
# Steps of the kind "{kind}". Written by envs/generate.py: change envs/steps.toml, then `make lock`.
channels:
  - conda-forge
  - nodefaults
dependencies:
  - python ={CONDA_PYTHON}
  - pip
  - pip:
{pins}
"""


def write_environments() -> None:
    """Write envs/<kind>.yaml for each kind of step, every requirement word for word the locks'."""
    locked = read_lock(PEERS_LOCK.read_text()) | read_lock(LOCK.read_text())
    pinned = [word for lock in (LOCK, PEERS_LOCK) for word in ("--constraints", str(lock))]
    for kind, packages in read_steps().items():
        for package in packages:
            if package not in locked:
                raise SystemExit(
                    f"{STEPS.name}: '{package}', of the kind '{kind}', is in no lock: "
                    "name it in pyproject.toml, as a lock spells it."
                )
        direct = "\n".join(locked[package] for package in packages)
        closure = read_lock(compile_requirements("-", *pinned, requirements=direct))
        requirements = [locked[package] for package in closure]
        (ENVS / f"{kind}.yaml").write_text(conda_environment(kind, requirements))


if __name__ == "__main__":
    resolve(*sys.argv[1:])
    check_platforms()
    write_environments()
