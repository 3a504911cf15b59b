"""The library's SQLite file: opened, brought up to date, and its complaints as sentences."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from studio.core.errors import UserError
from studio.storage.files import make_folder
from studio.storage.library import schema

NAME = "library.sqlite3"

WAIT = 30.0
"""Seconds to wait for another process that writes."""


class NewerLibrary(UserError):
    """A database that this version of the app must leave alone."""


class Database:
    """A connection, used from one thread. Others may have theirs to the same file."""

    def __init__(self, folder: Path, name: str = NAME, *, create: bool = True) -> None:
        """Open it, making it where there is none, and bring an older one up to date.

        Raises UserError, and changes nothing, if it is damaged, of a newer version of the app, or
        not ours; also if there is none and none shall be made.
        """
        self._folder = folder
        self._name = name
        if not create and not self.file.exists():
            raise self._gone()
        make_folder(folder)
        # Transactions are begun by hand: the write lock must be there before a name is chosen.
        with self.told():
            self._db = sqlite3.connect(self.file, timeout=WAIT, isolation_level=None)
        try:
            with self.told():
                self._prepare()
        except BaseException:
            self._db.close()
            raise
        self._identity = _identity(self.file)

    @property
    def folder(self) -> Path:
        """Where the file lies, and the pictures."""
        return self._folder

    @property
    def file(self) -> Path:
        """The database itself."""
        return self._folder / self._name

    @property
    def lost(self) -> bool:
        """Whether the file is no longer where it was: SQLite would write on into nowhere."""
        return _identity(self.file) != self._identity

    def rows(self, statement: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """What a SELECT finds. Raises UserError where the file cannot be read."""
        with self.told():
            return self._db.execute(statement, values).fetchall()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that holds the write lock from the start; undone where the block fails.

        Raises UserError where the file cannot be written, or is not there any more.
        """
        if self.lost:
            raise self._gone()
        with self.told(), self._transaction() as db:
            yield db

    def retire(self) -> None:
        """Leave all of it in one file, and close it. Raises UserError if others have it open."""
        try:
            self._db.execute("PRAGMA busy_timeout = 0")
            with self.told():
                self._db.execute("PRAGMA journal_mode = DELETE")
        except UserError as error:
            if not isinstance(error.__cause__, sqlite3.OperationalError):
                raise
            raise UserError(
                f"The library in '{self._folder}' is in use.", "Close Underpaint first."
            ) from error
        finally:
            self._db.close()

    def close(self) -> None:
        """Let go of the file. The database is not used afterwards."""
        self._db.close()

    def _gone(self) -> UserError:
        return UserError(
            f"The library in '{self._folder}' is not there any more.",
            "Bring back its folder, or the drive that it is on.",
        )

    def _prepare(self) -> None:
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version != schema.VERSION:
            with self._transaction() as db:
                self._bring_up_to_date(db)
        self._log_ahead()
        self._db.execute("PRAGMA synchronous = NORMAL")

    def _log_ahead(self) -> None:
        """Let others read while one writes. Where two ask at once, SQLite itself does not wait."""
        until = time.monotonic() + WAIT
        while True:
            try:
                self._db.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                    raise
            time.sleep(0.01)

    def _bring_up_to_date(self, db: sqlite3.Connection) -> None:
        (version,) = db.execute("PRAGMA user_version").fetchone()
        (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if version > schema.VERSION:
            raise NewerLibrary(
                f"The library in '{self._folder}' is of a newer version of Underpaint.",
                "Use that version, or choose another folder.",
            )
        if version == 0 and tables:
            raise UserError(
                f"The database in '{self._folder}' is not a library of Underpaint.",
                "Choose another folder.",
            )
        if version == 0:
            schema.create(db)
        elif version < schema.VERSION:  # not if another process was faster
            schema.migrate(db, self.file)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        self._db.execute("BEGIN IMMEDIATE")
        with self._db:
            yield self._db

    @contextmanager
    def told(self) -> Iterator[None]:
        """Turn what SQLite says of the file into a UserError."""
        try:
            yield
        except sqlite3.ProgrammingError:  # a fault of ours, such as the wrong thread
            raise
        except sqlite3.OperationalError as error:
            raise UserError(
                f"The library in '{self._folder}' cannot be used: {error}.",
                "Check that the folder may be written to, and that the disk has room.",
            ) from error
        # Of a damaged file, even what SQLite says of it may be no text.
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            raise UserError(
                f"The library in '{self._folder}' cannot be read: {_said(error)}.",
                "'python main.py library rebuild' makes it anew from the pictures, which are safe.",
            ) from error


def _identity(file: Path) -> tuple[int, int] | None:
    """What tells a file from any other that takes its place."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _said(error: Exception) -> str:
    return "it is damaged" if isinstance(error, UnicodeDecodeError) else str(error)
