"""What the database holds of a picture, written and read."""

import json
import logging
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar, get_args

from studio.core.errors import UserError
from studio.core.form import FormState
from studio.core.recipe import Recipe
from studio.storage.library.database import Database
from studio.storage.library.entry import Entry, Relation
from studio.storage.library.origin import Frame
from studio.storage.library.record import Record, form_from, form_values, frame_from
from studio.storage.library.schema import countable, moment_of, storable, time_of
from studio.storage.metadata import recipe_json

AMONG = "IN (SELECT value FROM json_each(?))"
"""For ids as `listed` writes them: a statement takes only so many values."""

_SELECT = f"""
    SELECT id, path, created, recipe, width, height, starred, note, document, parent, relation,
        snapshot, binned
    FROM pictures JOIN details USING (id) WHERE id {AMONG}
"""

_KINDS = (
    int, str, str, str, int, int, int, str, str, int | None, str, str, int | None,
)  # fmt: skip

log = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRow:
    """Everything the database is told of a picture when it comes."""

    path: Path
    created: datetime
    recipe: Recipe
    width: int  # pixels
    height: int
    nbytes: int  # of the file
    sha256: str
    thumbnail: bytes  # a JPEG file
    record: Record
    source: str = ""  # digests of those of the recipe's pictures that are here
    strength_map: str = ""
    parent: int | None = None


def insert(db: sqlite3.Connection, folder: Path, row: NewRow) -> int:
    """Write a row, within a transaction. Returns its id."""
    recipe, record = row.recipe, row.record
    cursor = db.execute(
        "INSERT INTO pictures (path, created, moment, model, seed, width, height, bytes, sha256,"
        " starred, binned, snapshot, source, strength_map, parent, relation)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            row.path.relative_to(folder).as_posix(), row.created.isoformat(),
            moment_of(row.created), storable(recipe.model_name), countable(recipe.seed),
            row.width, row.height, row.nbytes, row.sha256, record.starred,
            None if record.binned is None else moment_of(record.binned), record.snapshot,
            row.source, row.strength_map, row.parent, record.relation,
        ),
    )  # fmt: skip
    id = cursor.lastrowid
    assert id is not None  # an INSERT sets it
    form = "" if record.form is None else json.dumps(form_values(record.form))
    frame = "" if record.frame is None else json.dumps(record.frame)
    db.execute(
        "INSERT INTO details (id, recipe, note, document, form, frame) VALUES (?, ?, ?, ?, ?, ?)",
        (id, recipe_json(recipe), storable(record.note), storable(record.document), form, frame),
    )
    db.execute("INSERT INTO thumbnails (id, jpeg) VALUES (?, ?)", (id, row.thumbnail))
    db.execute(
        "INSERT INTO words (rowid, prompt, negative, note, tags) VALUES (?, ?, ?, ?, ?)",
        (
            id, storable(recipe.prompt), storable(recipe.negative), storable(record.note),
            " ".join(record.tags),
        ),
    )  # fmt: skip
    for kind, names in (("tag", record.tags), ("collection", record.collections)):
        for name in names:
            write_labels(db, kind, [id], name)
    return id


def delete_rows(db: sqlite3.Connection, ids: Iterable[int]) -> None:
    """Take rows away, within a transaction."""
    among = listed(ids)
    for table, key in (("words", "rowid"), ("labels", "picture")):
        db.execute(f"DELETE FROM {table} WHERE {key} {AMONG}", (among,))
    for table in ("thumbnails", "details", "pictures"):
        db.execute(f"DELETE FROM {table} WHERE id {AMONG}", (among,))


def entries(db: Database, ids: Sequence[int]) -> list[Entry]:
    """The rows of these ids, in their order. Those that are gone or make no sense are left out."""
    among = (listed(ids),)
    labels: dict[tuple[int, str], list[str]] = {}
    found = db.rows(
        f"SELECT picture, kind, name FROM labels WHERE picture {AMONG} ORDER BY name", among
    )
    for picture, kind, name in found:
        labels.setdefault((picture, kind), []).append(name)
    read = (_read(db.folder, row, labels) for row in db.rows(_SELECT, among))
    known = {entry.id: entry for entry in read if entry is not None}
    return [known[id] for id in ids if id in known]


