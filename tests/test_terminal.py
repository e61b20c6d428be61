"""The terminal: a line a job, what is left, and a sentence on what failed."""

import re

import pytest
from conftest import Project

from planning.terminal import TimeLeft

JOB = re.compile(r"[\d:]{8} (\d+) left(, (?:about|less than) [\w ]+)?: (\w+)(: \S.*)?")


def test_a_job_is_expected_to_take_what_others_of_its_rule_took():
    left = TimeLeft([("train", 1)] * 3 + [("draw", 1)], now=0)
    assert left.seconds(0) is None
    left.start(1, "train", 0)
    assert left.seconds(5) is None
    left.finish(1, 10)
    # Two trainings of ten seconds, and a drawing of which nothing is known yet.
    assert left.jobs == 3 and left.seconds(10) == 30
    left.start(2, "draw", 10)
    left.finish(2, 12)
    assert left.seconds(12) == 20
    left.start(3, "train", 12)
    assert left.seconds(16) == 16


def test_jobs_side_by_side_take_their_share():
    left = TimeLeft([("train", 1)] * 4, now=0)
    for job in (1, 2):
        left.start(job, "train", 0)
    for job in (1, 2):
        left.finish(job, 10)
    assert left.seconds(10) == 10


def test_a_job_on_all_cores_runs_alone():
    left = TimeLeft([("train", 1)] * 4 + [("time", 2)] * 2, now=0)
    for job in (1, 2):
        left.start(job, "train", 0)
        left.finish(job, 10)
    left.start(3, "time", 10)
    left.finish(3, 30)
    assert left.seconds(30) == 30, "two trainings side by side, and what is timed once more"


def test_another_try_begins_anew_and_an_overdue_job_is_expected_at_any_moment():
    left = TimeLeft([("train", 1)] * 2, now=0)
    left.start(1, "train", 0)
    left.start(1, "train", 90)
    left.finish(1, 100)
    left.start(2, "train", 100)
    assert left.seconds(150) == 0


@pytest.mark.xdist_group("study")
def test_a_study_shows_a_line_a_job_with_what_is_left(finished: Project):
    printed = finished.printed.partition("total")[2].splitlines()
    jobs = [JOB.fullmatch(line) for line in printed if " left" in line]
    assert len(jobs) > 100 and all(jobs)
    numbers = [int(job[1]) for job in jobs if job]
    assert numbers == sorted(numbers, reverse=True) and numbers[-1] == 1
    assert all(job[2] for job in jobs[10:] if job)
    assert len(printed) - len(jobs) < 15
    assert max(map(len, finished.printed.splitlines())) < 600


@pytest.mark.xdist_group("study")
def test_a_failure_is_a_line_where_it_happens_and_one_at_the_end(edited: Project):
    (edited.root / "results/datasets/digits.npz").write_text("no dataset")
    printed = edited.snakemake("-c1", "figure_6_4_latent_manifold", status=1)
    sentence = "train_vae: results/datasets/digits.npz: expected what its step wrote"
    told = [line.find(sentence) for line in printed.splitlines() if sentence in line]
    assert told == [len("00:00:00 "), 0]
    assert not re.search("Error in rule|RuleException|Traceback|Select jobs", printed)


def test_nothing_is_foreseen_before_a_training_is_done():
    left = TimeLeft([("prepare", 1)] * 3 + [("train_vae", 1)] * 2, now=0)
    left.start(0, "prepare", 0)
    left.finish(0, 1)
    assert left.seconds(1) is None
    left.start(1, "train_vae", 1)
    left.finish(1, 101)
    assert left.seconds(101) == 102
