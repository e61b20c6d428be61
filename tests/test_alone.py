"""A training that runs already is not begun beside itself."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from study.alone import alone

HOLD = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from study.alone import alone
with alone(Path(sys.argv[1])):
    print("holds", flush=True)
    time.sleep(60)
"""
SCRIPTS = Path(__file__).parents[1] / "scripts"


def test_another_process_is_told_who_holds_the_folder_until_it_ends(tmp_path: Path):
    command = [sys.executable, "-c", HOLD, str(tmp_path), str(SCRIPTS)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "holds\n"
        told = rf"runs already \(process {holder.pid} on .*wait for"
        with pytest.raises(ValueError, match=told), alone(tmp_path):
            raise AssertionError
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    time.sleep(0.1)
    with alone(tmp_path):
        assert (tmp_path / ".running").exists()
    assert not (tmp_path / ".running").exists()


def test_a_block_that_raises_lets_go(tmp_path: Path):
    for _ in range(2):
        with pytest.raises(KeyError), alone(tmp_path):
            raise KeyError
