"""What a person still does while the window opens or closes."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication, QMessageBox

from studio.app.front import Front
from studio.app.making.runner import JobRunner
from studio.app.painting import clipboard
from studio.app.rescue import recovery
from studio.app.results.keeping import Keeper
from studio.paint.tiles import Tiles
from studio.storage.journal.reader import find_offers, recover
from studio.storage.paths import AppPaths
from studio.storage.settings import load_settings
from tests.app.harness import answer_question, until
from tests.app.test_recovery import answer, bar, come_back, crash, journalled, stroke

RunApp = Callable[..., None]


@pytest.mark.parametrize("undone", [False, True])
def test_what_is_painted_while_the_app_still_starts_is_neither_offered_nor_thrown_away(
    run_app: RunApp, paths: AppPaths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, undone: bool
) -> None:
    painted, looked = threading.Event(), threading.Event()

    def late(*arguments: Any) -> Any:  # a large library is being opened, say
        assert painted.wait(10)
        try:
            return find_offers(*arguments)
        finally:
            looked.set()

    monkeypatch.setattr(recovery, "find_offers", late)
    monkeypatch.setattr("studio.app.rescue.recorder.BETWEEN", 0)

    async def script(front: Front) -> None:
        stroke(front)
        if undone:
            front.desk.canvas.undo.undo()
        await journalled(front, paths.recovery)
        painted.set()
        await until(looked.is_set)
        stroke(front, 130)
        await journalled(front, paths.recovery)
        assert not bar(front).isVisible()
        crash(paths, tmp_path / "crashed")

    run_app(script)
    come_back(paths, tmp_path / "crashed")
    (offer,), _ = find_offers(paths.recovery)
    assert recover(offer.path).states[-1][0] == "Paint"


def test_a_painting_that_comes_back_too_late_for_a_closing_window_is_offered_again(
    run_app: RunApp, paths: AppPaths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closing, load, end = threading.Event(), recovery._load, JobRunner.close

    async def paint(front: Front) -> None:
        stroke(front)
        await journalled(front, paths.recovery)
        crash(paths, tmp_path / "crashed")

    def late(path: Path) -> Any:
        assert closing.wait(10)
        return load(path)

    async def restore(front: Front) -> None:
        async def slow(runner: JobRunner) -> None:
            closing.set()
            await until(lambda: front.desk.recovered)
            await end(runner)

        monkeypatch.setattr(JobRunner, "close", slow)
        await until(lambda: bar(front).isVisible())
        answer(front, "Restore")  # and closes the window at once

    run_app(paint)
    come_back(paths, tmp_path / "crashed")
    monkeypatch.setattr(recovery, "_load", late)
    run_app(restore)
    (offer,), _ = find_offers(paths.recovery)
    assert recover(offer.path).states[-1][0] == "Paint"


def test_what_is_painted_while_the_last_pictures_are_written_is_asked_about(
    run_app: RunApp, paths: AppPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths.data.mkdir()
    paths.library.write_text("a file where the folder should be")
    write = Keeper.try_again

    async def script(front: Front) -> None:
        async def slow(keeper: Keeper) -> None:
            stroke(front)
            await write(keeper)

        front.place.commands["generate"].trigger()
        await until(lambda: len(front.desk.canvas.document.layers) == 3)
        front.desk.canvas.undo.undo()
        monkeypatch.setattr(Keeper, "try_again", slow)
        paths.library.unlink()
        front.window.close()
        await until(lambda: isinstance(QApplication.activeModalWidget(), QMessageBox))
        await answer_question("stay")
        await asyncio.sleep(0.01)
        assert front.window.isVisible()
        assert front.desk.unsaved

    run_app(script)
    assert len(list(paths.library.rglob("*.png"))) == 1


def test_a_copy_that_cannot_be_left_to_other_programs_costs_nothing_else(
    run_app: RunApp, paths: AppPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(tiles: Tiles) -> None:
        raise MemoryError

    monkeypatch.setattr(clipboard, "write_copied", no_room)

    async def script(front: Front) -> None:
        stroke(front)
        await journalled(front, paths.recovery)
        front.place.commands["copy"].trigger()
        front.form.change(prompt="a fox")

    run_app(script)
    assert load_settings(paths.settings).form.prompt == "a fox"
    assert not list(paths.recovery.glob("*.journal"))
