"""Parts of a document that are made from the project, and compared with what stands there.

Such a part lies between the lines `<!-- NAME -->` and `<!-- end of NAME -->`. With the variable
WRITE=1 in the environment, the test that compares it writes it first.
"""

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path


def assert_generated(path: Path, name: str, expected: str) -> None:
    """Compare a part of a document with what it should be."""
    begin, end = f"<!-- {name} -->\n", f"\n<!-- end of {name} -->"
    if os.environ.get("WRITE") == "1":
        pattern = f"(?<={re.escape(begin)}).*?(?={re.escape(end)})"
        text = re.sub(pattern, lambda _: expected, path.read_text(), flags=re.DOTALL)
        path.write_text(text)
    found = path.read_text().partition(begin)[2].partition(end)[0]
    assert found == expected, f"{path.name} is older than the project: test again with WRITE=1"


def pipe_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Lay out a table in Markdown."""
    return "\n".join(f"| {' | '.join(row)} |" for row in (header, ["---"] * len(header), *rows))
