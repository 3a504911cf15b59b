import random
import sqlite3
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from studio.core.errors import UserError
from studio.storage.library import schema
from studio.storage.library.entry import Query
from studio.storage.library.library import Library
from studio.storage.library.origin import Origin
from studio.storage.library.rebuild import adopt, rebuild
from studio.storage.library.verify import verify
from tests.storage.library.shelves import NOW, execute, listed
from tests.storage.samples import HOSTILE, RECIPE, gradient

VERSION_1 = Path(__file__).with_name("version-1.sql")
"""The database of a library of version 1 with three pictures."""


@pytest.fixture
def old(folder: Path) -> Path:
    """The file of such a database."""
    folder.mkdir()
    file = folder / "library.sqlite3"
    database = sqlite3.connect(file)
    database.executescript(VERSION_1.read_text("utf-8"))
    database.close()
    return file


def test_a_library_of_version_1_keeps_everything_and_can_be_searched(
    old: Path, folder: Path
) -> None:
    library = Library(folder)
    entries = library.entries([1, 2, 3])
    surrogate = replace(RECIPE, prompt="lone \udc80", seed=7)
    assert [entry.recipe for entry in entries] == [RECIPE, HOSTILE, surrogate]
    assert {entry.created for entry in entries} == {NOW}
    assert entries[0].path == folder / "2026-03/2026-03-09_08-07-06-4294967295.png"
    assert library.thumbnails([1])[1].startswith(b"\xff\xd8")
    assert [entry.id for entry in listed(library, words="red fox")] == [1]
    assert library.add(gradient(4, 4), RECIPE, NOW).id == 4
    library.close()


def test_the_old_database_is_kept_as_it_was(old: Path, folder: Path) -> None:
    rows = sqlite3.connect(old).execute("SELECT * FROM pictures").fetchall()
    for _ in range(2):
        Library(folder).close()
    (backup,) = folder.glob("library-version-1.sqlite3*")
    kept = sqlite3.connect(backup)
    assert kept.execute("SELECT * FROM pictures").fetchall() == rows
    assert kept.execute("PRAGMA user_version").fetchone() == (1,)
    kept.close()


def test_a_migration_that_fails_leaves_the_library_as_it_was(
    old: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(schema, "_take_over", full)
        with pytest.raises(UserError, match="disk is full"):
            Library(folder)
    library = Library(folder)
    assert len(listed(library)) == 3
    library.close()


def test_old_rows_that_make_no_sense_do_not_stop_the_others(old: Path, folder: Path) -> None:
    execute(
        folder,
        "UPDATE pictures SET recipe = '{}' WHERE id = 1",
        "UPDATE pictures SET created = 'tomorrow' WHERE id = 2",
    )
    library = Library(folder)
    assert [entry.id for entry in listed(library)] == [3]
    library.close()


def test_garbage_in_a_row_hides_that_picture_and_no_other(library: Library, folder: Path) -> None:
    entries = [library.add(gradient(4, 4), RECIPE, NOW) for _ in range(6)]
    execute(
        folder,
        "UPDATE details SET recipe = '[[[[' WHERE id = 1",
        "UPDATE pictures SET created = '' WHERE id = 2",
        "UPDATE pictures SET path = '../../etc/passwd' WHERE id = 3",
        "UPDATE pictures SET binned = NULL, relation = 'cousin', parent = -7 WHERE id = 4",
        "DELETE FROM details WHERE id = 5",
        "DELETE FROM thumbnails WHERE id = 6",
    )
    assert listed(library) == [entries[5], replace(entries[3], parent=-7)]
    assert set(library.thumbnails(range(9))) == {1, 2, 3, 4, 5}


@pytest.mark.parametrize("seed", range(12))
def test_a_database_with_garbage_anywhere_in_it_is_told_at_worst(folder: Path, seed: int) -> None:
    library = Library(folder)
    for number in range(8):
        entry = library.add(gradient(4, 4), RECIPE, NOW, Origin(document="fox.ora"))
        library.tag([entry.id], f"tag {number}")
    library.close()
    file, chance = folder / "library.sqlite3", random.Random(seed)
    data = bytearray(file.read_bytes())
    for _ in range(chance.choice([1, 5, 60])):
        at = chance.randrange(len(data))
        data[at : at + 16] = chance.randbytes(16)
    file.write_bytes(data[: chance.choice([len(data), len(data) // 2])])
    with suppress(UserError):
        damaged = Library(folder)
        for work in (
            lambda: damaged.entries(damaged.ids()),
            lambda: damaged.entries(range(1, 9)),
            lambda: damaged.thumbnails(range(1, 9)),
            lambda: damaged.ids(Query(words="fox")),
            damaged.tags,
            damaged.disk_use,
            lambda: damaged.bound(10**9),
            lambda: damaged.bin([1]),
            lambda: list(verify(damaged.shelf)),
            lambda: list(adopt(damaged.shelf)),
        ):
            with suppress(UserError):
                work()
        damaged.close()
    list(rebuild(folder))
    library = Library(folder)
    assert len(library.ids()) + len(library.ids(Query(binned=True))) == 8
    library.close()
