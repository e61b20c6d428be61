"""One lock, and everything that names a version or a package agrees with it."""

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path
from sys import stdlib_module_names

import pytest
import yaml
from conftest import TINY
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from parsed import parsed_rules

from generate import ENVS, LOCK, PEERS_LOCK, ROOT, STEPS, read_lock, read_steps
from planning.imports import code_files
from study import datasets, models
from study.benchmark.implementations import IMPLEMENTATIONS, facts

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LOCKED = read_lock(LOCK.read_text())
LOCKED_PEERS = read_lock(PEERS_LOCK.read_text())
KINDS = sorted(read_steps())
BY_NAME = {"prepare_dataset": [f"study.datasets.{kind}" for kind in datasets.KINDS]}
SOURCES = ("scripts", "workflow", "envs", "tests")


def declared(*, without: tuple[str, ...] = ()) -> list[Requirement]:
    """Dependencies in pyproject.toml: the package's own and those of every extra but some."""
    extras = PROJECT["optional-dependencies"]
    listed = [extras[extra] for extra in extras if extra not in without]
    return [Requirement(text) for text in sum(listed, PROJECT["dependencies"])]


def pins(kind: str) -> dict[str, str]:
    environment = yaml.safe_load((ENVS / f"{kind}.yaml").read_text())
    (pip,) = (entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict))
    return {Requirement(pin).name: pin for pin in pip}


def assert_in_range(requirement: Requirement, locked: dict[str, str]) -> None:
    pin = Requirement(locked[canonicalize_name(requirement.name)])
    (version,) = (each.version for each in pin.specifier)
    assert requirement.specifier.contains(version)


@pytest.mark.parametrize(
    "requirement", declared(without=("cuda", "peers")), ids=lambda each: each.name
)
def test_every_declared_dependency_is_locked_within_its_range(requirement):
    assert_in_range(requirement, LOCKED)


@pytest.mark.parametrize("name", IMPLEMENTATIONS)
def test_an_implementation_names_the_extra_that_brings_its_library(name: str):
    known = facts(name)
    brought = PROJECT["optional-dependencies"][known.extra] if known.extra else None
    packages = [Requirement(text).name for text in brought or PROJECT["dependencies"]]
    package = "tensorflow" if known.library == "keras" else known.library
    assert any(name.startswith(package) for name in packages)


def test_peers_are_in_a_lock_of_their_own_that_agrees_with_the_other():
    for text in PROJECT["optional-dependencies"]["peers"]:
        requirement = Requirement(text)
        assert_in_range(requirement, LOCKED_PEERS)
        assert canonicalize_name(requirement.name) not in LOCKED
    common = LOCKED.keys() & LOCKED_PEERS.keys()
    assert "tensorflow-cpu" in common
    for name in common:
        versions = [Requirement(locked[name]).specifier for locked in (LOCKED, LOCKED_PEERS)]
        assert versions[0] == versions[1], name


@pytest.mark.parametrize("lock", [LOCK, PEERS_LOCK], ids=lambda path: path.name)
def test_every_locked_package_has_one_version_and_its_hashes(lock):
    entries = re.split(r"\n(?=\S)", lock.read_text().strip())
    assert len(entries) == len(read_lock(lock.read_text()))
    for entry in entries:
        assert re.match(r"\S+==\S+", entry)
        assert "--hash=sha256:" in entry


@pytest.mark.parametrize(
    "path", [LOCK, PEERS_LOCK, *sorted(ENVS.glob("*.yaml"))], ids=lambda path: path.name
)
def test_no_host_is_named(path):
    assert not re.search(r"://|index-url|find-links", path.read_text())


def test_the_lock_chooses_the_small_tensorflow_where_there_is_one():
    here = {"sys_platform": "linux", "platform_machine": "x86_64"}
    elsewhere = [
        {"sys_platform": "linux", "platform_machine": "aarch64"},
        {"sys_platform": "darwin", "platform_machine": "arm64"},
    ]
    small, full = (Requirement(LOCKED[name]).marker for name in ("tensorflow-cpu", "tensorflow"))
    assert small.evaluate(here) and not full.evaluate(here)
    for machine in elsewhere:
        assert full.evaluate(machine) and not small.evaluate(machine)


