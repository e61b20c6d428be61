"""Damaged files of every kind: each is read, or refused in a sentence that names it."""

import json
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import damaged_data

COUNT = 10_000 if os.environ.get("TEST_DAMAGE") else 330
SEED = 1


def test_every_damaged_file_is_read_or_refused_by_name_in_bounded_memory(tmp_path: Path) -> None:
    command = [sys.executable, damaged_data.__file__, str(tmp_path), str(SEED), str(COUNT)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    counts: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: {"read": 0, "refused": 0})
    faults = []
    for reader, kind, outcome, number in found["outcomes"]:
        if outcome in ("read", "refused"):
            counts[reader, kind][outcome] = number
        else:
            faults.append((reader, kind, outcome))
    print(*(f"{reader}, {kind}: {each}" for (reader, kind), each in counts.items()), sep="\n")
    assert not faults, f"{len(faults)} of {COUNT}, of seed {SEED}: {faults[:3]}"
    assert sum(sum(each.values()) for each in counts.values()) == COUNT
    whole = {(reader, kind) for reader, kinds in damaged_data.DAMAGE.items() for kind in kinds}
    assert {key for key, each in counts.items() if each["refused"]} == whole
    assert found["peak"] < damaged_data.PEAK
