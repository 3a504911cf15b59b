"""The tables of the library's database, and how older ones become today's."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from studio.core.errors import UserError
from studio.core.recipe import Recipe

VERSION = 2

# What lists are made of is narrow and stands apart from what is read for one picture at a time.
# `moment` and `binned` are microseconds since 1970, UTC. A digest "" is none, or not known; the
# others are of files that are there.
_TABLES = (
    """
    CREATE TABLE pictures (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        path TEXT NOT NULL UNIQUE,
        created TEXT NOT NULL,
        moment INTEGER NOT NULL,
        model TEXT NOT NULL,
        seed INTEGER NOT NULL,
        width INTEGER NOT NULL,
        height INTEGER NOT NULL,
        bytes INTEGER NOT NULL DEFAULT 0,
        sha256 TEXT NOT NULL DEFAULT '',
        starred INTEGER NOT NULL DEFAULT 0,
        binned INTEGER,
        snapshot TEXT NOT NULL DEFAULT '',
        source TEXT NOT NULL DEFAULT '',
        strength_map TEXT NOT NULL DEFAULT '',
        parent INTEGER,
        relation TEXT NOT NULL DEFAULT ''
    ) STRICT
    """,
    "CREATE INDEX newest ON pictures (binned, moment, id)",
    "CREATE INDEX by_model ON pictures (model)",
    "CREATE INDEX by_seed ON pictures (seed)",
    "CREATE INDEX by_star ON pictures (moment) WHERE starred = 1",
    "CREATE INDEX by_parent ON pictures (parent) WHERE parent IS NOT NULL",
    """
    CREATE TABLE details (
        id INTEGER PRIMARY KEY,
        recipe TEXT NOT NULL,
        note TEXT NOT NULL DEFAULT '',
        document TEXT NOT NULL DEFAULT '',
        form TEXT NOT NULL DEFAULT '',
        frame TEXT NOT NULL DEFAULT ''
    ) STRICT
    """,
    "CREATE TABLE thumbnails (id INTEGER PRIMARY KEY, jpeg BLOB NOT NULL) STRICT",
    """
    CREATE TABLE labels (
        kind TEXT NOT NULL,
        name TEXT NOT NULL COLLATE NOCASE,
        picture INTEGER NOT NULL,
        PRIMARY KEY (kind, name, picture)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX by_picture ON labels (picture)",
    """
    CREATE VIRTUAL TABLE words USING fts5 (
        prompt, negative, note, tags, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3'
    )
    """,
)


def create(db: sqlite3.Connection) -> None:
    """Make the tables in an empty database, within a transaction."""
    for statement in _TABLES:
        db.execute(statement)
    db.execute(f"PRAGMA user_version = {VERSION}")


def migrate(db: sqlite3.Connection, file: Path) -> None:
    """Bring an older database to today's tables, within a transaction that holds the write lock.

    A copy of it as it was is on the disk beforehand, beside `file`.
    """
    (version,) = db.execute("PRAGMA user_version").fetchone()
    _back_up(file, file.with_name(f"{file.stem}-version-{version}.sqlite3"))
    db.execute("ALTER TABLE pictures RENAME TO old")
    create(db)
    for row in db.execute("SELECT id, path, created, recipe, thumbnail FROM old ORDER BY id"):
        _take_over(db, file.parent, *row)
    db.execute("DROP TABLE old")


def moment_of(when: datetime) -> int:
    """A time as the database has it: microseconds since 1970, UTC."""
    return round(when.timestamp() * 1_000_000)


def time_of(moment: int) -> datetime:
    """The time of `moment_of`'s number, in UTC."""
    return datetime.fromtimestamp(moment / 1_000_000, UTC)


def _back_up(file: Path, copy: Path) -> None:
    """Never over another backup: the first is of the state that was sound."""
    if copy.exists():
        return
    unfinished = copy.with_suffix(".unfinished")
    unfinished.unlink(missing_ok=True)
    with closing(sqlite3.connect(file)) as old, closing(sqlite3.connect(unfinished)) as new:
        old.backup(new)
    unfinished.replace(copy)


def _take_over(
    db: sqlite3.Connection, folder: Path, id: int, path: str, created: str, recipe: str, jpeg: bytes
) -> None:
    """A row of version 1. One that makes no sense is left to the backup."""
    try:
        known, moment = Recipe.from_json(recipe), moment_of(datetime.fromisoformat(created))
    except (UserError, ValueError):
        return
    file = folder / path
    size = file.stat().st_size if file.is_file() else 0
    db.execute(
        "INSERT INTO pictures (id, path, created, moment, model, seed, width, height, bytes)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            id, path, created, moment, storable(known.model_name), countable(known.seed),
            countable(known.width), countable(known.height), size,
        ),
    )  # fmt: skip
    db.execute("INSERT INTO details (id, recipe) VALUES (?, ?)", (id, recipe))
    db.execute("INSERT INTO thumbnails (id, jpeg) VALUES (?, ?)", (id, jpeg))
    db.execute(
        "INSERT INTO words (rowid, prompt, negative, note, tags) VALUES (?, ?, ?, '', '')",
        (id, storable(known.prompt), storable(known.negative)),
    )


def storable(text: str) -> str:
    """A text without what SQLite cannot hold: halves of characters."""
    return text.encode("utf-8", "replace").decode("utf-8")


def countable(number: int) -> int:
    """The nearest number that SQLite can hold."""
    return max(-(2**63), min(number, 2**63 - 1))