def test_each_kind_of_step_has_its_environment():
    assert sorted(path.stem for path in ENVS.glob("*.yaml")) == KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_an_environment_pins_what_the_lock_pins(kind):
    locked = LOCKED_PEERS | LOCKED if kind == "peers" else LOCKED
    for name, pin in pins(kind).items():
        assert pin == locked[name]


@pytest.mark.parametrize("kind", KINDS)
def test_an_environment_holds_what_its_steps_import(kind):
    missing = set(read_steps()[kind]) - set(pins(kind))
    assert not missing, f"{kind}.yaml is older than {STEPS.name}: run make lock"


def conda_rules() -> set[tuple[str, str]]:
    """Each script that a rule runs, with the kinds of its environments."""
    rules = [*parsed_rules(TINY).values(), *parsed_rules(TINY, "tests/config/peers.yaml").values()]
    return {(Path(rule.script).name, Path(rule.conda_env).stem) for rule in rules if rule.script}


@cache
def third_party_imports(path: Path) -> frozenset[str]:
    """Modules from elsewhere that a file imports at any depth, but for type checking."""
    folders = (ROOT / folder for folder in SOURCES)
    own = {each.stem for folder in folders for each in folder.iterdir()}

    def imported(node: ast.AST) -> Iterator[str]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
                continue
            if isinstance(child, ast.Import):
                yield from (alias.name.split(".")[0] for alias in child.names)
            elif isinstance(child, ast.ImportFrom) and not child.level:
                yield str(child.module).split(".")[0]
            yield from imported(child)

    return frozenset(imported(ast.parse(path.read_text()))) - stdlib_module_names - own


@cache
def distributions() -> dict[str, set[str]]:
    """Packages that give each importable module; the largest of all may not be installed."""
    installed = {
        module: {canonicalize_name(name) for name in names}
        for module, names in packages_distributions().items()
    }
    absent = {"cupy": {"cupy-cuda12x"}, "jax": {"jax"}, "pythae": {"pythae"}, "torch": {"torch"}}
    return absent | installed


LOADED = {
    "prepare_dataset.py": [f"study.datasets.{kind}" for kind in datasets.KINDS],
    **{
        script: [f"study.models.{name}" for name in models.MODELS]
        for script in (
            "train_baseline.py",
            "compare_reconstructions.py",
            "estimate_likelihood.py",
            "draw_model_samples.py",
        )
    },
}
"""Modules that scripts load by name."""


@pytest.mark.parametrize(("script", "kind"), sorted(conda_rules()))
def test_what_a_rule_imports_is_in_its_environment(script, kind):
    files = [f"scripts/{script}", *code_files(script, *LOADED.get(script, ()))]
    there = set(pins(kind))
    for file in files:
        for module in third_party_imports(ROOT / file):
            assert distributions().get(module, set()) & there, (
                f"{script} imports {module} in {file}, which envs/{kind}.yaml lacks: "
                f"add it to {STEPS.name} and run make lock"
            )


@pytest.mark.parametrize(
    ("sources", "undeclared"),
    [(SOURCES, ()), (("scripts/vae",), ("peers", "figures", "workflow", "test"))],
    ids=["project", "library"],
)
def test_what_is_imported_is_declared(sources, undeclared):
    """The library does without the extras that only the workflow and its tests need."""
    names = {canonicalize_name(each.name) for each in declared(without=undeclared)}
    missing = {
        (path.name, module)
        for folder in sources
        for path in ROOT.glob(f"{folder}/**/*.py")
        for module in third_party_imports(path)
        if not distributions().get(module, set()) & names
    }
    assert not missing


def test_the_version_is_the_same_in_the_citation():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == PROJECT["version"]
    assert citation["license"] == PROJECT["license"]
