"""The commit that a study was run at."""

import subprocess

KEPT = "results/reference"
"""Where files may differ from the commit: results that are kept are no part of what made them."""


def commit() -> str:
    """Commit that is checked out, followed by `-dirty` where files differ from it.

    Returns
    -------
    str
        Forty hexadecimal digits; "unknown" where there is no repository, or no git.
    """
    head = _git("rev-parse", "HEAD")
    if head is None:
        return "unknown"
    changed = _git("status", "--porcelain", "--untracked-files=no", "--", ".", f":!{KEPT}")
    return f"{head}-dirty" if changed else head


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()
