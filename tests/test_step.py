"""The adapter: what a rule names reaches the function, and errors reach the log."""

from pathlib import Path
from types import SimpleNamespace

import numpy  # noqa: F401 - brings the BLAS whose threads are counted
import pytest
from threadpoolctl import threadpool_info

from step import run


def job(tmp_path: Path, **changes):
    settings = {
        "input": {"data": "a.npz", "cards": ["b.json", "c.json"], "code": ["x.py"]},
        "output": {"table": "t.csv"},
        "params": {"seed": 3},
        "threads": 1,
        "log": [str(tmp_path / "log")],
        "rule": "example",
    }
    return {"snakemake": SimpleNamespace(**{**settings, **changes})}


def test_names_become_arguments_and_code_does_not(tmp_path: Path):
    received = {}

    def example(data: Path, cards: list[Path], table: Path, seed: int, threads: int) -> None:
        received.update(locals())

    run(example, job(tmp_path))
    assert received == {
        "received": received,
        "data": Path("a.npz"),
        "cards": [Path("b.json"), Path("c.json")],
        "table": Path("t.csv"),
        "seed": 3,
        "threads": 1,
    }


def test_what_is_printed_goes_to_the_log_on_the_rules_threads(tmp_path: Path):
    def example(**arguments) -> None:
        print(max(library["num_threads"] for library in threadpool_info()))

    run(example, job(tmp_path))
    assert (tmp_path / "log").read_text() == "1\n"


def test_bad_input_is_one_sentence_at_the_end_of_the_log(tmp_path: Path):
    def example(**arguments) -> None:
        raise ValueError("a.npz: expected a dataset")

    with pytest.raises(SystemExit):
        run(example, job(tmp_path))
    assert (tmp_path / "log").read_text().splitlines()[-1] == "example: a.npz: expected a dataset"


def test_a_fault_of_ours_keeps_its_traceback(tmp_path: Path):
    def example(**arguments) -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        run(example, job(tmp_path))
    assert "Traceback" in (tmp_path / "log").read_text()
