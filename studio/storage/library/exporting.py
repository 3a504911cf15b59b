"""Pictures taken out of the library, with all that it knows of them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from studio.core.errors import UserError
from studio.storage.decoding import MAX_BYTES
from studio.storage.files import read_bounded
from studio.storage.library import sketches
from studio.storage.library.blobs import LIMITS, Kind
from studio.storage.library.entry import Entry
from studio.storage.library.intake import Shelf
from studio.storage.library.parcel import Write, packing
from studio.storage.library.rows import entries, record_of
from studio.storage.library.walk import BLOBS, Step

CHUNK = 100
"""Rows read at a time."""


def export(shelf: Shelf, ids: Sequence[int], out: Path) -> Iterator[Step]:
    """Copy pictures into a new folder or ZIP file, each with its row as JSON beside it.

    What they came from goes along. A picture that cannot be read is told and left out. Raises
    UserError where `out` cannot be written.
    """
    with packing(out) as write:
        parcel = _Parcel(shelf, write, ids)
        for start in range(0, len(ids), CHUNK):
            chunk = ids[start : start + CHUNK]
            found = {entry.id: entry for entry in entries(shelf.database, chunk)}
            for number, id in enumerate(chunk, start + 1):
                entry = found.get(id)
                told = parcel.put(entry) if entry else f"There is no picture {id}."
                yield Step(number, len(ids), trouble=told)


class _Parcel:
    """Knows what it holds already: blobs are shared between pictures."""

    def __init__(self, shelf: Shelf, write: Write, ids: Sequence[int]) -> None:
        self._shelf = shelf
        self._write = write
        self._ids = frozenset(ids)
        self._blobs: set[str] = set()

    def put(self, entry: Entry) -> str:
        """Write a picture; what went wrong, or ""."""
        try:
            data = read_bounded(entry.path, MAX_BYTES)
        except UserError as error:
            return error.problem
        name = _name(entry.path, entry.id)
        record = record_of(self._shelf.database, entry)
        parent = ""
        if entry.parent in self._ids and record.parent:
            parent = _name(PurePosixPath(record.parent), entry.parent)
        trouble = self._put_needed(entry)
        self._write(name, data)
        told = replace(record, parent=parent, binned=None).to_json()
        self._write(f"{name}.json", told.encode("ascii"))
        return trouble

    def _put_needed(self, entry: Entry) -> str:
        """Write what the picture came from; what went wrong, or ""."""
        recipe = entry.recipe
        try:
            self._put_blob("picture", recipe.source or "")
            self._put_blob("map", recipe.strength_map or "")
            if entry.snapshot and entry.snapshot not in self._blobs:
                for tile in sorted(sketches.tiles(self._shelf.blobs, entry.snapshot)):
                    self._put_blob("tile", tile)
                self._put_blob("sketch", entry.snapshot)
        except UserError as error:
            return f"What '{entry.path.name}' came from is left out: {error.problem}"
        return ""

    def _put_blob(self, kind: Kind, digest: str) -> None:
        blob = self._shelf.blobs.find(kind, digest)
        if blob is not None and digest not in self._blobs:
            self._write(f"{BLOBS}/{blob.name}", read_bounded(blob.path, LIMITS[kind]))
            self._blobs.add(digest)


def _name(path: Path | PurePosixPath, id: int | None) -> str:
    """What a picture is called in a parcel, where there are no folders of months."""
    return f"{path.stem}_{id}{path.suffix}"
