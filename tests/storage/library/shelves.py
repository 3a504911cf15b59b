"""What the tests of the library share."""

import sqlite3
from datetime import datetime, timedelta, timezone
from pathlib import Path

from studio.storage.library.entry import Entry, Query
from studio.storage.library.library import Library

NOW = datetime(2026, 3, 9, 8, 7, 6, 5, tzinfo=timezone(timedelta(hours=2)))


def listed(library: Library, **query: object) -> list[Entry]:
    """All entries that a query means."""
    return library.entries(library.ids(Query(**query)))  # type: ignore[arg-type]


def execute(folder: Path, *statements: str) -> None:
    """Change the database behind the library's back."""
    database = sqlite3.connect(folder / "library.sqlite3")
    for statement in statements:
        database.execute(statement)
    database.commit()
    database.close()


def files(folder: Path) -> list[str]:
    """Every file of a library but the database's."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    return sorted(str(path.relative_to(folder)) for path in paths if "sqlite3" not in path.name)
