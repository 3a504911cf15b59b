"""Results whose file layer fails, and a library whose drive goes away."""

import asyncio
import errno
import os
import shutil
import sqlite3
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication, QMessageBox

from studio.app.front import Front
from studio.app.painting.desk import blank_canvas
from studio.app.results.keeping import Keeper, Result
from studio.app.results.librarian import Librarian
from studio.app.results.tidying import Tidying
from studio.app.tasks import Tasks
from studio.core.errors import UserError
from studio.core.observed import Observed
from studio.storage.library import intake
from studio.storage.library.library import Library
from studio.storage.library.origin import Origin
from studio.storage.paths import AppPaths
from tests.app.harness import FakeEngine, until
from tests.storage.samples import RECIPE, gradient

START = datetime(2026, 1, 1, tzinfo=UTC)


class Rig:
    """A keeper, what it said, and a disk that fails as long as `fault` says how."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.said: list[str] = []
        self.asked: list[str] = []
        self.fault = 0
        self.folder = folder
        sync = os.fsync

        def fsync(handle: int) -> None:
            if self.fault:
                raise OSError(self.fault, os.strerror(self.fault))
            sync(handle)

        monkeypatch.setattr(os, "fsync", fsync)

    def run(self, script: Callable[[Keeper], Coroutine[Any, Any, None]], pause: float = 60) -> None:
        """Follow a script on a loop of its own, and close everything."""

        async def whole() -> None:
            tasks = Tasks(self.said.append)
            librarian = Librarian(self.folder, tasks)
            ask = lambda words, then: self.asked.append(words)  # noqa: E731
            keeper = Keeper(librarian, tasks, self.said.append, ask, pause)
            self.parts = librarian, tasks
            await asyncio.wait_for(script(keeper), 20)
            keeper.close()
            await tasks.settle()
            await librarian.close()
            tasks.end()

        asyncio.run(whole())

    def seeds(self) -> list[int]:
        """What the library holds, newest first, each with its file."""
        library = Library(self.folder)
        entries = library.entries(library.ids())
        assert all(library.read(entry) == gradient(4, 4) for entry in entries)
        library.close()
        return [entry.recipe.seed for entry in entries]


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rig:
    return Rig(tmp_path / "library", monkeypatch)


def result(seed: int) -> Result:
    recipe = replace(RECIPE, seed=seed)
    return Result(gradient(4, 4), recipe, START + timedelta(days=seed), Origin())


@pytest.mark.parametrize("fault", [errno.ENOSPC, errno.EIO, errno.EROFS, errno.EDQUOT])
def test_what_cannot_be_written_is_told_once_held_and_written_with_the_next(
    rig: Rig, fault: int
) -> None:
    async def script(keeper: Keeper) -> None:
        await keeper.keep(result(1))
        rig.fault = fault
        await keeper.keep(result(2))
        await keeper.keep(result(3))
        assert keeper.unwritten == 2
        assert len(rig.said) == 1
        assert "on the canvas" in rig.said[0]
        rig.fault = 0
        await keeper.keep(result(4))
        assert keeper.unwritten == 0
        assert "can be written again" in rig.said[1]

    rig.run(script)
    assert rig.seeds() == [4, 3, 2, 1]


@pytest.mark.parametrize(
    ("fault", "told"),
    [(UserError("That name is cursed."), "cursed"), (ValueError("a fault of ours"), "the log")],
)
def test_one_that_cannot_be_written_does_not_keep_others_out(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, fault: Exception, told: str
) -> None:
    write = intake.write_atomic

    def fail_for_two(path: Path, data: bytes) -> None:
        if path.stem.endswith("-2"):
            raise fault
        write(path, data)

    async def script(keeper: Keeper) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(intake, "write_atomic", fail_for_two)
            await keeper.keep(result(2))
            await keeper.keep(result(1))
            assert keeper.unwritten == 1
            assert told in rig.said[0]
        await keeper.try_again()

    rig.run(script)
    assert rig.seeds() == [2, 1]


def test_it_is_tried_again_by_itself(rig: Rig) -> None:
    async def script(keeper: Keeper) -> None:
        rig.fault = errno.ENOSPC
        await keeper.keep(result(1))
        rig.fault = 0
        await until(lambda: not keeper.unwritten)

    rig.run(script, pause=0.01)
    assert rig.seeds() == [1]


def test_closing_asks_only_about_what_still_cannot_be_written(rig: Rig) -> None:
    closed = []

    async def script(keeper: Keeper) -> None:
        keeper.when_safe(lambda: closed.append("at once"))
        assert closed == ["at once"]
        rig.fault = errno.ENOSPC
        await keeper.keep(result(1))
        await keeper.keep(result(2))
        keeper.when_safe(lambda: closed.append("too early"))
        await until(lambda: bool(rig.asked))
        assert rig.asked == [
            "2 pictures could not be written to the library. Close, and lose them?"
        ]
        rig.fault = 0
        keeper.when_safe(lambda: closed.append("written"))
        await until(lambda: len(closed) == 2)

    rig.run(script)
    assert closed == ["at once", "written"]
    assert rig.seeds() == [2, 1]


def test_closing_twice_asks_once(rig: Rig) -> None:
    async def script(keeper: Keeper) -> None:
        rig.fault = errno.ENOSPC
        await keeper.keep(result(1))
        for _ in range(2):
            keeper.when_safe(lambda: None)
        await until(lambda: bool(rig.asked))
        await keeper.try_again()  # comes after whatever the second one does
        await asyncio.sleep(0.01)
        assert len(rig.asked) == 1

    rig.run(script)


def test_a_library_whose_drive_went_away_is_told_and_not_replaced_by_an_empty_one(rig: Rig) -> None:
    away = rig.folder.with_name("away")

    async def script(keeper: Keeper) -> None:
        await keeper.keep(result(1))
        rig.folder.rename(away)
        for seed in (2, 3):
            await keeper.keep(result(seed))
        assert "not there any more" in rig.said[0]
        assert not rig.folder.exists()
        shutil.copytree(away, rig.folder)  # mounted anew, nothing is the file that was open
        await keeper.try_again()
        assert keeper.unwritten == 0

    rig.run(script)
    assert rig.seeds() == [3, 2, 1]


def test_the_window_stays_while_a_picture_would_be_lost(
    run_app: Callable[..., None], engine: FakeEngine, paths: AppPaths
) -> None:
    paths.data.mkdir()
    paths.library.write_text("a file where the folder should be")

    async def script(front: Front) -> None:
        front.place.commands["generate"].trigger()
        await until(lambda: len(front.desk.canvas.document.layers) == 3)
        front.desk.canvas.undo.undo()
        front.window.close()
        await until(lambda: isinstance(QApplication.activeModalWidget(), QMessageBox))
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        assert "1 picture could not be written" in box.text()
        box.reject()
        await asyncio.sleep(0.01)
        assert front.window.isVisible()
        paths.library.unlink()

    run_app(script)
    assert len(list(paths.library.rglob("*.png"))) == 1


def test_a_fault_in_writing_one_picture_costs_no_other_and_the_window_still_closes(
    run_app: Callable[..., None], paths: AppPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = intake.write_atomic

    def fail_for_one(path: Path, data: bytes) -> None:
        if path.stem.endswith("-1"):
            raise ValueError("a fault of ours")
        write(path, data)

    monkeypatch.setattr(intake, "write_atomic", fail_for_one)

    async def script(front: Front) -> None:
        canvas = front.desk.canvas
        for seed in (1, 2):
            front.form.change(seed=seed, seed_locked=True)
            front.place.commands["generate"].trigger()
            await until(lambda seed=seed: len(canvas.undo.labels) == seed)
        front.desk.put(blank_canvas())
        front.window.close()
        await until(lambda: isinstance(QApplication.activeModalWidget(), QMessageBox))
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        assert "1 picture could not be written" in box.text()
        next(each for each in box.buttons() if each.text() == "Close").click()
        await until(lambda: not front.window.isVisible())

    run_app(script)
    (written,) = paths.library.rglob("*.png")
    assert written.stem.endswith("-2")


def test_what_was_binned_long_ago_is_gone_at_the_next_start_and_lost_rows_are_back(
    run_app: Callable[..., None], paths: AppPaths
) -> None:
    library = Library(paths.library)
    old, recent, lost = (library.add(gradient(4, 4), RECIPE, START) for _ in range(3))
    library.bin([old.id, recent.id])
    long_ago = (datetime.now(UTC) - timedelta(days=31)).timestamp() * 1e6
    with library.shelf.database.writing() as db:
        db.execute("UPDATE pictures SET binned = ? WHERE id = ?", (int(long_ago), old.id))
        db.execute("DELETE FROM pictures WHERE id = ?", (lost.id,))
    library.close()

    async def script(front: Front) -> None:
        await until(lambda: not old.path.exists())
        await until(lambda: len(front.place.gallery.grid.latest) == 1)

    run_app(script)
    assert recent.path.exists()
    assert lost.path.exists()


def test_a_picture_too_many_sends_the_oldest_to_the_bin(rig: Rig) -> None:
    binned: list[tuple[int, ...]] = []

    async def script(keeper: Keeper) -> None:
        librarian, tasks = rig.parts
        Tidying(librarian, Observed(1), binned.append, rig.said.append, tasks)
        await keeper.keep(result(1))
        assert not rig.said
        with sqlite3.connect(rig.folder / "library.sqlite3") as db:
            db.execute("UPDATE pictures SET bytes = 999999")
        db.close()
        await keeper.keep(result(2))
        await until(lambda: bool(binned))

    rig.run(script)
    assert binned == [(1,)]
    assert "1 picture" in rig.said[0]
    assert rig.seeds() == [2]
