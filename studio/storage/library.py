"""Every picture ever made here, newest first."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import count as counting
from pathlib import Path

from studio.core.errors import UserError
from studio.core.picture import Picture
from studio.core.recipe import Recipe
from studio.storage.atomic import write_atomic
from studio.storage.files import make_folder
from studio.storage.metadata import recipe_json
from studio.storage.pictures import encode_png, read_picture, thumbnail

SCHEMA = 1
THUMBNAIL_SIDE = 192

_TABLE = """
CREATE TABLE pictures (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    path TEXT NOT NULL UNIQUE,
    created TEXT NOT NULL,
    recipe TEXT NOT NULL,
    thumbnail BLOB NOT NULL
)
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One picture of the library; `thumbnail` is a JPEG file of at most 192 pixels a side."""

    id: int
    path: Path
    created: datetime
    recipe: Recipe
    thumbnail: bytes


class Library:
    """A folder of PNG files and the SQLite database that lists them, used from one thread.

    The files lie in a folder for each month and carry their recipes, so they are of use without
    the database. It holds their paths relative to the folder, which may therefore be moved.
    """

    def __init__(self, folder: Path) -> None:
        """Open the library, making it where there is none.

        Raises UserError, and changes nothing, if its database is damaged, of a newer version of
        the app, or not ours.
        """
        self._folder = folder
        make_folder(folder)
        # Transactions are begun by hand: the write lock must be there before a name is chosen.
        with self._told():
            self._db = sqlite3.connect(folder / "library.sqlite3", isolation_level=None)
        try:
            with self._told():
                self._prepare()
        except BaseException:
            self._db.close()
            raise

    def add(self, picture: Picture, recipe: Recipe, created: datetime) -> Entry:
        """Keep a picture for good: when this returns, the file and its row are on disk.

        Raises UserError if there is no room or no permission.
        """
        data = encode_png(picture, recipe)
        small = thumbnail(picture, THUMBNAIL_SIDE)
        with self._told(), self._writing():
            path = self._free_path(created, recipe.seed)
            make_folder(path.parent)
            write_atomic(path, data)
            cursor = self._db.execute(
                "INSERT INTO pictures (path, created, recipe, thumbnail) VALUES (?, ?, ?, ?)",
                (self._relative(path), created.isoformat(), recipe_json(recipe), small),
            )
        assert cursor.lastrowid is not None  # an INSERT sets it
        return Entry(cursor.lastrowid, path, created, recipe, small)

    def recent(self, count: int, before: int | None = None) -> list[Entry]:
        """At most `count` entries, newest first; with `before`, those older than that id."""
        with self._told():
            rows = self._db.execute(
                "SELECT id, path, created, recipe, thumbnail FROM pictures"
                " WHERE ?1 IS NULL OR id < ?1 ORDER BY id DESC LIMIT ?2",
                (before, count),
            ).fetchall()
        return [
            Entry(
                id,
                self._folder / path,
                datetime.fromisoformat(created),
                Recipe.from_json(recipe),
                small,
            )
            for id, path, created, recipe, small in rows
        ]

    def read(self, entry: Entry) -> Picture:
        """The picture itself. Raises UserError if its file is gone or damaged."""
        return read_picture(entry.path)

    def close(self) -> None:
        """Let go of the database. The library is not used afterwards."""
        self._db.close()

    def _prepare(self) -> None:
        with self._writing():
            (version,) = self._db.execute("PRAGMA user_version").fetchone()
            (tables,) = self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()
            if version > SCHEMA:
                raise UserError(
                    f"The library in '{self._folder}' is of a newer version of Underpaint.",
                    "Use that version, or choose another folder.",
                )
            if version == 0 and tables:
                raise UserError(
                    f"The database in '{self._folder}' is not a library of Underpaint.",
                    "Choose another folder.",
                )
            if version == 0:
                self._db.execute(_TABLE)
                self._db.execute(f"PRAGMA user_version = {SCHEMA}")
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")

    def _free_path(self, created: datetime, seed: int) -> Path:
        """A name that no file and no row has; nobody else takes it while we hold the lock."""
        month = self._folder / f"{created:%Y-%m}"
        stem = f"{created:%Y-%m-%d_%H-%M-%S}-{seed}"
        names = (f"{stem}{f'-{number}' if number > 1 else ''}.png" for number in counting(1))
        return next(month / name for name in names if not self._taken(month / name))

    def _taken(self, path: Path) -> bool:
        query = "SELECT 1 FROM pictures WHERE path = ?"
        return (
            path.exists() or self._db.execute(query, (self._relative(path),)).fetchone() is not None
        )

    def _relative(self, path: Path) -> str:
        return path.relative_to(self._folder).as_posix()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """A transaction that holds the write lock from the start."""
        self._db.execute("BEGIN IMMEDIATE")
        with self._db:
            yield

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn what SQLite says of the database file into a UserError."""
        try:
            yield
        except sqlite3.ProgrammingError:  # a fault of ours, such as the wrong thread
            raise
        except sqlite3.OperationalError as error:
            raise UserError(
                f"The library in '{self._folder}' cannot be used: {error}.",
                "Check that the folder may be written to, and that the disk has room.",
            ) from error
        except sqlite3.DatabaseError as error:
            raise UserError(
                f"The library in '{self._folder}' cannot be read: {error}.",
                "Move 'library.sqlite3' aside to start a new one; the pictures stay.",
            ) from error
