"""How picture files come into the library: named, marked with where they come from, and listed."""

import hashlib
import re
import sqlite3
import struct
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count as counting
from pathlib import Path

from studio.core.errors import UserError
from studio.core.picture import Picture, Size
from studio.core.recipe import Recipe
from studio.storage import png
from studio.storage.atomic import write_atomic
from studio.storage.decoding import MAX_BYTES, damage_told
from studio.storage.files import make_folder, read_bounded
from studio.storage.library.blobs import Blobs
from studio.storage.library.database import Database
from studio.storage.library.record import MAX_RECORD, Record
from studio.storage.library.rows import NewRow, insert
from studio.storage.library.schema import countable
from studio.storage.metadata import read_recipe
from studio.storage.pictures import read_picture, thumbnail

THUMBNAIL_SIDE = 192
"""Pixels of a thumbnail's longer side, at most."""

KEYWORD = "underpaint:origin"
"""Of the PNG text chunk that holds what the library needs to list the file again."""

_AFTER_HEADER = len(png.SIGNATURE) + 25
_NAME = re.compile(r"(\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d)-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A PNG file with all that is needed to list it."""

    data: bytes
    recipe: Recipe
    size: Size
    thumbnail: bytes  # a JPEG file
    record: Record

    @property
    def sha256(self) -> str:
        """Of the file, as 64 hexadecimal digits."""
        return hashlib.sha256(self.data).hexdigest()

    @classmethod
    def of(cls, data: bytes, picture: Picture, recipe: Recipe, record: Record) -> "Incoming":
        """A picture in its file."""
        small = thumbnail(picture, THUMBNAIL_SIDE)
        return cls(data=data, recipe=recipe, size=picture.size, thumbnail=small, record=record)

    @classmethod
    def read(cls, path: Path) -> "Incoming":
        """A file as it lies there, with as much of a record as is in it.

        Raises UserError if it is not a whole picture with a recipe.
        """
        data = read_bounded(path, MAX_BYTES)
        recipe = read_recipe(path)
        if recipe is None:
            raise UserError(f"'{path.name}' holds no recipe of Underpaint's.", "It stays outside.")
        return cls.of(data, read_picture(path), recipe, _record_in(path, data))


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where pictures are put: the database, and what they come from."""

    database: Database
    blobs: Blobs


def list_file(
    db: sqlite3.Connection,
    shelf: Shelf,
    path: Path,
    incoming: Incoming,
    created: datetime,
    parent: int | None = None,
) -> int:
    """Make the row of a file that lies at `path`, within a transaction. Returns its id."""
    recipe, blobs = incoming.recipe, shelf.blobs
    source = blobs.find("picture", recipe.source or "")
    strength_map = blobs.find("map", recipe.strength_map or "")
    row = NewRow(
        path=path,
        created=created,
        recipe=incoming.recipe,
        width=incoming.size.width,
        height=incoming.size.height,
        nbytes=len(incoming.data),
        sha256=incoming.sha256,
        thumbnail=incoming.thumbnail,
        record=incoming.record,
        source=source.digest if source else "",
        strength_map=strength_map.digest if strength_map else "",
        parent=parent,
    )
    return insert(db, shelf.database.folder, row)


def put_file(
    shelf: Shelf, created: datetime, make: Callable[[], Incoming], parent: int | None = None
) -> int:
    """Write a file under a name that nobody has, and its row. Returns the id.

    `make` is called once nobody else can write: what it counts on stays until the row is there.
    Raises UserError where something cannot be written; then there is neither file nor row.
    """
    path = None
    try:
        with shelf.database.writing() as db:
            incoming = make()
            path = _free_path(shelf.database, created, countable(incoming.recipe.seed))
            make_folder(path.parent)
            write_atomic(path, incoming.data)
            return list_file(db, shelf, path, incoming, created, parent)
    except BaseException:
        if path is not None:
            with suppress(OSError):  # the disk that failed before
                path.unlink(missing_ok=True)
        raise


def marked(data: bytes, record: Record) -> bytes:
    """A PNG file with that part of a record inside that may leave the library with it."""
    inside = replace(
        record,
        created=None,
        starred=False,
        tags=(),
        collections=(),
        note="",
        binned=None,
        document="",
    )
    if inside == Record():
        return data
    content = b"tEXt" + KEYWORD.encode("ascii") + b"\0" + inside.to_json().encode("ascii")
    chunk = struct.pack(">I", len(content) - 4) + content + struct.pack(">I", zlib.crc32(content))
    return data[:_AFTER_HEADER] + chunk + data[_AFTER_HEADER:]


def created_of(path: Path) -> datetime:
    """When the picture of a file was made: as its name says, or else as its own time does."""
    return created_in(path.name) or datetime.fromtimestamp(path.stat().st_mtime, UTC)


def created_in(name: str) -> datetime | None:
    """When the picture of a file was made, as the name that the library gave it says."""
    found = _NAME.match(name)
    try:
        return datetime.strptime(found[1] + "+0000", "%Y-%m-%d_%H-%M-%S%z") if found else None
    except ValueError:  # a 13th month: somebody else's name
        return None


def _record_in(path: Path, data: bytes) -> Record:
    with damage_told(path):
        text = png.text(data, KEYWORD, MAX_RECORD)
    try:
        return Record() if text is None else Record.from_json(text)
    except UserError:  # the picture and its recipe are sound, and worth more
        return Record()


def _free_path(database: Database, created: datetime, seed: int) -> Path:
    """A name that no file and no row has; nobody else takes it while we hold the lock."""
    month = database.folder / f"{created:%Y-%m}"
    stem = f"{created:%Y-%m-%d_%H-%M-%S}-{seed}"
    names = (f"{stem}{f'-{number}' if number > 1 else ''}.png" for number in counting(1))
    return next(month / name for name in names if not _taken(database, month / name))


def _taken(database: Database, path: Path) -> bool:
    relative = path.relative_to(database.folder).as_posix()
    rows = database.rows("SELECT 1 FROM pictures WHERE path = ?", (relative,))
    return bool(rows) or path.exists()
