"""Reading arrays by name from npz files, of which no byte is trusted."""

from math import prod
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo, is_zipfile

from numpy.lib import format as npy
from numpy.typing import NDArray

from study.reading import reading
from vae.names import require_known

ENCRYPTED = 1
"""A member's flag."""


def array_names(path: Path) -> list[str]:
    """Names of the arrays in an npz file.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is another kind of file, or was cut short; the message names it.
    """
    return list(_members(path))


def read_arrays(path: Path, *names: str, most: int | None = None) -> dict[str, NDArray[Any]]:
    """Read arrays by name from an npz file, without pickles.

    Parameters
    ----------
    path
        Of the file.
    names
        Of the arrays.
    most
        Bytes that an array may have at most; None for as many as there are.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is of another kind, was cut short, has no array of a name, or one that is
        larger, damaged or not as NumPy writes it; the message names the file and the array.
    """
    members = _members(path)
    for name in names:
        require_known(f"{path}, array", name, members)
    arrays = {}
    with ZipFile(path) as archive:
        for name in names:
            try:
                with reading(path, f"an npz file at its array {name}"):
                    _check(archive, members[name], most)
                    with archive.open(members[name]) as member:
                        arrays[name] = npy.read_array(member, allow_pickle=False)
                        member.read(1)  # at the end, the checksum is looked at
            except MemoryError as error:
                raise MemoryError(f"{path}: array {name}: {error}") from error
    return arrays


def _members(path: Path) -> dict[str, ZipInfo]:
    """Members of an npz file by the names of their arrays."""
    with open(path, "rb") as file:
        if not is_zipfile(file):
            raise ValueError(
                f"{path}: expected an npz file, but its {path.stat().st_size:,} bytes have no "
                "directory at their end; it is of another kind or was cut short"
            )
        with reading(path, "an npz file"), ZipFile(file) as archive:
            return {info.filename.removesuffix(".npy"): info for info in archive.infolist()}


def _check(archive: ZipFile, info: ZipInfo, most: int | None) -> None:
    """Refuse what is not as NumPy writes it, or would be more than its file has, before it is read.

    Raises
    ------
    ValueError
        If so.
    """
    if info.flag_bits & ENCRYPTED:
        raise ValueError("expected an array without a password, got an encrypted one")
    if info.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise ValueError(
            "expected an array stored or deflated, as numpy.savez and numpy.savez_compressed do, "
            f"got the compression {info.compress_type}"
        )
    with archive.open(info) as member:
        version = npy.read_magic(member)
        if version != (1, 0):  # others are for records, and have headers of any length
            raise ValueError(f"expected the version 1.0 of the format, got {version}")
        shape, _, dtype = npy.read_array_header_1_0(member)
        size = prod(shape) * dtype.itemsize
        if dtype.hasobject or not dtype.itemsize:
            raise ValueError(f"expected numbers or text, no pickle, got the type {dtype}")
        if most is not None and size > most:
            raise ValueError(
                f"expected at most {most:,} bytes, got {dtype} of shape {shape}, {size:,} bytes"
            )
        if member.tell() + size != info.file_size:
            raise ValueError(
                f"expected {size:,} bytes, for {dtype} of shape {shape}, "
                f"got {info.file_size - member.tell():,}"
            )
