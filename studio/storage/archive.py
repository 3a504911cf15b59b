"""ZIP files: members from strangers read within limits, and our own written.

Format: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
"""

import re
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from studio.storage.files import bytes_in, unreadable

MAX_DIRECTORY = 2**20
"""Bytes of the list of members, each of which takes 46 and its name: at most 22,000."""

_END = 22 + 2**16 + 20 + 56
"""Bytes from the end of a file in which all records lie that say how long that list is."""

_ENCRYPTED = 1
_SEE_IN_FULL = 2**32 - 1


class Archive:
    """The members of an open ZIP file. A "/" before a name plays no part: some write one."""

    def __init__(self, file: ZipFile) -> None:
        self._file = file
        self._members = {info.filename.removeprefix("/"): info for info in file.infolist()}

    @property
    def names(self) -> tuple[str, ...]:
        """What the members are called."""
        return tuple(self._members)

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def read(self, name: str, limit: int) -> bytes:
        """A member, whole. Raises ValueError if it is missing or has more than `limit` bytes.

        What the list says of its length is not believed: no more than that is ever inflated.
        """
        info = self._readable(name)
        if info.file_size > limit:
            raise ValueError(f"{name!r} has {info.file_size} bytes")
        with self._file.open(info) as member:
            data = member.read(limit + 1)
        if len(data) != info.file_size or len(data) > limit:
            raise ValueError(f"{name!r} has not the {info.file_size} bytes it is said to have")
        return data

    def start(self, name: str, length: int) -> bytes:
        """The first bytes of a member, or all of them. Raises ValueError if it is missing."""
        with self._file.open(self._readable(name)) as member:
            return member.read(length)

    def _readable(self, name: str) -> ZipInfo:
        info = self._members.get(name.removeprefix("/"))
        if info is None:
            raise ValueError(f"there is no member {name!r}")
        if info.flag_bits & _ENCRYPTED:
            raise ValueError(f"{name!r} is encrypted")
        if info.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
            raise ValueError(f"{name!r} is packed by method {info.compress_type}")
        return info


@contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """Open a ZIP file for reading.

    Raises UserError if the file cannot be read, and ValueError, BadZipFile, NotImplementedError
    or struct.error if it is not ZIP; `Archive.read` adds EOFError and zlib.error.
    """
    bytes_in(path)
    try:
        with path.open("rb") as file:
            _check_directory(file)
            with ZipFile(file) as archive:
                yield Archive(archive)
    except OSError as error:
        raise unreadable(path, error) from error


def add_member(archive: ZipFile, name: str, data: bytes | memoryview, *, packed: bool) -> None:
    """Write a member; the same members give the same file, whenever it is written."""
    info = ZipInfo(name)  # dated 1980, as early as the format goes
    archive.writestr(info, data, ZIP_DEFLATED if packed else ZIP_STORED)


def _check_directory(file: BinaryIO) -> None:
    """Raise ValueError if the list of members may be too long: ZipFile reads it at once.

    Every place is looked at that could be taken for the record of the list's length, so that it
    does not matter which one is.
    """
    size = file.seek(0, 2)
    file.seek(max(0, size - _END))
    tail = file.read()
    in_full = _numbers(rb"PK\x06\x06", "<36xQ", tail)
    short = _numbers(rb"PK\x05\x06", "<8xI", tail)
    if in_full:
        short = [claim for claim in short if claim != _SEE_IN_FULL]
    if any(claim > MAX_DIRECTORY for claim in (*in_full, *short)):
        raise ValueError("the list of members is too long")
    file.seek(0)


def _numbers(signature: bytes, fields: str, tail: bytes) -> list[int]:
    ends = (found.end() for found in re.finditer(signature, tail))
    whole = [end for end in ends if end + struct.calcsize(fields) <= len(tail)]
    return [struct.unpack_from(fields, tail, end)[0] for end in whole]
