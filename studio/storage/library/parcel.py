"""Folders and ZIP files that pictures are carried in from one library to another."""

import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol
from zipfile import BadZipFile, ZipFile

from studio.core.errors import UserError
from studio.storage.archive import MAX_DIRECTORY, Archive, add_member, open_archive
from studio.storage.atomic import replacing, write_atomic
from studio.storage.files import bytes_in, make_folder, read_bounded, unreadable

SUFFIX = ".zip"

MOST_GROWTH = 10
"""How many times the size of a ZIP file is read out of it, at most: pictures are packed already."""

SPARE = 64 * 2**20
"""Bytes that are read out of a ZIP file however small it is."""

_MEMBER = 46
_DAMAGE = (ValueError, BadZipFile, NotImplementedError, struct.error, EOFError, zlib.error)

Write = Callable[[str, bytes], None]
"""Puts a file into a parcel, "/" between folders. Raises UserError where it cannot be written."""


class Source(Protocol):
    """A parcel that is being unpacked. Nothing in it is believed."""

    @property
    def names(self) -> frozenset[str]:
        """The files in it, "/" between folders."""

    def read(self, name: str, limit: int) -> bytes:
        """A file, whole. Raises UserError if it is missing, damaged, or has more bytes."""


@contextmanager
def packing(out: Path) -> Iterator[Write]:
    """A new parcel: a ZIP file if the name ends so, which is there whole or not at all.

    Else a folder, which must be empty if it is there. Raises UserError where it cannot be made.
    """
    if out.suffix.lower() == SUFFIX:
        with replacing(out) as file, ZipFile(file, "w") as archive:
            yield _ZipSink(archive).write
        return
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError(f"'{out}' is there already.", "Choose a new name, or an empty folder.")

    def write(name: str, data: bytes) -> None:
        path = out / name
        make_folder(path.parent)
        write_atomic(path, data)

    make_folder(out)
    yield write


@contextmanager
def unpacking(path: Path) -> Iterator[Source]:
    """A folder or ZIP file, to be read. Raises UserError if it is neither, or cannot be read."""
    if path.is_dir():
        yield _FolderSource(path)
        return
    try:
        with open_archive(path) as archive:
            yield _ZipSource(path, archive)
    except _DAMAGE as error:
        raise UserError(
            f"'{path.name}' cannot be read as a ZIP file.",
            "Choose a folder or ZIP file that 'library export' made.",
        ) from error


class _ZipSink:
    def __init__(self, archive: ZipFile) -> None:
        self._archive = archive
        self._directory = 0

    def write(self, name: str, data: bytes) -> None:
        self._directory += _MEMBER + len(name)
        if self._directory > MAX_DIRECTORY:
            raise UserError(
                "These are too many pictures for one ZIP file.", "Export them into a folder."
            )
        add_member(self._archive, name, data, packed=name.endswith(".json"))


class _FolderSource:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        try:
            files = [path for path in folder.rglob("*") if path.is_file()]
        except OSError as error:
            raise unreadable(folder, error) from error
        self.names = frozenset(path.relative_to(folder).as_posix() for path in files)

    def read(self, name: str, limit: int) -> bytes:
        if name not in self.names:
            raise UserError(f"There is no file '{name}'.")
        return read_bounded(self._folder / name, limit)


class _ZipSource:
    def __init__(self, path: Path, archive: Archive) -> None:
        self._archive = archive
        self._left = MOST_GROWTH * bytes_in(path) + SPARE
        self.names = frozenset(archive.names)

    def read(self, name: str, limit: int) -> bytes:
        try:
            data = self._archive.read(name, min(limit, self._left))
        except _DAMAGE as error:
            raise UserError(f"'{name}' cannot be read out of the ZIP file.") from error
        self._left -= len(data)
        return data
