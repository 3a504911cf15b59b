import io
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image

from studio.core.errors import UserError
from studio.storage.library import intake
from studio.storage.library.database import Database
from studio.storage.library.library import Library
from studio.storage.library.rebuild import adopt, rebuild
from studio.storage.library.verify import verify
from studio.storage.library.walk import remove_unfinished
from studio.storage.metadata import read_recipe
from tests.storage.library.shelves import NOW, files, listed
from tests.storage.samples import HOSTILE, RECIPE, gradient


def test_what_is_added_is_on_disk_and_listed(library: Library, tmp_path: Path) -> None:
    picture = gradient(400, 300)
    entry = library.add(picture, HOSTILE, NOW)
    assert entry.path == tmp_path / "library/2026-03/2026-03-09_08-07-06-4294967295.png"
    assert read_recipe(entry.path) == HOSTILE
    assert listed(library) == [entry]
    assert library.read(entry) == picture
    with Image.open(io.BytesIO(library.thumbnails([entry.id])[entry.id])) as small:
        assert (small.format, small.size) == ("JPEG", (192, 144))


def test_everything_is_there_after_a_restart(library: Library, tmp_path: Path) -> None:
    strange = replace(RECIPE, prompt="lone \udc80")
    kept = [library.add(gradient(4, 4), recipe, NOW) for recipe in (RECIPE, HOSTILE, strange)]
    library.close()
    again = Library(tmp_path / "library")
    assert listed(again) == kept[::-1]
    assert again.add(gradient(4, 4), RECIPE, NOW).id > kept[-1].id
    again.close()


def test_no_file_is_ever_overwritten(library: Library) -> None:
    first = library.add(gradient(4, 4), RECIPE, NOW)
    foreign = first.path.with_name(f"{first.path.stem}-2.png")
    foreign.write_bytes(b"somebody's")
    second = library.add(gradient(5, 5), RECIPE, NOW)
    first.path.unlink()
    third = library.add(gradient(6, 6), RECIPE, NOW)  # the first name is still spoken for
    assert foreign.read_bytes() == b"somebody's"
    assert [second.path.name[-6:], third.path.name[-6:]] == ["-3.png", "-4.png"]
    assert library.read(second) == gradient(5, 5)


def test_the_library_can_be_moved(library: Library, tmp_path: Path) -> None:
    library.add(gradient(4, 4), RECIPE, NOW)
    library.close()
    shutil.move(tmp_path / "library", tmp_path / "elsewhere")
    moved = Library(tmp_path / "elsewhere")
    (entry,) = listed(moved)
    assert entry.path.is_relative_to(tmp_path / "elsewhere")
    assert moved.read(entry) == gradient(4, 4)
    moved.close()


def test_an_entry_whose_file_is_gone_is_listed_and_says_so(library: Library) -> None:
    entry = library.add(gradient(4, 4), RECIPE, NOW)
    entry.path.unlink()
    assert listed(library) == [entry]
    with pytest.raises(UserError, match=f"There is no file '{entry.path}'"):
        library.read(entry)


def test_a_picture_that_cannot_be_written_leaves_no_row(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, data: bytes) -> None:
        raise UserError("There is no room.")

    with monkeypatch.context() as patch:
        patch.setattr(intake, "write_atomic", full)
        with pytest.raises(UserError, match="no room"):
            library.add(gradient(4, 4), RECIPE, NOW)
    assert listed(library) == []
    kept = library.add(gradient(4, 4), RECIPE, NOW)  # the lock was given back
    assert listed(library) == [kept]


@pytest.mark.parametrize("content", [b"not a database, though as long as a header" * 50, None])
def test_a_damaged_or_foreign_database_is_told_and_kept(
    tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "library.sqlite3"
    if content is None:
        _execute(path, "CREATE TABLE others (id)")
    else:
        path.write_bytes(content)
    before = path.read_bytes()
    with pytest.raises(UserError, match="library"):
        Library(tmp_path)
    assert path.read_bytes() == before


def test_a_library_of_a_newer_version_is_told_and_kept(library: Library, tmp_path: Path) -> None:
    library.add(gradient(4, 4), RECIPE, NOW)
    library.close()
    path = tmp_path / "library" / "library.sqlite3"
    _execute(path, "PRAGMA user_version = 3")
    before = path.read_bytes()
    with pytest.raises(UserError, match="newer version"):
        Library(tmp_path / "library")
    with pytest.raises(UserError, match="newer version"):
        list(rebuild(tmp_path / "library"))
    assert path.read_bytes() == before


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="no folder"):
        Library(tmp_path / "file" / "library")
    (tmp_path / "odd" / "library.sqlite3").mkdir(parents=True)
    with pytest.raises(UserError, match="unable to open"):
        Library(tmp_path / "odd")


