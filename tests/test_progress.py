"""Progress: what a log holds of a long loop."""

import io
import re
import sys

import pytest

from vae import _progress
from vae._progress import progress_bar


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def counted(monkeypatch: pytest.MonkeyPatch, file: io.StringIO, **settings) -> str:
    monkeypatch.setattr(sys, "stderr", file)
    with progress_bar(40, "epoch", **settings) as bar:
        for epoch in range(settings.get("done", 0), 40):
            bar.set_postfix_str(f"test ELBO {-epoch}", refresh=False)
            bar.update()
    return file.getvalue()


def test_a_log_has_lines_with_true_percentages_and_the_time_left(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(_progress, "SECONDS", 0)
    lines = counted(monkeypatch, io.StringIO()).splitlines()
    assert 40 <= len(lines) <= 42
    form = r"\d+ of 40 epochs \(\d+%\), [\d:]+, [\d:?]+ left(, test ELBO -?\d+)?"
    assert all(re.fullmatch(form, line) for line in lines)
    assert lines[20].startswith("20 of 40 epochs (50%)")
    assert lines[-1].startswith("40 of 40 epochs (100%)") and lines[-1].endswith("ELBO -39")


def test_a_short_loop_leaves_a_line_or_two(monkeypatch: pytest.MonkeyPatch):
    assert len(counted(monkeypatch, io.StringIO()).splitlines()) <= 2


def test_what_was_done_before_counts(monkeypatch: pytest.MonkeyPatch):
    assert counted(monkeypatch, io.StringIO(), done=30).startswith("30 of 40 epochs (75%)")


def test_a_terminal_has_one_line_that_redraws_itself(monkeypatch: pytest.MonkeyPatch):
    shown = counted(monkeypatch, Terminal())
    assert shown.count("\n") == 1 and "\r" in shown


def test_nothing_is_shown_unasked(monkeypatch: pytest.MonkeyPatch):
    assert counted(monkeypatch, Terminal(), shown=False) == ""
