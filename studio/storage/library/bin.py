"""The bin: where pictures go that nobody wants, and from where they come back for a while."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from studio.core.errors import UserError
from studio.storage.files import unwritable
from studio.storage.library.database import Database
from studio.storage.library.holdings import Holdings
from studio.storage.library.rows import AMONG, delete_rows, file_of, listed
from studio.storage.library.schema import moment_of
from studio.storage.library.walk import SPARED

CHUNK = 64
"""Pictures deleted at a time; others may write in between."""


def put(db: Database, ids: Iterable[int], when: datetime) -> None:
    """Put pictures into the bin; those that are there already stay as they are."""
    with db.writing() as writing:
        writing.execute(
            f"UPDATE pictures SET binned = ? WHERE binned IS NULL AND id {AMONG}",
            (moment_of(when), listed(ids)),
        )


def restore(db: Database, ids: Iterable[int]) -> None:
    """Take pictures out of the bin."""
    with db.writing() as writing:
        writing.execute(f"UPDATE pictures SET binned = NULL WHERE id {AMONG}", (listed(ids),))


def empty(db: Database, holdings: Holdings, before: datetime | None) -> int:
    """Delete for good what was put into the bin before that moment, or all of it.

    Returns how many pictures. May be ended at any point: a row goes after its file, so what is
    left is finished the next time. Raises UserError where a file cannot be deleted.
    """
    return _delete(
        db, holdings, "binned < ?", moment_of(before or datetime.max.replace(tzinfo=UTC))
    )


def delete(db: Database, holdings: Holdings, ids: Iterable[int]) -> int:
    """Delete for good those of the pictures that lie in the bin. Returns and raises as `empty`."""
    return _delete(db, holdings, f"binned IS NOT NULL AND id {AMONG}", listed(ids))


def bound(db: Database, holdings: Holdings, limit: int, when: datetime) -> list[int]:
    """Bin the oldest pictures without a star until the others take at most `limit` bytes.

    What those came from is counted, once however many share it. Returns the ids, oldest first.
    """
    rows = db.rows(
        "SELECT id, starred, coalesce(CAST(bytes AS INTEGER), 0), snapshot, source, strength_map"
        " FROM pictures WHERE binned IS NULL ORDER BY starred DESC, moment DESC, id DESC"
    )
    taken, chosen = 0, []
    weights = holdings.weights((row[3], row[4], row[5]) for row in rows)
    for (id, starred, size, *_), weight in zip(rows, weights, strict=True):
        taken += size + weight
        if taken > limit and not starred:
            chosen.append(id)
    chosen.reverse()
    if chosen:
        put(db, chosen, when)
    return chosen


def _delete(db: Database, holdings: Holdings, which: str, value: int | str) -> int:
    """Delete the pictures for which that holds, and what nobody needs any more then."""
    gone = 0
    while deleted := _delete_some(db, which, value):
        gone += deleted
    if gone:
        with db.writing():  # so that nobody counts on a blob just now
            holdings.sweep(db, SPARED)
    return gone


def _delete_some(db: Database, which: str, value: int | str) -> int:
    """Both files and rows under the write lock: nobody restores a picture in between."""
    with db.writing() as writing:
        rows = writing.execute(
            f"SELECT id, path FROM pictures WHERE {which} ORDER BY binned, id LIMIT ?",
            (value, CHUNK),
        ).fetchall()
        for _, path in rows:
            _delete_file(db.folder, path)
        delete_rows(writing, [id for id, _ in rows])
    return len(rows)


def _delete_file(folder: Path, path: str) -> None:
    try:
        file = file_of(folder, str(path))
    except ValueError:  # a damaged row names a file that is not ours: only the row goes
        return
    try:
        file.unlink(missing_ok=True)
    except NotADirectoryError:
        return
    except OSError as error:
        problem = unwritable(file, error)
        raise UserError(
            f"A picture in the bin could not be deleted: {problem.problem}",
            "Change that, and try again.",
        ) from error