def test_a_row_that_cannot_be_written_leaves_no_file(
    library: Library, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(intake, "insert", full)
        with pytest.raises(UserError, match="disk is full"):
            library.add(gradient(4, 4), RECIPE, NOW)
    assert files(folder) == []
    library.add(gradient(4, 4), RECIPE, NOW)
    assert len(files(folder)) == 1


def test_nobody_else_can_take_the_name_while_a_picture_is_written(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = sqlite3.connect(tmp_path / "library" / "library.sqlite3", timeout=0)

    def meanwhile(path: Path, data: bytes) -> None:
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")

    monkeypatch.setattr(intake, "write_atomic", meanwhile)
    library.add(gradient(4, 4), RECIPE, NOW)
    other.close()


def test_a_start_waits_while_another_makes_the_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Database(tmp_path).retire()  # as it is until it is shared
    other = sqlite3.connect(tmp_path / "library.sqlite3", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        other.execute("COMMIT")

    monkeypatch.setattr("studio.storage.library.database.time.sleep", wait)
    Library(tmp_path).close()
    assert len(waits) == 1
    other.close()


def test_two_processes_share_a_library_without_losing_anything(
    library: Library, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", WRITER, str(tmp_path / "library"), "10"]
    writers = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for _ in range(2)]
    assert [writer.wait() for writer in writers] == [0, 0]
    entries = listed(library)
    assert len(entries) == len({entry.path for entry in entries}) == 20
    assert all(library.read(entry) == gradient(4, 4) for entry in entries)


def test_a_killed_writer_loses_nothing_it_was_told_is_kept(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(tmp_path), "1000000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        told = [writer.stdout.readline().strip() for _ in range(5)]
        writer.send_signal(signal.SIGKILL)
        told += [line.strip() for line in writer.stdout if line.endswith("\n")]
    library = Library(tmp_path)
    assert set(told) <= {str(entry.path) for entry in listed(library)}
    list(adopt(library.shelf))  # what it was about to tell
    kept = listed(library)
    assert all(library.read(entry) == gradient(4, 4) for entry in kept)
    assert all(library.sketch(entry) for entry in kept)
    assert not [step for step in verify(library.shelf) if step.trouble]
    library.close()


def test_what_a_killed_writer_left_unfinished_goes_after_a_while(
    library: Library, folder: Path
) -> None:
    entry = library.add(gradient(4, 4), RECIPE, NOW)
    old, new = (entry.path.with_name(f".underpaint-{name}.tmp") for name in ("old", "new"))
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (0, 0))
    os.utime(entry.path, (0, 0))
    assert remove_unfinished(folder) == 1
    assert (old.exists(), new.exists(), entry.path.exists()) == (False, True, True)


WRITER = """
import sys
from datetime import datetime
from pathlib import Path
from studio.storage.library.library import Library
from studio.storage.library.origin import Origin
from tests.storage.library.test_sketches import painting
from tests.storage.samples import RECIPE, gradient
library = Library(Path(sys.argv[1]))
for number in range(int(sys.argv[2])):
    origin = Origin(snapshot=painting(f"#{number % 1000:06}"))
    entry = library.add(gradient(4, 4), RECIPE, datetime(2026, 3, 9), origin)
    print(entry.path, flush=True)
library.close()
"""


def test_times_keep_their_zone(library: Library) -> None:
    for moment in (NOW, datetime(2026, 1, 1), datetime(2026, 1, 1, tzinfo=UTC)):
        entry = library.add(gradient(2, 2), RECIPE, moment)
        assert library.entries([entry.id])[0].created == moment


def _execute(path: Path, statement: str) -> None:
    database = sqlite3.connect(path)
    database.execute(statement)
    database.commit()
    database.close()