def file_of(folder: Path, path: str) -> Path:
    """Where the file of a row lies. Raises ValueError if that is not inside the folder."""
    inside = PurePosixPath(path)
    if inside.is_absolute() or not inside.parts or {"..", "~"} & set(inside.parts) or "\0" in path:
        raise ValueError(f"{path!r} is not in the library")
    return folder / inside


def listed(ids: Iterable[int]) -> str:
    """Ids for `AMONG`."""
    return json.dumps(list(ids))


def record_of(db: Database, entry: Entry) -> Record:
    """What the database knows of a picture beside its file; its parent by the path of its file."""
    form, frame = form_and_frame(db, entry.id)
    parents = db.rows("SELECT path FROM pictures WHERE id = ?", (entry.parent,))
    return Record(
        created=entry.created,
        starred=entry.starred,
        tags=entry.tags,
        collections=entry.collections,
        note=entry.note,
        binned=entry.binned,
        document=entry.document,
        parent=next((str(path) for (path,) in parents), ""),
        relation=entry.relation,
        snapshot=entry.snapshot,
        form=form,
        frame=frame,
    )


def form_and_frame(db: Database, id: int) -> tuple[FormState | None, Frame | None]:
    """The form and the frame of a row; None for none, or where one makes no sense."""
    rows = db.rows("SELECT form, frame FROM details WHERE id = ?", (id,))
    if not rows:
        return None, None
    ((form, frame),) = rows
    return _loaded(form, form_from), _loaded(frame, frame_from)


def _loaded(text: str, read: Callable[[Any], T]) -> T | None:
    try:
        return read(json.loads(text)) if text else None
    except (ValueError, TypeError, RecursionError) as error:
        log.warning("Garbage in the library: %r", error)
        return None


def write_labels(db: sqlite3.Connection, kind: str, ids: Iterable[int], name: str) -> None:
    """Put those of the pictures that exist under a sound name, within a transaction."""
    db.execute(
        "INSERT OR IGNORE INTO labels (kind, name, picture)"
        # A name that is in use already keeps its capitals.
        " SELECT ?1, coalesce((SELECT name FROM labels WHERE kind = ?1 AND name = ?2), ?2), id"
        f" FROM pictures WHERE id {AMONG.replace('?', '?3')}",
        (kind, name, listed(ids)),
    )


def write_tag_words(db: sqlite3.Connection, ids: Iterable[int]) -> None:
    """Let the search know the tags as they are now, within a transaction."""
    db.execute(
        "UPDATE words SET tags = coalesce((SELECT group_concat(name, ' ') FROM labels"
        f" WHERE kind = 'tag' AND picture = words.rowid), '') WHERE rowid {AMONG}",
        (listed(ids),),
    )


def _read(
    folder: Path, row: tuple[Any, ...], labels: dict[tuple[int, str], list[str]]
) -> Entry | None:
    (
        id, path, created, recipe, width, height, starred, note, document, parent, relation,
        snapshot, binned,
    ) = row  # fmt: skip
    try:
        if not all(map(isinstance, row, _KINDS)):
            raise ValueError("a value is of another kind than it can be")
        return Entry(
            id=id,
            path=file_of(folder, path),
            created=datetime.fromisoformat(created),
            recipe=Recipe.from_json(recipe),
            width=width,
            height=height,
            starred=bool(starred),
            tags=tuple(labels.get((id, "tag"), ())),
            collections=tuple(labels.get((id, "collection"), ())),
            note=note,
            document=document,
            parent=parent,
            relation=relation if relation in get_args(Relation) else "",
            snapshot=snapshot,
            binned=None if binned is None else time_of(binned),
        )
    except (UserError, ValueError, OverflowError, OSError) as error:  # garbage in the database
        log.warning("Row %s of the library makes no sense: %r", id, error)
        return None
