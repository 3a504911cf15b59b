"""The database made anew from the pictures, which know most of what it holds."""

import logging
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from itertools import count as counting
from pathlib import Path

from studio.core.errors import UserError
from studio.storage.files import unreadable, unwritable
from studio.storage.library.blobs import Blobs
from studio.storage.library.database import NAME, Database, NewerLibrary
from studio.storage.library.intake import Incoming, Shelf, created_of, list_file
from studio.storage.library.record import Record
from studio.storage.library.rows import entries, record_of
from studio.storage.library.walk import BLOBS, Step, name_of, picture_files, pictures_in

UNFINISHED = "library-unfinished.sqlite3"
BESIDE = ("", "-wal", "-shm", "-journal")
"""Endings of the files that a database consists of."""

CHUNK = 500
"""Rows saved from the old database at a time."""

_MONTH = re.compile(r"\d{4}-\d\d")

log = logging.getLogger(__name__)


def rebuild(folder: Path) -> Iterator[Step]:
    """List every PNG file under `folder` that has a recipe in a new database.

    What only the old one knows (stars, tags, notes) is taken over as far as it can be read; it
    stays beside the new one, which takes its place in the end. Raises UserError if somebody has
    it open or the folder cannot be read or written; then the old one is still in its place.
    """
    if not folder.is_dir():
        raise UserError(f"There is no folder '{folder}'.", "Check its name.")
    known, trouble = _salvage(folder)
    if trouble:
        yield Step(0, 0, trouble)
    _remove(folder / UNFINISHED)
    shelf = Shelf(Database(folder, UNFINISHED), Blobs(folder / BLOBS))
    try:
        listed: dict[str, int] = {}
        parents: dict[int, str] = {}
        while files := _not_in(listed, folder):  # some may be written meanwhile
            yield from _list(shelf, files, known, listed, parents)
        with shelf.database.writing() as db:
            for id, parent in parents.items():
                db.execute("UPDATE pictures SET parent = ? WHERE id = ?", (listed.get(parent), id))
        shelf.database.retire()
        _replace(folder)
    except BaseException:
        shelf.database.close()
        _remove(folder / UNFINISHED)
        raise


def adopt(shelf: Shelf) -> Iterator[int]:
    """List the newest files that no row names: the power may have gone before theirs was safe.

    Looks through the folders of the newest month in the database, and later ones. Gives the new
    ids, one by one.
    """
    folder = shelf.database.folder
    rows = shelf.database.rows("SELECT path FROM pictures ORDER BY moment DESC LIMIT 1")
    newest = next((str(path).partition("/")[0] for (path,) in rows), "")
    try:
        months = [each for each in folder.iterdir() if _MONTH.fullmatch(each.name)]
    except OSError as error:  # the drive went away
        raise unreadable(folder, error) from error
    found = [file for each in sorted(months) if each.name >= newest for file in pictures_in(each)]
    rows = shelf.database.rows("SELECT path FROM pictures WHERE path >= ?", (newest,))
    known = {path for (path,) in rows}
    for file in found:
        if name_of(folder, file) not in known and (id := _adopt(shelf, file)) is not None:
            yield id


def _adopt(shelf: Shelf, file: Path) -> int | None:
    try:
        incoming = Incoming.read(file)
    except UserError as error:  # somebody's own file, or one that was not whole yet
        log.info("A file in the library is no picture of it: %s", error)
        return None
    with shelf.database.writing() as db:
        if _is_listed(shelf.database, file):  # another process was about to
            return None
        return list_file(db, shelf, file, incoming, created_of(file))


def _is_listed(database: Database, file: Path) -> bool:
    name = name_of(database.folder, file)
    return bool(database.rows("SELECT 1 FROM pictures WHERE path = ?", (name,)))


def _list(
    shelf: Shelf,
    files: list[Path],
    known: dict[str, Record],
    listed: dict[str, int],
    parents: dict[int, str],
) -> Iterator[Step]:
    """Make the rows of files, the oldest first; notes their ids and their parents' paths."""
    folder = shelf.database.folder
    dated = sorted((_created(folder, file, known), file) for file in files)
    for number, (created, file) in enumerate(dated, 1):
        name = name_of(folder, file)
        listed[name] = 0
        try:
            incoming = Incoming.read(file)
        except UserError as error:
            yield Step(number, len(dated), trouble=error.problem)
            continue
        whole = replace(incoming, record=known.get(name, incoming.record))
        with shelf.database.writing() as db:
            id = list_file(db, shelf, file, whole, created)
        listed[name] = id
        if whole.record.parent:
            parents[id] = whole.record.parent
        yield Step(number, len(dated))


def _not_in(listed: dict[str, int], folder: Path) -> list[Path]:
    return [file for file in picture_files(folder) if name_of(folder, file) not in listed]


def _created(folder: Path, file: Path, known: dict[str, Record]) -> datetime:
    record = known.get(name_of(folder, file))
    created = record.created if record else None
    if created is None:
        return created_of(file)
    return created if created.tzinfo else created.astimezone()


def _salvage(folder: Path) -> tuple[dict[str, Record], str]:
    """What the old database knows, by path, and what is to be told of it."""
    if not (folder / NAME).exists():
        return {}, ""
    try:
        database = Database(folder)
    except NewerLibrary:
        raise
    except UserError as error:
        return {}, f"{error.problem} What only it knew is lost: stars, tags and notes."
    known: dict[str, Record] = {}
    lost = 0
    try:
        ids = [id for (id,) in database.rows("SELECT id FROM pictures ORDER BY id")]
        for start in range(0, len(ids), CHUNK):
            lost += _salvage_some(database, ids[start : start + CHUNK], known)
    except UserError as error:
        database.close()
        return known, f"{error.problem} Some stars, tags and notes may be lost."
    database.retire()
    return known, f"{lost} rows of the old database could not be read." if lost else ""


def _salvage_some(database: Database, ids: list[int], known: dict[str, Record]) -> int:
    """Add what is known of these rows; returns how many could not be read."""
    found = entries(database, ids)
    for entry in found:
        known[name_of(database.folder, entry.path)] = record_of(database, entry)
    return len(ids) - len(found)


def _replace(folder: Path) -> None:
    """Put the new database in the place of the old one, which is kept beside it."""
    old = folder / NAME
    try:
        if old.exists():
            if _is_sound(folder):
                Database(folder).retire()  # who opened it meanwhile must not write into the old one
            names = (folder / f"library-replaced-{number}.sqlite3" for number in counting(1))
            aside = next(name for name in names if not name.exists())
            for ending in BESIDE:
                part = old.with_name(old.name + ending)
                if part.exists():
                    shutil.copyfile(part, aside.with_name(aside.name + ending))
            for ending in BESIDE[1:]:  # would be taken for the new one's
                old.with_name(old.name + ending).unlink(missing_ok=True)
        (folder / UNFINISHED).replace(old)
    except OSError as error:
        raise unwritable(old, error) from error


def _is_sound(folder: Path) -> bool:
    try:
        Database(folder).close()
    except UserError:
        return False
    return True


def _remove(file: Path) -> None:
    for ending in BESIDE:
        file.with_name(file.name + ending).unlink(missing_ok=True)
