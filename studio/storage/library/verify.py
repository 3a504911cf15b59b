"""Whether everything in a library is there, and as it was put there."""

import hashlib
from collections.abc import Iterator

from studio.core.errors import UserError
from studio.storage.decoding import MAX_BYTES
from studio.storage.files import read_bounded
from studio.storage.library import sketches
from studio.storage.library.blobs import Blob, Blobs
from studio.storage.library.database import Database
from studio.storage.library.entry import Entry
from studio.storage.library.intake import Incoming, Shelf
from studio.storage.library.rows import entries
from studio.storage.library.walk import Step, name_of, picture_files

CHUNK = 200
"""Rows read at a time."""


def verify(shelf: Shelf) -> Iterator[Step]:
    """Look at the database, every file that it names, and every file that it does not.

    Gives a step for each, with a sentence where something is wrong. Files of older versions get
    their checksums now. Raises UserError where the folder cannot be read at all.
    """
    database = shelf.database
    ids = [id for (id,) in database.rows("SELECT id FROM pictures ORDER BY id")]
    total = 1 + len(ids) + sum(1 for _ in shelf.blobs.all())  # counted, for there may be a million
    yield Step(1, total, _integrity(database))
    done = 1
    known: set[str] = set()
    checked: dict[str, str] = {}
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        found = {entry.id: entry for entry in entries(database, chunk)}
        for id in chunk:
            done += 1
            entry = found.get(id)
            if entry is None:
                yield Step(done, total, f"Row {id} of the database makes no sense.")
                continue
            known.add(name_of(database.folder, entry.path))
            digests = _digests(database, id)
            told = _picture(database, entry, digests[0]) or _needed(shelf, entry, digests, checked)
            yield Step(done, total, told)
    for blob in shelf.blobs.all():
        done += 1
        total = max(total, done)  # the app may be writing others
        yield Step(done, total, _damage(blob))
    for file in picture_files(database.folder):
        if name_of(database.folder, file) not in known:
            yield Step(done, total, f"'{file}' is not listed; 'library rebuild' does that.")


def _integrity(database: Database) -> str:
    (found, *_) = database.rows("PRAGMA integrity_check(1)")
    if found != ("ok",):
        return f"The database is damaged: {found[0]}."
    try:
        with database.writing() as db:
            db.execute("INSERT INTO words (words) VALUES ('integrity-check')")
    except UserError:
        return "The database's index of words is damaged; 'library rebuild' makes a new one."
    return ""


def _digests(database: Database, id: int) -> tuple[str, str, str]:
    """Of a row's file, source and strength map; "" for those that make no sense."""
    query = "SELECT sha256, source, strength_map FROM pictures WHERE id = ?"
    for sha256, source, strength_map in database.rows(query, (id,)):
        return str(sha256), str(source), str(strength_map)
    return "gone", "", ""  # with a damaged index, a row is found one way but not another


def _picture(database: Database, entry: Entry, expected: str) -> str:
    """What is wrong with the file of a row."""
    try:
        if not expected:
            _note_checksum(database, entry)
            return ""
        data = read_bounded(entry.path, MAX_BYTES)
    except UserError as error:
        return "" if entry.binned and not entry.path.exists() else error.problem
    if hashlib.sha256(data).hexdigest() != expected:
        return f"'{entry.path}' is not the picture that was put there."
    return ""


def _note_checksum(database: Database, entry: Entry) -> None:
    """Of a file of which nothing is known but its recipe."""
    incoming = Incoming.read(entry.path)
    if incoming.recipe != entry.recipe:
        raise UserError(f"'{entry.path}' has another recipe than its row in the database.")
    with database.writing() as db:
        db.execute(
            "UPDATE pictures SET sha256 = ?, bytes = ? WHERE id = ?",
            (incoming.sha256, len(incoming.data), entry.id),
        )


def _needed(
    shelf: Shelf, entry: Entry, digests: tuple[str, str, str], checked: dict[str, str]
) -> str:
    """What is missing of what a picture came from; `checked` remembers paintings."""
    _, source, strength_map = digests
    if source and shelf.blobs.find("picture", source) is None:
        return f"The picture that '{entry.path}' started from is gone."
    if strength_map and shelf.blobs.find("map", strength_map) is None:
        return f"The strength map of '{entry.path}' is gone."
    if not entry.snapshot:
        return ""
    if entry.snapshot not in checked:
        checked[entry.snapshot] = _painting(shelf.blobs, entry.snapshot)
    missing = checked[entry.snapshot]
    return f"The painting that '{entry.path}' was made from {missing}." if missing else ""


def _damage(blob: Blob) -> str:
    try:
        blob.check()
    except UserError as error:
        return error.problem
    return ""


def _painting(blobs: Blobs, snapshot: str) -> str:
    if blobs.find("sketch", snapshot) is None:
        return "is gone"
    try:
        tiles = sketches.tiles(blobs, snapshot)
    except UserError:
        return "is damaged"
    return "" if all(blobs.find("tile", tile) for tile in tiles) else "has holes"
