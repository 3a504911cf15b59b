"""Pictures brought into the library that another one, or this one, gave away."""

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from studio.core.errors import UserError
from studio.storage.atomic import write_atomic
from studio.storage.decoding import MAX_BYTES
from studio.storage.library import sketches
from studio.storage.library.blobs import LIMITS, Blob, Kind
from studio.storage.library.intake import Incoming, Shelf, created_in, put_file
from studio.storage.library.parcel import Source, unpacking
from studio.storage.library.record import MAX_RECORD, Record
from studio.storage.library.walk import BLOBS, Step


def bring_in(shelf: Shelf, path: Path) -> Iterator[Step]:
    """Copy the pictures of a folder or ZIP file into the library, with what is known of them.

    Those that are here already are passed over, and those that cannot be read are told. Raises
    UserError if `path` holds no pictures, or the library cannot be written.
    """
    with unpacking(path) as source, tempfile.TemporaryDirectory() as space:
        names = sorted(name for name in source.names if "/" not in name and name.endswith(".png"))
        if not names:
            raise UserError(f"There are no pictures in '{path.name}'.", "Choose another one.")
        unpacker = _Unpacker(shelf, source, Path(space))
        for number, name in enumerate(names, 1):
            trouble, remark = unpacker.take(name)
            yield Step(number, len(names), trouble=trouble, remark=remark)
        unpacker.link()


class _Unpacker:
    """Knows what became of each file, so that children find their parents."""

    def __init__(self, shelf: Shelf, source: Source, space: Path) -> None:
        self._shelf = shelf
        self._source = source
        self._space = space
        self._ids: dict[str, int] = {}
        self._parents: dict[int, str] = {}

    def take(self, name: str) -> tuple[str, str]:
        """Bring in a picture; what went wrong and what is to be remarked, or ""."""
        try:
            incoming = Incoming.read(self._unpacked(name, "picture.png", MAX_BYTES))
        except UserError as error:
            return f"'{name}' stays outside: {error.problem}", ""
        rows = self._shelf.database.rows(
            "SELECT id FROM pictures WHERE sha256 = ?", (incoming.sha256,)
        )
        if rows:
            self._ids[name] = rows[0][0]
            return "", f"'{name}' is in the library already."
        record, trouble = self._record(name, incoming.record)
        missing = self._take_needed(incoming, record)
        if missing:
            trouble = trouble or f"What '{name}' came from is left out: {missing}"
            record = replace(record, snapshot="")
        created = record.created or created_in(name) or datetime.now(UTC)
        whole = replace(incoming, record=record)
        id = put_file(self._shelf, created, lambda: whole)
        self._ids[name] = id
        self._parents[id] = record.parent
        return trouble, ""

    def link(self) -> None:
        """Tell children their parents, among those that came together."""
        with self._shelf.database.writing() as db:
            for id, parent in self._parents.items():
                if parent in self._ids:
                    db.execute(
                        "UPDATE pictures SET parent = ? WHERE id = ?", (self._ids[parent], id)
                    )

    def _record(self, name: str, inside: Record) -> tuple[Record, str]:
        """The record beside a picture, else the one in it, and what went wrong."""
        beside = f"{name}.json"
        if beside not in self._source.names:
            return inside, ""
        try:
            record = Record.from_json(self._source.read(beside, MAX_RECORD))
        except UserError as error:
            return inside, f"'{beside}' is left out: {error.problem}"
        return replace(record, binned=None), ""

    def _take_needed(self, incoming: Incoming, record: Record) -> str:
        """Copy what the picture came from; what went wrong, or ""."""
        recipe = incoming.recipe
        needed: list[tuple[Kind, str]] = [
            ("picture", recipe.source or ""),
            ("map", recipe.strength_map or ""),
        ]
        for kind, digest in needed:
            if trouble := self._take_blob(kind, digest):
                return trouble
        if not record.snapshot:
            return ""
        if trouble := self._take_blob("sketch", record.snapshot):
            return trouble
        if self._shelf.blobs.find("sketch", record.snapshot) is None:
            return "the painting is not there."
        return self._take_tiles(record.snapshot)

    def _take_tiles(self, snapshot: str) -> str:
        try:
            tiles = sketches.tiles(self._shelf.blobs, snapshot)
        except UserError as error:
            return error.problem
        for tile in sorted(tiles):
            if trouble := self._take_blob("tile", tile):
                return trouble
            if self._shelf.blobs.find("tile", tile) is None:
                return "the painting has holes."
        return ""

    def _take_blob(self, kind: Kind, digest: str) -> str:
        """Copy a blob if it is there and not here; what went wrong, or ""."""
        blob = Blob(digest, kind, self._space / "blob.png")
        name = f"{BLOBS}/{blob.name}"
        if name not in self._source.names:
            return ""
        try:
            self._unpacked(name, blob.path.name, LIMITS[kind])
            blob.check()
        except UserError as error:
            return error.problem
        self._shelf.blobs.take(blob)
        return ""

    def _unpacked(self, name: str, called: str, limit: int) -> Path:
        """A file of the parcel under a name of ours: its own may be anything."""
        path = self._space / called
        write_atomic(path, self._source.read(name, limit))
        return path
