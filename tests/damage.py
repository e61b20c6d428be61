"""Files damaged in every way that comes about, each the same for its seed."""

import os
import random

FULL = bool(os.environ.get("TEST_DAMAGE"))
"""Whether all is tried: minutes; else what takes seconds."""

DAMAGES = ("cut", "flipped", "zeroed", "taken out", "put in", "doubled", "swapped")


def many(few: int, all_: int) -> int:
    """How many cases to try."""
    return all_ if FULL else few


def damaged(whole: bytes, kind: str, seed: int) -> bytes:
    """Bytes of a file with one damage of a kind at a random place."""
    draw = random.Random(f"{kind} {seed}")
    start, end = sorted(draw.randrange(len(whole) + 1) for _ in range(2))
    part = whole[start:end]
    match kind:
        case "cut":
            return whole[:start]
        case "flipped":
            flipped = bytearray(whole)
            for _ in range(draw.choice((1, 1, 8, 64))):
                flipped[draw.randrange(len(whole))] ^= 1 << draw.randrange(8)
            return bytes(flipped)
        case "zeroed":
            return whole[:start] + bytes(len(part)) + whole[end:]
        case "taken out":
            return whole[:start] + whole[end:]
        case "put in":
            return whole[:start] + draw.randbytes(draw.choice((1, 100, 5000))) + whole[start:]
        case "doubled":
            return whole[:end] + whole[start:]
        case "swapped":
            return part + whole[:start] + whole[end:]
    raise ValueError(kind)
