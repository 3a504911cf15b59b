"""A library of 100,000 pictures: opened, searched and added to. Prints milliseconds as JSON."""

import json
import random
import sys
import tempfile
import time
from array import array
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from studio.core.recipe import Recipe
from studio.storage.library.entry import Query
from studio.storage.library.intake import Incoming
from studio.storage.library.library import Library
from studio.storage.library.record import Record
from studio.storage.library.rows import NewRow, insert
from tests.storage.samples import RECIPE, gradient

ROWS = 100_000
ROUNDS = 20
START = datetime(2024, 1, 1, tzinfo=UTC)
KINDS = ("red", "blue", "old", "tall", "wild", "misty", "golden", "tiny", "broken", "silent")
THINGS = ("fox", "tree", "house", "sea", "night", "market", "portrait", "light", "garden", "road")
WORDS = [kind + thing for kind in KINDS for thing in THINGS]


def main() -> None:
    """Fill a library, time what is done with it, and tell."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    with tempfile.TemporaryDirectory() as space:
        folder = Path(space) / "library"
        fill(folder, rows)
        json.dump(timed(folder), sys.stdout)


def fill(folder: Path, rows: int) -> None:
    """Rows as they would be, but without their files: nothing here looks at those."""
    chance = random.Random(1)
    incoming = Incoming.of(b"", gradient(192, 144), RECIPE, Record())
    library = Library(folder)
    with library.shelf.database.writing() as db:
        for number in range(rows):
            insert(db, folder, _row(folder, number, chance, incoming.thumbnail))
    library.close()


def timed(folder: Path) -> dict[str, list[float]]:
    """Milliseconds of each round, by what was done."""
    chance = random.Random(2)
    took = {"open": [_clock(lambda: Library(folder).close()) for _ in range(ROUNDS)]}
    took["open, list all, show 50"] = [_clock(lambda: _first_page(folder)) for _ in range(ROUNDS)]
    library = Library(folder)
    ids = library.ids()

    def page() -> "array[int]":
        at = chance.randrange(max(1, len(ids) - 200))
        return ids[at : at + 200]

    def two_words() -> str:
        return " ".join(chance.sample(WORDS, 2))

    works: dict[str, Callable[[], object]] = {
        "list all": library.ids,
        "200 entries": lambda: library.entries(page()),
        "200 thumbnails": lambda: library.thumbnails(page()),
        "search for two words": lambda: library.ids(Query(words=two_words())),
        "search for two letters": lambda: library.ids(Query(words="re")),
        "by seed": lambda: library.ids(Query(seed=12345)),
        "by size and model": lambda: library.ids(Query(min_side=1024, model="model 3")),
        "disk use": library.disk_use,
    }
    for what, work in works.items():
        took[what] = [_clock(work) for _ in range(ROUNDS)]
    took["insert a row"] = [_insert(library, ROWS + number, chance) for number in range(200)]
    library.close()
    return took


def _clock(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - began)


def _first_page(folder: Path) -> None:
    library = Library(folder)
    page = library.ids()[:50]
    library.entries(page)
    library.thumbnails(page)
    library.close()


def _insert(library: Library, number: int, chance: random.Random) -> float:
    """Milliseconds for a row and its commit, without the picture's file."""
    folder = library.shelf.database.folder
    small = library.thumbnails(library.ids()[:1]).popitem()[1]
    row = _row(folder, number, chance, small)

    def write() -> None:
        with library.shelf.database.writing() as db:
            insert(db, folder, row)

    return _clock(write)


def _row(folder: Path, number: int, chance: random.Random, thumbnail: bytes) -> NewRow:
    side = chance.choice([512, 768, 1024])
    return NewRow(
        path=folder / "2024-01" / f"{number}.png",
        created=START + timedelta(minutes=number),
        recipe=_recipe(number, chance),
        width=side,
        height=512,
        nbytes=10**6,
        sha256="",
        thumbnail=thumbnail,
        record=Record(),
    )


def _recipe(number: int, chance: random.Random) -> Recipe:
    prompt = ", ".join(chance.choices(WORDS, k=20))
    return replace(RECIPE, prompt=prompt, seed=number, model_name=f"model {number % 7}")


if __name__ == "__main__":
    main()
