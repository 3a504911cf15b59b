"""From a query to SQL."""

from typing import Any

from studio.storage.library.entry import Query
from studio.storage.library.schema import countable, moment_of, storable

_BIN = {True: "binned IS NOT NULL", False: "binned IS NULL"}


def statement(query: Query) -> tuple[str, tuple[Any, ...]]:
    """A SELECT of one JSON array of the ids that are meant, newest first, and its values.

    One row, because the interpreter's lock changes hands for every row that is fetched.
    """
    conditions: list[tuple[str, tuple[Any, ...]]] = []
    if words := _match(query.words):
        conditions.append(("id IN (SELECT rowid FROM words WHERE words MATCH ?)", (words,)))
    if query.model:
        conditions.append(("model = ?", (storable(query.model),)))
    if query.starred:
        conditions.append(("starred = 1", ()))
    for kind, name in (("tag", query.tag), ("collection", query.collection)):
        if name:
            one_of = "id IN (SELECT picture FROM labels WHERE kind = ? AND name = ?)"
            conditions.append((one_of, (kind, storable(name))))
    conditions += [(text, (value,)) for text, value in _numbers(query) if value is not None]
    # With a "+", SQLite looks through what else is asked for; without, through all from the newest.
    few = "+" if conditions else ""
    where = " AND ".join(text for text, _ in [*conditions, (few + _BIN[query.binned], ())])
    values = tuple(value for _, some in conditions for value in some)
    ordered = f"SELECT id FROM pictures WHERE {where} ORDER BY moment DESC, id DESC"
    return f"SELECT json_group_array(id) FROM ({ordered})", values


def _numbers(query: Query) -> list[tuple[str, int | None]]:
    numbers = [
        ("seed = ?", query.seed),
        ("max(width, height) >= ?", query.min_side),
        ("max(width, height) <= ?", query.max_side),
        ("moment >= ?", None if query.since is None else moment_of(query.since)),
        ("moment < ?", None if query.until is None else moment_of(query.until)),
        ("parent = ?", query.parent),
    ]
    return [(text, None if value is None else countable(value)) for text, value in numbers]


def _match(words: str) -> str:
    """The full-text query for beginnings of words; "" where there is nothing to look for."""
    plain = (word.replace("\0", "") for word in storable(words).split())
    looked_for = (word for word in plain if any(letter.isalnum() for letter in word))
    return " ".join('"' + word.replace('"', '""') + '"*' for word in looked_for)
