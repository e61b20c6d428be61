"""Wrong configurations and command lines: each ends in a sentence that names what is wrong.

The configurations are made from the schema: every key with values of every wrong kind. They are
read and checked as the Snakefile does; TEST_DAMAGE=1 tries all of them in place of 200, and
Snakemake's own command.
"""

import os
from collections.abc import Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ROOT, TINY, Project, copy_project
from snakemake.utils import update_config

from planning.given import ConfigError, entries, read
from planning.reference import settle
from planning.runs import OPTIONAL_EXPERIMENTS, leave_out_experiments
from planning.schema import CONFIG, load_schema
from study.datasets import module

ALL = bool(os.environ.get("TEST_DAMAGE"))
slow = pytest.mark.skipif(not ALL, reason="minutes; with TEST_DAMAGE=1")

Case = tuple[str, str, Any]
"""Kind of what is wrong, dotted path of the key, its value."""

NOTHING: dict[str, Any] = {
    "null": None,
    "list in a list": [[[]]],
    "mapping": {"unknown": {"deeper": 1}},
    "date": yaml.safe_load("2001-01-01"),
    "bytes": b"\x00\xff",
    "set": {"a"},
}
"""What no key may have, but for an experiment that null leaves out."""

WRONG: dict[str, dict[str, Any]] = {
    "integer": {
        "text": "two",
        "fraction": 1.5,
        "truth": True,
        "negative": -1,
        "huge": 10**400,
        "nan": float("nan"),
        "infinity": float("-inf"),
        "unicode": "２",
        "line break": "2\n",
    },
    "number": {
        "text": "0.5.1",
        "truth": False,
        "negative": -0.5,
        "zero": 0,
        "huge": 10**400,
        "nan": float("nan"),
        "infinity": float("inf"),
        "line break": "0.5\n",
    },
    "boolean": {"text": "yes", "number": 1},
    "name": {"empty": "", "number": 3, "unicode": "dïgits", "line break": "numpy\n"},
    "string": {"empty": "", "number": 3},
    "array": {"empty": [], "number": 3, "text": "1", "null in it": [None]},
    "object": {"number": 3, "text": "all", "empty list": [], "unknown key": {"é\n": 1}},
}
"""Values that are wrong for every key of a type, by the kind of their error."""


def configuration() -> dict[str, Any]:
    config: dict[str, Any] = {}
    for path in ("config/config.yaml", TINY):
        update_config(config, read(ROOT / path))
    leave_out_experiments(config)
    return config


