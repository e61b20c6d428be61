"""The adapter: what a rule names reaches the function, and errors are one sentence and a log."""

import errno
import hashlib
import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy  # noqa: F401 - brings the BLAS whose threads are counted
import pytest
from threadpoolctl import threadpool_info

from step import run
from study import failures


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def job(**changes):
    settings = {
        "input": {"data": "a.npz", "cards": ["b.json", "c.json"]},
        "output": {"table": "t.csv"},
        "params": {"seed": 3, "code": "a digest"},
        "threads": 1,
        "log": ["log"],
        "rule": "example",
    }
    return {"snakemake": SimpleNamespace(**{**settings, **changes})}


def fail_with(error: Exception) -> str:
    """Run a step that raises; return the last line of its log."""

    def example(**arguments) -> None:
        raise error

    with pytest.raises(SystemExit) as exited:
        run(example, job())
    assert exited.value.code == 1
    return Path("log").read_text().splitlines()[-1]


def test_names_become_arguments_and_code_does_not():
    received = {}

    def example(data: Path, cards: list[Path], table: Path, seed: int, threads: int) -> None:
        received.update(locals())
        table.touch()

    run(example, job())
    assert received == {
        "received": received,
        "data": Path("a.npz"),
        "cards": [Path("b.json"), Path("c.json")],
        "table": Path(".unfinished.t.csv"),
        "seed": 3,
        "threads": 1,
    }


def test_outputs_appear_whole_or_not_at_all():
    def example(data: Path, cards: list[Path], table: Path, seed: int) -> None:
        table.write_text("half")
        if cards:
            raise OSError(errno.ENOSPC, "No space left on device", str(table))
        assert not Path("t.csv").exists()

    with pytest.raises(SystemExit):
        run(example, job())
    assert Path("log").read_text().endswith("No space left on device: 't.csv'\n")
    assert not [*Path().glob("*t.csv*")]
    run(example, job(input={"data": "a.npz", "cards": []}))
    assert Path("t.csv").read_text() == "half"
    assert not [*Path().glob(".unfinished*")]


@pytest.mark.parametrize("change", ["cut", "edited", "sealed by another"])
def test_an_input_that_is_not_as_its_step_wrote_it_is_refused(change: str):
    run(lambda table, **_: table.write_text("a,b\n1,2\n3,4\n"), job(input={}))
    reader = job(input={"table": "t.csv"}, output={})
    run(lambda **_: None, reader)
    if change == "sealed by another":
        Path(".t.csv.sha256").write_text("")
    else:
        Path("t.csv").write_text("a,b\n1,2\n" + "3,5\n" * (change == "edited"))
    with pytest.raises(SystemExit):
        run(lambda **_: None, reader)
    assert Path("log").read_text().splitlines()[-1] == (
        "example: t.csv: expected what its step wrote, but it was cut short or changed since; "
        "remove it, then run again"
    )


def test_a_seal_is_what_sha256sum_reads():
    run(lambda table, **_: table.write_text("a,b\n"), job(input={}))
    digest = hashlib.sha256(b"a,b\n").hexdigest()
    assert Path(".t.csv.sha256").read_text() == f"{digest}  t.csv\n"


def test_what_is_printed_goes_to_the_log_on_the_rules_threads():
    def example(**arguments) -> None:
        print(max(library["num_threads"] for library in threadpool_info()))

    run(example, job(output={}))
    assert Path("log").read_text() == "1\n"


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (ValueError("a.npz: expected a dataset"), "a.npz: expected a dataset"),
        (ValueError("two\n  lines"), "two lines"),
        (
            OSError(errno.EACCES, "Permission denied", "a.npz"),
            "[Errno 13] Permission denied: 'a.npz'",
        ),
        (KeyError("x"), "KeyError: 'x'; a fault of this program, whose log tells more"),
        (ZeroDivisionError(), "ZeroDivisionError: ; a fault of this program, whose log tells more"),
        (
            MemoryError("Unable to allocate 9 TiB"),
            "not enough memory (Unable to allocate 9 TiB); "
            "give the step more, or run fewer at once",
        ),
    ],
)
def test_whatever_is_raised_is_one_sentence_at_the_end_of_the_log(error: Exception, sentence: str):
    assert fail_with(error) == f"example: {sentence}"
    assert "Traceback" in Path("log").read_text()


def test_a_full_disk_is_named(tmp_path: Path):
    last = fail_with(OSError(errno.ENOSPC, "No space left on device"))
    assert last == f"example: no space left on the disk of {tmp_path}"


def test_the_sentences_of_a_run_are_told_together_once():
    fail_with(OSError("first"))
    fail_with(OSError("again"))
    assert failures.told() == "example: again (log: log)\n"
    failures.forget()
    failures.forget()
    assert failures.told() == ""


def test_a_traceback_names_the_script_and_its_line(tmp_path: Path):
    """Though a copy runs, with lines of Snakemake's before it."""
    script, copy = tmp_path / "example.py", tmp_path / "tmp_copy.example.py"
    script.write_text(
        "def example(**_):\n    inner()\n\n\ndef inner():\n    raise ValueError('x')\n"
    )
    copy.write_text("import os\n# one more\n" + script.read_text())
    example = runpy.run_path(str(copy))["example"]
    with pytest.raises(SystemExit):
        run(example, {**job(), "__file__": str(script)})
    log = Path("log").read_text()
    assert f'File "{script}", line 2, in example' in log
    assert f'File "{script}", line 6, in inner' in log
    assert "tmp_copy" not in log


def test_bad_input_is_not_tried_again_in_the_same_run(capsys: pytest.CaptureFixture):
    def example(**arguments) -> None:
        raise AssertionError

    fail_with(MemoryError())
    with pytest.raises(SystemExit):
        run(example, job())
    assert "AssertionError" in Path("log").read_text(), "with more memory it may go well"
    fail_with(ValueError("bad"))
    before = Path("log").read_text()
    with pytest.raises(SystemExit, match="example: failed before in this run, and would again"):
        run(example, job())
    assert Path("log").read_text() == before
    failures.forget()
    run(lambda **_: None, job(output={}))


def test_who_interrupts_a_step_reads_no_traceback():
    def example(**arguments) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(example, job())
    assert Path("log").read_text() == ""
