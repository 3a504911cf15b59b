"""The bin: where pictures go that nobody wants, and from where they come back for a while."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from studio.core.errors import UserError
from studio.storage.files import unwritable
from studio.storage.library import sketches
from studio.storage.library.blobs import Blobs
from studio.storage.library.database import Database
from studio.storage.library.rows import AMONG, delete, file_of, listed
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


def empty(db: Database, blobs: Blobs, before: datetime | None) -> int:
    """Delete for good what was put into the bin before that moment, or all of it.

    Returns how many pictures. May be ended at any point: a row goes after its file, so what is
    left is finished the next time. Raises UserError where a file cannot be deleted.
    """
    until = moment_of(before or datetime.max.replace(tzinfo=UTC))
    gone = 0
    while deleted := _delete_some(db, until):
        gone += deleted
    if gone:
        with db.writing():  # so that nobody counts on a blob just now
            blobs.sweep(sketches.named(db, blobs), SPARED)
    return gone


def bound(db: Database, limit: int, when: datetime) -> list[int]:
    """Bin the oldest pictures without a star until the others take at most `limit` bytes.

    Returns their ids.
    """
    ((taken,),) = db.rows("SELECT coalesce(sum(bytes), 0) FROM pictures WHERE binned IS NULL")
    if taken <= limit:
        return []
    chosen = []
    rows = db.rows(
        "SELECT id, coalesce(CAST(bytes AS INTEGER), 0) FROM pictures"
        " WHERE binned IS NULL AND starred = 0 ORDER BY moment, id"
    )
    for id, size in rows:
        if taken <= limit:
            break
        chosen.append(id)
        taken -= size
    put(db, chosen, when)
    return chosen


def _delete_some(db: Database, until: int) -> int:
    """Both files and rows under the write lock: nobody restores a picture in between."""
    with db.writing() as writing:
        rows = writing.execute(
            "SELECT id, path FROM pictures WHERE binned < ? ORDER BY binned, id LIMIT ?",
            (until, CHUNK),
        ).fetchall()
        for _, path in rows:
            _delete_file(db.folder, path)
        delete(writing, [id for id, _ in rows])
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
            f"The bin could not be emptied: {problem.problem}", "Change that, and try again."
        ) from error
