"""What a run says on the terminal: a line a job, with how many are left and about how long."""

import logging
import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from statistics import fmean, median
from typing import Any

from snakemake.logging import ColorizingTextHandler, DefaultFormatter, LogEvent, logger
from snakemake.settings.enums import Quietness

from study import failures

UNSAID = {LogEvent.JOB_STARTED, LogEvent.JOB_FINISHED, LogEvent.PROGRESS}
"""Events that the line of the next job tells of."""

STEP_FAILED = re.compile(r"\.snakemake/scripts/\S+' returned non-zero exit status 1\.")
"""Of a command that said itself what failed."""


FIRST = {
    "benchmark_implementations": 90.0,
    "measure_cost_by_size": 10.0,
    "profile_epoch": 10.0,
    "profile_operations": 10.0,
}
"""Seconds of timed and profiled jobs on two cores, longer than others; until one is done."""

ANYTHING = "train_vae"
"""A rule whose jobs take seconds or hours: nothing is foreseen before one is done."""


class TimeLeft:
    """How long the jobs of a run may take that are not done.

    A job is expected to take what jobs of its rule took so far, the first of a rule what the median
    job took; and the machine, or the cluster, to get through as much at once as it did until now.

    Parameters
    ----------
    jobs
        The rule of every job, and its threads.
    now
        Seconds, of any clock, at which the run begins.
    """

    def __init__(self, jobs: Iterable[tuple[str, int]], now: float) -> None:
        self._begun = now
        self._left: Counter[str] = Counter()
        self._threads: dict[str, int] = {}
        for rule, threads in jobs:
            self._left[rule] += 1
            self._threads[rule] = threads
        self._running: dict[int, tuple[str, float]] = {}
        self._took: defaultdict[str, list[float]] = defaultdict(list)

    @property
    def jobs(self) -> int:
        """Number of jobs that are not done."""
        return self._left.total()

    def start(self, job: int, rule: str, now: float) -> None:
        """Take note that a job starts, which may be another try of it."""
        self._running[job] = rule, now

    def finish(self, job: int, now: float) -> None:
        """Take note that a job is done."""
        rule, started = self._running.pop(job)
        self._took[rule].append(now - started)
        self._left[rule] -= 1

    def seconds(self, now: float) -> float | None:
        """Expected seconds until all jobs are done; None while there is nothing to go by."""
        if not self._took or (self._left[ANYTHING] and ANYTHING not in self._took):
            return None
        first = median(seconds for each in self._took.values() for seconds in each)
        expected = {
            rule: fmean(self._took[rule]) if rule in self._took else FIRST.get(rule, first)
            for rule in self._left
        }
        done = sum(sum(each) * self._threads[rule] for rule, each in self._took.items())
        left = sum(expected[rule] * self._threads[rule] * n for rule, n in self._left.items())
        for rule, started in self._running.values():
            done += (now - started) * self._threads[rule]
            left -= min(now - started, expected[rule]) * self._threads[rule]
        return left * (now - self._begun) / done if done else 0.0


class OneLineAJob(DefaultFormatter):
    """Snakemake's formatter, but for jobs: of each a line when it starts, and one if it fails.

    Parameters
    ----------
    plain
        Snakemake's own, with the user's settings.
    jobs
        The rule of every job, and its threads.
    """

    def __init__(self, plain: DefaultFormatter, jobs: Iterable[tuple[str, int]]) -> None:
        super().__init__(plain.quiet, plain.show_failed_logs)
        self._left = TimeLeft(jobs, time.monotonic())

    def is_shown(self, record: logging.LogRecord) -> bool:
        """Take note of a record; whether it has a line."""
        event = getattr(record, "event", None)
        if event == LogEvent.JOB_FINISHED:
            self._left.finish(vars(record)["job_id"], time.monotonic())
        said = record.getMessage()
        return (
            event not in UNSAID
            and said != "Select jobs to execute..."
            and not STEP_FAILED.search(said)
        )

    def format_job_info(self, msg: dict[str, Any]) -> str:
        """Line of a job that starts."""
        now = time.monotonic()
        self._left.start(msg["jobid"], msg["rule_name"], now)
        return (
            f"{_clock()} {self._left.jobs} left{_told(self._left.seconds(now))}: {msg['rule_msg']}"
        )

    def format_job_error(self, msg: dict[str, Any]) -> str:
        """Line of a job that failed, if it left a sentence; else all that Snakemake knows."""
        if msg.get("indent"):
            return ""  # one of a group, which has told of them
        return _sentences([msg]) or super().format_job_error(msg)

    def format_group_error(self, msg: dict[str, Any]) -> str:
        """Lines of the jobs of a group that left a sentence; else all that Snakemake knows."""
        return _sentences(msg["job_error_info"]) or super().format_group_error(msg)


def show_a_line_a_job(workflow: Any) -> None:
    """From now on have Snakemake's terminal show a line a job; its log keeps everything.

    Parameters
    ----------
    workflow
        Snakemake's, about to run its jobs.
    """
    quiet = {Quietness.ALL, Quietness.PROGRESS, Quietness.RULES}
    for handler in logger.handlers:
        plain = handler.formatter
        if isinstance(handler, ColorizingTextHandler) and not quiet & set(plain.quiet):
            jobs = ((job.rule.name, job.threads) for job in workflow.dag.needrun_jobs())
            formatter = OneLineAJob(plain, jobs)
            handler.setFormatter(formatter)
            handler.addFilter(formatter.is_shown)


def _sentences(failed: Iterable[dict[str, Any]]) -> str:
    """Lines of those of the jobs that left a sentence."""
    logs = (log for job in failed for log in job["log"][:1])
    return "\n".join(f"{_clock()} {told}" for log in logs if (told := failures.sentence(log)))


def _clock() -> str:
    return time.strftime("%H:%M:%S")


def _told(seconds: float | None) -> str:
    """About how long, in one unit."""
    if seconds is None:
        return ""
    for unit, name in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 1.5 * unit:
            return f", about {seconds / unit:.0f} {name}"
    return ", about a minute" if seconds > 45 else ", less than a minute"
