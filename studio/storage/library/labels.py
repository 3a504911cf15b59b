"""What a person says of pictures: stars, tags, collections and notes."""

from collections.abc import Iterable
from typing import Literal

from studio.core.errors import UserError
from studio.storage.library.database import Database
from studio.storage.library.record import MAX_NAME, MAX_NOTE
from studio.storage.library.rows import AMONG, listed, write_labels, write_tag_words
from studio.storage.library.schema import storable

Kind = Literal["tag", "collection"]


def star(db: Database, ids: Iterable[int], on: bool) -> None:
    """Give or take the star."""
    with db.writing() as writing:
        writing.execute(f"UPDATE pictures SET starred = ? WHERE id {AMONG}", (on, listed(ids)))


def label(db: Database, kind: Kind, ids: Iterable[int], name: str, on: bool) -> None:
    """Put pictures under a name, or take them from it; case plays no part.

    Raises UserError for a name that is empty or too long.
    """
    known = sound_name(kind, name)
    with db.writing() as writing:
        if on:
            write_labels(writing, kind, ids, known)
        else:
            writing.execute(
                f"DELETE FROM labels WHERE kind = ? AND name = ? AND picture {AMONG}",
                (kind, known, listed(ids)),
            )
        write_tag_words(writing, ids)


def note(db: Database, id: int, text: str) -> None:
    """Write what a person has to say of a picture. Raises UserError if it is too long."""
    if len(text) > MAX_NOTE:
        raise UserError(f"The note has {len(text)} characters.", f"Keep it below {MAX_NOTE}.")
    with db.writing() as writing:
        writing.execute("UPDATE details SET note = ? WHERE id = ?", (storable(text), id))
        writing.execute("UPDATE words SET note = ? WHERE rowid = ?", (storable(text), id))


def counts(db: Database, kind: Kind) -> dict[str, int]:
    """The names in use, alphabetically, and how many pictures outside of the bin have each."""
    rows = db.rows(
        "SELECT name, count(*) FROM labels JOIN pictures ON picture = id"
        " WHERE kind = ? AND binned IS NULL GROUP BY name ORDER BY name",
        (kind,),
    )
    return {str(name): count for name, count in rows}


def sound_name(kind: str, name: str) -> str:
    """The name as it is stored. Raises UserError if it is empty or too long."""
    known = " ".join(storable(name).replace("\0", "").split())
    if not 1 <= len(known) <= MAX_NAME:
        raise UserError(
            f"'{known[:MAX_NAME]}' is no name for a {kind}.", f"Use 1 to {MAX_NAME} characters."
        )
    return known
