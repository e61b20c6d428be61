"""One file from the first address that has it, checked before it appears under its name."""

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from io import BufferedWriter, FileIO
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pooch
from requests import exceptions
from tqdm import tqdm

BY_HAND = Path("data")
"""Folder in which a file placed by hand is looked for, after the mirror and before the internet."""

WAITS = (1.0, 5.0)
"""Seconds before the second and the third attempt at an address that may yet answer."""

TIMEOUTS = (10.0, 60.0)
"""Seconds to wait for a connection, and for the next bytes of it."""

PASSING = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS)
"""Answers that may be others a moment later, beside those from 500 on."""

CHUNK = 8192
"""Bytes written at a time."""

SURPLUS = 2**20
"""Bytes beyond those wanted after which the rest is not taken."""

HTML = (b"<!doctype html", b"<html")


@dataclass(frozen=True)
class Wanted:
    """A file as the catalogue describes it.

    Attributes
    ----------
    name
        The file's own.
    urls
        Where it is, in order of preference.
    sha256
        In hexadecimal.
    size
        In bytes.
    """

    name: str
    urls: Sequence[str]
    sha256: str
    size: int


class NotThisFile(ValueError):
    """What came is not the file; `again` says whether another attempt may bring it."""

    def __init__(self, reason: str, again: bool) -> None:
        super().__init__(reason)
        self.again = again


def fetch(
    wanted: Wanted,
    target: Path,
    *,
    mirror: str | None = None,
    by_hand: Path = BY_HAND,
    waits: Sequence[float] = WAITS,
    timeouts: tuple[float, float] = TIMEOUTS,
) -> str:
    """Bring a file from a mirror, a local folder or the internet, and check it.

    What has come is kept in a folder beside the target until it is known to be the file, so the
    target is either the whole file or not there. Proxies are those that the environment names.

    Parameters
    ----------
    wanted
        The file.
    target
        Where it shall appear.
    mirror
        A folder or an http(s) address that is tried first.
    by_hand
        A folder that is tried next, if it has the file.
    waits
        Seconds before each further attempt at an address whose fault may pass.
    timeouts
        Seconds to wait for a connection, and for the next bytes of it.

    Returns
    -------
    str
        The address or path that had the file.

    Raises
    ------
    OSError
        If no address has it, or it cannot be written (the disk is full, say): one sentence, which
        says what came from each address and how to place the file by hand.
    """
    failures = []
    for address in _addresses(wanted, mirror, by_hand):
        try:
            _attempts(address, wanted, target, waits, timeouts)
        except NotThisFile as error:
            print(f"{address}: {error}", file=sys.stderr)
            failures.append(f"{address}: {error}")
        except OSError as error:
            raise OSError(
                f"{wanted.name} ({wanted.size:,} bytes, from {address}) cannot be written into "
                f"{target.parent}: {error.strerror or error}; make that possible and run again"
            ) from error
        else:
            return address
    found = "; ".join(failures) or "the catalogue has no address of it"
    raise OSError(
        f"{wanted.name} could not be had ({found}); to place it by hand, save the file of "
        f"{wanted.size:,} bytes and SHA-256 {wanted.sha256} as {by_hand / wanted.name} and run "
        "again"
    )


def _addresses(wanted: Wanted, mirror: str | None, by_hand: Path) -> Iterator[str]:
    if mirror and _is_remote(mirror):
        yield f"{mirror.rstrip('/')}/{quote(wanted.name)}"
    elif mirror:
        yield str(Path(mirror) / wanted.name)
    if (by_hand / wanted.name).exists():
        yield str(by_hand / wanted.name)
    yield from wanted.urls


def _is_remote(address: str) -> bool:
    return urlsplit(address).scheme in ("http", "https")


def _attempts(
    address: str,
    wanted: Wanted,
    target: Path,
    waits: Sequence[float],
    timeouts: tuple[float, float],
) -> None:
    """Try an address until the file is there, the fault is one that stays, or waits run out."""
    for wait in (*waits, None):
        try:
            _attempt(address, wanted, target, timeouts)
            return
        except NotThisFile as error:
            if wait is None or not error.again:
                raise
            print(f"{address}: {error}; trying again in {wait:g} s", file=sys.stderr)
            time.sleep(wait)


