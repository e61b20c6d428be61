"""Steps end with whoever started them, however that ends, and tidy up."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[1] / "scripts"

HOLDER = """
import subprocess, sys
sys.path.insert(0, sys.argv[1])
from study import lifeline
lifeline.hold()
step = [sys.executable, "-c", sys.argv[2], *sys.argv[1:2]]
subprocess.run(["bash", "-c", 'trap "" INT; "$@"; true', "bash", *step])
"""

STEP = """
import os, sys, time
sys.path.insert(0, sys.argv[1])
from step import _ended_tidily
with _ended_tidily():
    try:
        print(os.getpid(), flush=True)
        time.sleep(60)
    finally:
        print("tidied up", flush=True)
"""


@pytest.mark.parametrize(
    ("number", "to_all"),
    [(signal.SIGKILL, False), (signal.SIGINT, False), (signal.SIGINT, True)],
    ids=["killed", "interrupted", "Ctrl-C"],
)
def test_a_step_ends_with_its_snakemake(number: signal.Signals, to_all: bool):
    """Though a shell lies between them; of an interrupt it says nothing."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, SCRIPTS, STEP],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
    )
    assert holder.stdout is not None and holder.stderr is not None
    assert holder.stdout.readline().strip().isdigit()
    start = time.monotonic()
    subprocess.run(["kill", f"-{number}", "--", f"{-holder.pid if to_all else holder.pid}"])
    # The pipes end with the last process that holds them.
    assert holder.stdout.read() == "tidied up\n"
    assert time.monotonic() - start < 50, "not at the end of its sleep"
    assert holder.stderr.read().count("Traceback") <= 1, "that of the holder"
    holder.wait()


def test_a_step_that_nobody_started_goes_on():
    code = f"import sys; sys.argv = ['', {str(SCRIPTS)!r}]\n" + STEP.replace("60", "0.5")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.endswith("tidied up\n") and done.returncode == 0
