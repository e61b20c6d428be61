"""What of a study is done, running, failed and left: `make status`."""

import base64
import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))

from study import failures

SNAKEMAKE = Path(".snakemake")
COUNT = re.compile(r"^total\s+(\d+)$", re.MULTILINE)


def steps(*arguments: str) -> int:
    """Number of steps that Snakemake would run.

    Raises
    ------
    SystemExit
        If it cannot plan: with what it says.
    """
    command = [sys.executable, "-m", "snakemake", "--dry-run", "--nolock", *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit((done.stdout + done.stderr).strip().splitlines()[-1])
    found = COUNT.findall(done.stdout + done.stderr)
    return int(found[-1]) if found else 0


def started() -> list[str]:
    """Files that a run that goes on, or was killed, has begun to make."""
    folder = SNAKEMAKE / "incomplete"
    return sorted(
        base64.b64decode(file.name).decode() for file in folder.glob("*") if file.is_file()
    )


def main(arguments: list[str]) -> None:
    """Print the four numbers, and under them what is running and what failed."""
    left, all_steps = steps(*arguments), steps("--forceall", *arguments)
    alive = any((SNAKEMAKE / "locks").glob("*"))
    begun = started()
    sentences = failures.told().splitlines()
    print(f"done {all_steps - left}, {'running' if alive else 'begun'} {len(begun)}, ", end="")
    print(f"failed {len(sentences)}, left {left} of {all_steps} steps")
    for title, lines in (("running" if alive else "begun", begun), ("failed", sentences)):
        for line in lines:
            print(f"  {title}: {line}")


if __name__ == "__main__":
    main(sys.argv[1:])
