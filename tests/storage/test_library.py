import io
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from PIL import Image

from studio.core.errors import UserError
from studio.storage import library as library_module
from studio.storage.library import Library
from studio.storage.metadata import read_recipe
from tests.storage.samples import HOSTILE, RECIPE, gradient

NOW = datetime(2026, 3, 9, 8, 7, 6, 5, tzinfo=timezone(timedelta(hours=2)))


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    library = Library(tmp_path / "library")
    yield library
    library.close()


def test_what_is_added_is_on_disk_and_listed(library: Library, tmp_path: Path) -> None:
    picture = gradient(400, 300)
    entry = library.add(picture, HOSTILE, NOW)
    assert entry.path == tmp_path / "library/2026-03/2026-03-09_08-07-06-4294967295.png"
    assert read_recipe(entry.path) == HOSTILE
    assert library.recent(10) == [entry]
    assert library.read(entry) == picture
    with Image.open(io.BytesIO(entry.thumbnail)) as small:
        assert (small.format, small.size) == ("JPEG", (192, 144))


def test_everything_is_there_after_a_restart(library: Library, tmp_path: Path) -> None:
    strange = replace(RECIPE, prompt="lone \udc80")
    kept = [library.add(gradient(4, 4), recipe, NOW) for recipe in (RECIPE, HOSTILE, strange)]
    library.close()
    again = Library(tmp_path / "library")
    assert again.recent(10) == kept[::-1]
    assert again.add(gradient(4, 4), RECIPE, NOW).id > kept[-1].id
    again.close()


def test_recent_goes_back_page_by_page(library: Library) -> None:
    kept = [library.add(gradient(2, 2), replace(RECIPE, seed=seed), NOW) for seed in range(7)]
    newest = library.recent(3)
    older = library.recent(3, before=newest[-1].id)
    oldest = library.recent(3, before=older[-1].id)
    assert newest + older + oldest == kept[::-1]
    assert library.recent(3, before=oldest[-1].id) == []


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
    (entry,) = moved.recent(1)
    assert entry.path.is_relative_to(tmp_path / "elsewhere")
    assert moved.read(entry) == gradient(4, 4)
    moved.close()


def test_an_entry_whose_file_is_gone_is_listed_and_says_so(library: Library) -> None:
    entry = library.add(gradient(4, 4), RECIPE, NOW)
    entry.path.unlink()
    assert library.recent(1) == [entry]
    with pytest.raises(UserError, match=f"There is no file '{entry.path}'"):
        library.read(entry)


def test_a_picture_that_cannot_be_written_leaves_no_row(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, data: bytes) -> None:
        raise UserError("There is no room.")

    with monkeypatch.context() as patch:
        patch.setattr(library_module, "write_atomic", full)
        with pytest.raises(UserError, match="no room"):
            library.add(gradient(4, 4), RECIPE, NOW)
    assert library.recent(1) == []
    kept = library.add(gradient(4, 4), RECIPE, NOW)  # the lock was given back
    assert library.recent(2) == [kept]


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
    _execute(path, "PRAGMA user_version = 2")
    before = path.read_bytes()
    with pytest.raises(UserError, match="newer version"):
        Library(tmp_path / "library")
    assert path.read_bytes() == before


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="no folder"):
        Library(tmp_path / "file" / "library")
    (tmp_path / "odd" / "library.sqlite3").mkdir(parents=True)
    with pytest.raises(UserError, match="unable to open"):
        Library(tmp_path / "odd")


def test_nobody_else_can_take_the_name_while_a_picture_is_written(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = sqlite3.connect(tmp_path / "library" / "library.sqlite3", timeout=0)

    def meanwhile(path: Path, data: bytes) -> None:
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")

    monkeypatch.setattr(library_module, "write_atomic", meanwhile)
    library.add(gradient(4, 4), RECIPE, NOW)
    other.close()


def test_two_processes_share_a_library_without_losing_anything(
    library: Library, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", WRITER, str(tmp_path / "library"), "10"]
    writers = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for _ in range(2)]
    assert [writer.wait() for writer in writers] == [0, 0]
    entries = library.recent(100)
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
    kept = library.recent(10_000)
    assert set(told) <= {str(entry.path) for entry in kept}
    assert all(library.read(entry) == gradient(4, 4) for entry in kept)
    library.close()


WRITER = """
import sys
from datetime import datetime
from pathlib import Path
from studio.storage.library import Library
from tests.storage.samples import RECIPE, gradient
library = Library(Path(sys.argv[1]))
for _ in range(int(sys.argv[2])):
    print(library.add(gradient(4, 4), RECIPE, datetime(2026, 3, 9)).path, flush=True)
library.close()
"""


def test_times_keep_their_zone(library: Library) -> None:
    for moment in (NOW, datetime(2026, 1, 1), datetime(2026, 1, 1, tzinfo=UTC)):
        library.add(gradient(2, 2), RECIPE, moment)
        assert library.recent(1)[0].created == moment


def _execute(path: Path, statement: str) -> None:
    database = sqlite3.connect(path)
    database.execute(statement)
    database.commit()
    database.close()
