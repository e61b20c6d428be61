"""Progress of a long loop: a bar on a terminal, and elsewhere a line every few seconds."""

import sys
from typing import Any

from tqdm import tqdm

SECONDS = 10
"""Between two lines where there is no terminal."""


def progress_bar(total: int, unit: str, *, done: int = 0, shown: bool = True) -> tqdm:
    """Bar on standard error that counts from `done` to a total.

    Parameters
    ----------
    total, done
        Steps of the loop, and those that were taken before.
    unit
        What a step is, such as "epoch".
    shown
        Whether to show anything.
    """
    terminal = sys.stderr.isatty()
    return _Bar(
        total=total,
        initial=done,
        unit=unit,
        disable=not shown,
        file=sys.stderr if terminal else _Lines(sys.stderr),
        mininterval=0.5 if terminal else SECONDS,
        maxinterval=1 if terminal else SECONDS,
        miniters=1,
        dynamic_ncols=terminal,
        bar_format=None if terminal else _LINE,
    )


_LINE = "{n_fmt} of {total_fmt} {unit}s ({percentage:.0f}%), {elapsed}, {remaining} left{postfix}"


class _Bar(tqdm):
    """A bar without tqdm's thread, which only serves bars that skip some updates."""

    monitor_interval = 0


class _Lines:
    """A file to which a bar that redraws itself writes lines."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def write(self, text: str) -> None:
        line = text.strip()
        if line:
            self._file.write(f"{line}\n")

    def flush(self) -> None:
        self._file.flush()
