"""Raw files as bytes, unpacked if they are gzip; a fault in one is told with its byte."""

import zlib
from dataclasses import dataclass
from pathlib import Path

GZIP_MAGIC = b"\x1f\x8b"

PIECE = 4096
"""Bytes of a gzip file that are unpacked at a time, so that a fault is placed within as many."""


@dataclass(frozen=True)
class RawFile:
    """What a file holds.

    Attributes
    ----------
    path
        Of the file.
    data
        Its bytes, unpacked.
    packed
        Whether the file itself is gzip; offsets are then those of the unpacked data.
    """

    path: Path
    data: bytes
    packed: bool

    def fault(self, offset: int, reason: str) -> ValueError:
        """Return the error that says what is wrong at a byte."""
        of = " of the unpacked data" if self.packed else ""
        return ValueError(f"{self.path}: byte {offset:,}{of}: {reason}")


def read_raw(path: Path) -> RawFile:
    """Read a file, plain or gzip (told by its first bytes, not by its name).

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If its gzip data are truncated, corrupt or followed by other bytes; the message says where.
    """
    content = path.read_bytes()
    if not content.startswith(GZIP_MAGIC):
        return RawFile(path, content, packed=False)
    return RawFile(path, _unpacked(path, content), packed=True)


def _unpacked(path: Path, content: bytes) -> bytes:
    """Unpack gzip data, which may be several members one after another."""
    pieces: list[bytes] = []
    start = 0
    while start < len(content):
        if not content.startswith(GZIP_MAGIC, start):
            raise ValueError(
                f"{path}: byte {start:,}: expected the end of the file after its gzip data, "
                f"got {len(content) - start:,} more bytes"
            )
        start = _unpack_member(path, content, start, pieces)
    return b"".join(pieces)


def _unpack_member(path: Path, content: bytes, start: int, pieces: list[bytes]) -> int:
    """Append a gzip member's data to `pieces` and return where the member ends."""
    member = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    for position in range(start, len(content), PIECE):
        piece = content[position : position + PIECE]
        try:
            pieces.append(member.decompress(piece))
        except zlib.error as error:
            raise ValueError(
                f"{path}: bytes {position:,} to {position + len(piece) - 1:,}: the gzip data are "
                f"corrupt ({error})"
            ) from error
        if member.eof:
            return position + len(piece) - len(member.unused_data)
    raise ValueError(
        f"{path}: byte {len(content):,}: the file ends in the middle of its gzip data; "
        "it was cut short"
    )