def keys(schema: Any, config: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Every key that a configuration has, by its dotted path, with its schema."""
    definitions = load_schema(CONFIG)["$defs"]
    if "kind" in config:
        schema = module(config["kind"]).SETTINGS
    for key, value in config.items():
        own = schema.get("properties", {}).get(key, schema.get("additionalProperties", {}))
        while "$ref" in own:
            own = definitions[own["$ref"].split("/")[-1]]
        name = f"{path}.{key}".lstrip(".")
        if own:
            yield name, own
        if isinstance(value, Mapping):
            yield from keys(own, value, name)


def cases() -> Iterator[Case]:
    for path, schema in keys(load_schema(CONFIG), configuration()):
        # What null leaves out of a configuration, and what a key of this type may be at its edge.
        optional = ".also" in path or path.split(".")[-1] in OPTIONAL_EXPERIMENTS
        lawful = [None] if optional else []
        lawful += [schema["minimum"]] if "minimum" in schema else []
        lawful += [[]] if schema.get("type") == "array" and "minItems" not in schema else []
        for kind, value in {**NOTHING, **WRONG[schema.get("type", "name")]}.items():
            if value not in lawful:
                yield kind, path, value


CASES = list(cases())
SAMPLE = CASES if ALL else CASES[:: len(CASES) // 200]


@pytest.fixture(scope="module")
def config() -> dict[str, Any]:
    return configuration()


def overlay(path: str, value: Any) -> Any:
    """Configuration of one key, by its dotted path."""
    for key in reversed(path.split(".")):
        value = {key: value}
    return value


def sentences(config: dict[str, Any], changes: Mapping[str, Any]) -> list[str]:
    """What is said of a configuration with changes, checked as the Snakefile does."""
    config = deepcopy(config)
    update_config(config, changes)
    with pytest.raises(ConfigError) as raised:
        settle(config)
    return str(raised.value).splitlines()


@pytest.mark.parametrize(
    ("kind", "path", "value"), SAMPLE, ids=[f"{kind}: {path}" for kind, path, _ in SAMPLE]
)
def test_a_wrong_value_is_named(
    config: dict[str, Any], kind: str, path: str, value: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    told = sentences(config, overlay(path, value))
    assert told
    for sentence in told:
        assert sentence.startswith(f"config: {path}"), sentence
        assert "expected" in sentence or "did you mean" in sentence


def bomb() -> str:
    """Nine levels of nine aliases: hundreds of millions of values."""
    levels = ["x0: &a0 {" + ", ".join(f"k{key}: 1" for key in range(9)) + "}"]
    for level in range(1, 9):
        aliases = ", ".join(f"k{key}: *a{level - 1}" for key in range(9))
        levels.append(f"x{level}: &a{level} {{{aliases}}}")
    return "\n".join(levels)


FILES: dict[str, tuple[bytes, str]] = {
    "a list that is not closed": (b"seed: 1\nseeds: [1, 2\ntrainings: {\n", ", line 3: "),
    "a quote that is not closed": (b'seed: "1\n', ", line 2: "),
    "a tab": (b"seed: 1\n\tseeds: [1]\n", ", line 2: "),
    "two colons": (b"seed: 1\nmirror: a: b\n", ", line 2: "),
    "two documents": (b"seed: 1\n---\nseed: 2\n", ", line 2: "),
    "an unknown alias": (b"seed: 1\nseeds: *x\n", ", line 2: "),
    "a reserved character": (b"seed: @1\n", ", line 1: "),
    "Python's own tags": (b'seed: !!python/object/apply:os.system ["true"]\n', ", line 1: "),
    "an unknown tag": (b"seed: !mine 1\n", ", line 1: "),
    "a key that is a list": (b"seed: 1\n? [1]\n: 2\n", ", line 2: "),
    "a date that is none": (b"seed: 2001-99-99\n", ", line 1: "),
    "a number that is none": (b"seed: !!int ''\n", ", line 1: "),
    "a number of 5000 digits": (b"seed: " + b"9" * 5000, ", line 1: "),
    "latin-1": (b"seed: 1\n# caf\xe9\n", ", line 2: "),
    "UTF-16": ("seed: 1\n".encode("utf-16"), ", line 1: "),
    "a zero byte": (b"seed: 1\n# \0\n", ", line 2: "),
    "every byte": (bytes(range(256)), ", line 2: "),
    "a key twice": (b"seed: 1\nseeds: [1]\nseed: 2\n", ", line 3: the key seed is given twice"),
    "a section twice": (b"datasets:\n  a: 1\nseed: 1\ndatasets:\n  b: 1\n", ", line 4: the key"),
    "a key twice deep within": (b"x:\n  y: {a: 1,\n    a: 2}\n", ", line 3: the key a"),
    "a merge twice": (b"x: &x {a: 1}\ny:\n  <<: *x\n  <<: *x\n", ", line 4: the key <<"),
    "a key twice in JSON": (b'{"seed": 1,\n "seed": 2}', ", line 2: the key seed"),
    "JSON that is not closed": (b'{"seed": 1,', ", line 1: "),
    "an alias in what it stands for": (b"seed: 1\nx: &x\n  y: *x\n", ", line 2: an alias"),
    "an alias in its list": (b"x: &x [1, *x]\n", ", line 1: an alias"),
    "an alias merged into itself": (b"x: &x\n  <<: *x\n", ", line 1: an alias"),
    "aliases of aliases": (bomb().encode(), "aliases come to more than 100,000 values"),
    "lists in lists": (b"seed: " + b"[" * 2000 + b"]" * 2000, "nested too deeply"),
    "JSON lists in lists": (b'{"a": ' + b"[" * 99999 + b"]" * 99999 + b"}", "nested too deeply"),
    "nothing": (b"", "has nothing; expected keys"),
    "a comment alone": (b"# seed: 1\n", "has nothing; expected keys"),
    "a list": (b"[1, 2]", "has a list; expected keys"),
    "a word": (b"seed", "has a str; expected keys"),
}
"""Content of files that are no configuration, and what is said of them after their path."""


@pytest.mark.parametrize("what", FILES)
def test_a_file_that_is_no_configuration_is_told_with_its_line(what: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    content, expected = FILES[what]
    file.write_bytes(content)
    with pytest.raises(ConfigError) as raised:
        read(file)
    (sentence,) = str(raised.value).splitlines()
    assert sentence.startswith(str(file))
    assert expected in sentence


def test_what_is_lawful_is_read_as_snakemake_would(tmp_path: Path) -> None:
    merged = tmp_path / "merged.yaml"
    merged.write_text("a: &a {x: 1}\nb: &b {<<: *a, y: 2}\nc: {<<: *b, x: 3}\n")
    assert read(merged)["c"] == {"x": 3, "y": 2}
    json = tmp_path / "mine.json"
    json.write_text('\ufeff{\n\t"rate":\t1e-3}')
    assert read(json) == {"rate": 0.001}


@pytest.mark.parametrize(
    ("entry", "value"),
    [
        ("1", 1),
        ("1e-3", 0.001),
        ("True", True),
        ("", None),
        ("a: b", "a: b"),
        ("[1, 2]", [1, 2]),
        ("[true, 0.5, all]", [True, 0.5, "all"]),
        ("{digits: {test_fraction: 0.5}}", {"digits": {"test_fraction": 0.5}}),
    ],
)
def test_values_of_the_command_line_are_those_of_a_file(entry: str, value: Any) -> None:
    assert entries([f"key={entry}"]) == {"key": value}


# Through Snakemake's own command

RUN = {
    "dataset": "digits",
    "architecture": "tiny",
    "training": "report",
    "latent_dimension": "2",
    "train_size": "all",
    "epochs": "3",
    "backend": "numpy",
    "seed": "1",
}
RUN_FOLDER = (
    "results/models/{dataset}/{architecture}/{training}/"
    "z{latent_dimension}-n{train_size}-e{epochs}/{backend}-seed{seed}"
)
WRONG_FIELDS = {
    "dataset": ("nonsense", "Digits", "digit"),
    "architecture": ("nonsense", "tiny2", "Tiny"),
    "training": ("nonsense", "reports", "Report"),
    "backend": ("nonsense", "nump", "cuda"),
    "latent_dimension": ("0", "02", "-1", "two", "64", "9" * 30),
    "train_size": ("0", "none", "1348", "010"),
    "epochs": ("0", "00", "1.5"),
    "seed": ("-1", "01", "x"),
}
TARGETS = {
    **{
        f"{RUN_FOLDER.format(**RUN | {field: text})}/model.npz": field
        for field, texts in WRONG_FIELDS.items()
        for text in texts
    },
    f"{RUN_FOLDER.format(**RUN)}/modl.npz": "the nearest is",
    "results/models/digits/pcb/nall/seed1/model.npz": "the family",
    "results/models/digits/vae/nall/seed1/model.npz": "the family",
    "results/models/digits/rbm/n0/seed1/model.npz": "the train_size",
    "results/models/digits/rbm/n1348/seed1/model.npz": "at most 1347",
    "results/datasets/digit.npz": "the nearest is results/datasets/digits.npz",
    "results/evaluations/image.csv": "the nearest is results/evaluations/images.csv",
    "results/figures/figure_6_4.svg": "expected a rule",
    "figure_6_4_latent_manifolds": "the nearest is figure_6_4_latent_manifold",
    "nonsense": "expected a rule",
    "two\nlines": "expected a rule",
    "": "expected a rule",
}
"""Targets that cannot be, and a part of what is said of each after its name."""

COMMANDS: dict[tuple[str, ...], str] = {
    **{(target,): told for target, told in TARGETS.items()},
    ("--config", "seed"): "--config 'seed': has no value",
    ("--config", "seed="): "seed is null",
    ("--config", "seed={}"): "--config: seed has no keys; expected a value in place of",
    ("--config", "seed=[1"): "--config seed, line 1",
    ("--config", "seed=1", "seed=2"): "--config seed: is given twice",
    ("--config", "seedz=1"): "seedz is not a key; did you mean seed?",
    ("--config", "seeds=[1,1]"): "seeds has the entry 1 twice",
    ("--config", "datasets={digits: {kind: 1, kind: 2}}"): "the key kind is given twice",
    ("--config", "results=nonsense"): 'results is "nonsense"; expected one of reference',
    ("--config", "results=reference", "seeds=[9]"): "seeds differs",
    ("--config", "mirror=3"): "mirror is 3",
    ("--config", "benchmark=" + "[" * 2000 + "]" * 2000): "nested too deeply",
    ("--configfile", "nowhere.yaml"): "nowhere.yaml: No such file",
    ("--configfile", "tests"): "tests: Is a directory",
    ("--configfile", "README.md"): "README.md, line",
    ("--configfile", "tests/test_wrong_input.py"): "tests/test_wrong_input.py, line",
    ("--configfile", "config/claims.yaml"): "is not a key",
    ("--omit-from", "nonsense"): "nonsense: expected a rule",
    ("--forcerun", "nonsense"): "nonsense: expected a rule",
    ("--until", "nonsense"): "nonsense: expected a rule",
    ("--config", "seed=[1]"): "seed is [1]; expected a whole number",
    ("results/profiles/keras_epoch.csv",): "expected a rule",
}
"""Arguments of Snakemake that cannot be, and a part of what is said of each."""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = copy_project(tmp_path_factory.mktemp("wrong"))
    (project.root / "results/report").mkdir(parents=True)
    (project.root / "results/report/report.html").write_text("of an earlier run")
    return project


def files(project: Project) -> dict[Path, tuple[int, int]]:
    """Size and time of every file but Snakemake's own notes and Python's bytecode."""
    return {
        path: (path.stat().st_size, path.stat().st_mtime_ns)
        for path in project.root.rglob("*")
        if path.is_file() and not {".snakemake", "__pycache__"} & {*path.parts}
    }


def assert_refused(project: Project, told: str, *command: str) -> None:
    """A command ends with one sentence, and leaves every file as it was."""
    before = files(project)
    printed = project.run("snakemake", "--cores", "1", *command, status=1)
    assert "Traceback" not in printed, printed
    assert "  File " not in printed, printed
    assert len([line for line in printed.splitlines() if told in line and "ommand:" not in line])
    assert files(project) == before


@slow
@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda arguments: " ".join(arguments)[:120])
def test_a_command_line_that_cannot_be_is_told(
    project: Project, arguments: tuple[str, ...]
) -> None:
    tiny = () if "results=reference" in arguments else ("--configfile", TINY)
    if "--configfile" in arguments:
        tiny = ("--configfile", TINY, arguments[1])
        arguments = arguments[2:]
        assert_refused(project, COMMANDS["--configfile", tiny[2]], *tiny)
    else:
        assert_refused(project, COMMANDS[arguments], *arguments, *tiny)


@slow
@pytest.mark.parametrize("what", [*FILES][::2])
def test_snakemake_tells_of_a_file_with_its_line(project: Project, what: str) -> None:
    content, told = FILES[what]
    file = project.root / "mine.yaml"
    file.write_bytes(content)
    assert_refused(project, told, "--configfile", TINY, "mine.yaml")


@slow
@pytest.mark.parametrize(
    "case", CASES[:: len(CASES) // 12], ids=lambda case: f"{case[1]}, {case[0]}"
)
def test_snakemake_tells_of_a_wrong_value(project: Project, case: Case) -> None:
    _, path, value = case
    (project.root / "mine.yaml").write_text(yaml.safe_dump(overlay(path, value)))
    assert_refused(project, f"config: {path}", "--configfile", TINY, "mine.yaml")