def _attempt(address: str, wanted: Wanted, target: Path, timeouts: tuple[float, float]) -> None:
    pooch.get_logger().setLevel("WARNING")
    get = partial(_download, timeouts=timeouts) if _is_remote(address) else _copy
    folder = target.with_name(f".{target.name}.incomplete")
    shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.mkdir(parents=True)
        pooch.retrieve(
            address,
            known_hash=wanted.sha256,
            fname=wanted.name,
            path=folder,
            downloader=partial(_checked, get, wanted),
        )
        (folder / wanted.name).chmod(0o644)  # not for its owner alone, as temporary files are
        (folder / wanted.name).replace(target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _checked(
    get: Callable[[str, Path, Wanted], None], wanted: Wanted, address: str, output: str, _: Any
) -> None:
    """Bring a file, as pooch asks for it, and see whether it is the one that is wanted."""
    path = Path(output)
    get(address, path, wanted)
    size = path.stat().st_size
    with open(path, "rb") as file:
        start = file.read(512).lstrip().lower()
    if start.startswith(HTML):
        raise NotThisFile(f"an HTML page of {size:,} bytes came instead of the file", again=False)
    if size != wanted.size:
        raise NotThisFile(
            f"{size:,} bytes came instead of {wanted.size:,}", again=size < wanted.size
        )
    sha256 = pooch.file_hash(output)
    if sha256 != wanted.sha256:
        raise NotThisFile(
            f"{size:,} bytes came as expected, but with the SHA-256 {sha256}", again=False
        )


class _Limited(BufferedWriter):
    """A file that takes no more than a number of bytes, and some by which what came is known."""

    def __init__(self, path: Path, size: int) -> None:
        super().__init__(FileIO(path, "w"))
        self.most = size + SURPLUS

    def write(self, data: Any) -> int:
        if self.tell() + len(data) > self.most:
            raise NotThisFile(f"more than {self.most:,} bytes came", again=False)
        return super().write(data)


def _copy(address: str, path: Path, wanted: Wanted) -> None:
    if not Path(address).is_file():
        raise NotThisFile("no such file", again=False)
    if not os.access(address, os.R_OK):
        raise NotThisFile("the file may not be read", again=False)
    with open(address, "rb") as source, _Limited(path, wanted.size) as file:
        shutil.copyfileobj(source, file)


def _download(address: str, path: Path, wanted: Wanted, timeouts: tuple[float, float]) -> None:
    with (
        _Limited(path, wanted.size) as file,
        tqdm(
            total=wanted.size, desc=wanted.name, unit="B", unit_scale=True, mininterval=1, delay=1
        ) as progress,
    ):
        download = pooch.HTTPDownloader(
            progressbar=progress,
            chunk_size=CHUNK,
            timeout=timeouts,
            headers={"Accept-Encoding": "identity"},
        )
        try:
            download(address, file, None)
        except exceptions.RequestException as error:
            raise _reason(error, path.stat().st_size, wanted.size, timeouts) from error


def _reason(
    error: exceptions.RequestException, received: int, size: int, timeouts: tuple[float, float]
) -> NotThisFile:
    """Say in words what went wrong with a connection."""
    connect, read = timeouts
    match error:
        case exceptions.HTTPError(response=response) if response is not None:
            code = response.status_code
            again = code in PASSING or code >= HTTPStatus.INTERNAL_SERVER_ERROR
            return NotThisFile(f"HTTP {code} {response.reason}", again)
        case exceptions.ConnectTimeout():
            return NotThisFile(f"no connection within {connect:g} s", again=True)
        case exceptions.ProxyError():
            return NotThisFile("no connection through the proxy", again=True)
        case exceptions.SSLError():
            return NotThisFile("no connection that TLS can trust", again=False)
        case exceptions.Timeout() | exceptions.ConnectionError() if "timed out" in str(error):
            came = f"after {received:,} of {size:,} bytes"
            return NotThisFile(f"nothing more came for {read:g} s {came}", again=True)
        case exceptions.ChunkedEncodingError():
            return NotThisFile(
                f"the connection broke off after {received:,} of {size:,} bytes", again=True
            )
        case exceptions.ConnectionError() if "Failed to resolve" in str(error):
            return NotThisFile("its host cannot be found (is there a network?)", again=True)
        case exceptions.ConnectionError():
            return NotThisFile("no connection", again=True)
        case _:
            return NotThisFile(str(error), again=False)
