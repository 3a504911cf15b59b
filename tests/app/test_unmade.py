"""Closing the window while pictures are still to be made."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QMessageBox, QPushButton

from studio.app.front import Front
from studio.app.making.plan import plan
from studio.app.painting.desk import blank_canvas
from studio.core.errors import UserError
from studio.core.jobs import JobState
from studio.storage.openraster import read_openraster
from studio.storage.paths import AppPaths
from tests.app.harness import FakeEngine, answer_question, until
from tests.app.test_recovery import answer, bar, come_back, crash, journalled, stroke

RunApp = Callable[..., None]


def questions(front: Front) -> list[str]:
    """Those that are on the screen."""
    boxes = front.window.findChildren(QMessageBox)
    return [box.text() for box in boxes if box.isVisible()]


def click(front: Front, text: str) -> None:
    """Click on a button of a question, or of the notice."""
    buttons = front.window.findChildren(QPushButton)
    next(each for each in buttons if each.isVisible() and each.text() == text).click()


async def ask_for(front: Front, engine: FakeEngine, count: int = 1) -> None:
    """Ask for pictures; the first is being made, and takes as long as the gate is closed."""
    await until(lambda: bool(engine.prepared))
    engine.gate.clear()
    for _ in range(count):
        front.place.commands["generate"].trigger()
    await until(lambda: len(front.queue.open) == count)
    await until(lambda: front.queue.open[0].state is JobState.RUNNING)


def test_closing_asks_whether_the_pictures_are_to_be_made_and_closes_without_them(
    run_app: RunApp, engine: FakeEngine, paths: AppPaths
) -> None:
    async def script(front: Front) -> None:
        await ask_for(front, engine, 2)
        front.window.close()
        assert questions(front) == ["2 pictures are still to be made."]
        click(front, "Cancel")
        assert len(front.queue.open) == 2
        front.window.close()
        box = QApplication.activeModalWidget()
        assert isinstance(box, QDialog)
        box.reject()  # Escape
        assert front.window.isEnabled()
        front.window.close()
        click(front, "Close without them")
        await until(lambda: not front.window.isVisible())

    run_app(script)
    assert not list(paths.library.rglob("*.png"))


def test_the_window_closes_by_itself_once_the_pictures_are_made_and_saved(
    run_app: RunApp, engine: FakeEngine, paths: AppPaths, tmp_path: Path
) -> None:
    target = tmp_path / "mine.ora"

    async def script(front: Front) -> None:
        front.desk.saved_as = str(target)
        await ask_for(front, engine, 2)
        front.window.close()
        click(front, "Make them first")
        await asyncio.sleep(0.05)
        assert front.window.isEnabled()
        engine.gate.set()
        await until(lambda: bool(questions(front)))
        assert questions(front) == ["Save your painting before closing?"]
        await answer_question("save")
        await until(lambda: not front.window.isVisible())

    run_app(script)
    assert len(read_openraster(target).snapshot.sheets) == 4
    assert len(list(paths.library.rglob("*.png"))) == 2


def test_pictures_of_a_painting_that_is_not_open_any_more_are_made_before_closing(
    run_app: RunApp, engine: FakeEngine, paths: AppPaths
) -> None:
    async def script(front: Front) -> None:
        await ask_for(front, engine)
        front.desk.put(blank_canvas())
        front.window.close()
        click(front, "Make it first")
        engine.gate.set()
        await until(lambda: not front.window.isVisible())

    run_app(script)
    assert len(list(paths.library.rglob("*.png"))) == 1


def test_pictures_that_are_paused_since_a_crash_count_and_are_made(
    run_app: RunApp, engine: FakeEngine, paths: AppPaths, tmp_path: Path
) -> None:
    async def ask(front: Front) -> None:
        await ask_for(front, engine, 2)
        await journalled(front, paths.recovery)
        crash(paths, tmp_path / "crashed")

    async def restore(front: Front) -> None:
        await until(lambda: bar(front).isVisible())
        answer(front, "Restore")
        await until(lambda: len(front.queue.open) == 2)
        front.window.close()
        assert questions(front) == ["2 pictures are still to be made."]
        click(front, "Make them first")
        await until(lambda: bool(questions(front)))
        assert len(list(paths.library.rglob("*.png"))) == 2

    run_app(ask)
    engine.gate.set()
    come_back(paths, tmp_path / "crashed")
    run_app(restore)


def test_pictures_that_wait_for_another_word_are_asked_about_once_the_others_are_made(
    run_app: RunApp, engine: FakeEngine
) -> None:
    async def script(front: Front) -> None:
        await ask_for(front, engine)
        front.window.close()
        click(front, "Make it first")
        front.queue.add(front.queue.open[0].request, JobState.PAUSED)
        engine.gate.set()
        await until(lambda: bool(questions(front)))
        assert [job.state for job in front.queue.open] == [JobState.PAUSED]
        assert questions(front) == ["1 picture is still to be made."]

    run_app(script)


def fail(front: Front, engine: FakeEngine) -> None:
    engine.fails = UserError("There is not enough memory.")


def start_again(front: Front, engine: FakeEngine) -> None:
    front.window.called.emit([])


def stay_open(front: Front, engine: FakeEngine) -> None:
    click(front, "Stay open")


def do_something_else(front: Front, engine: FakeEngine) -> None:
    front.place.commands["open"].trigger()


@pytest.mark.parametrize("act", [fail, start_again, stay_open, do_something_else])
def test_the_window_stays_if_a_picture_fails_or_the_person_goes_on_meanwhile(
    run_app: RunApp, engine: FakeEngine, act: Callable[[Front, FakeEngine], None]
) -> None:
    async def script(front: Front) -> None:
        await ask_for(front, engine)
        front.desk.put(blank_canvas())  # nothing else would hold the window open
        front.window.close()
        click(front, "Make it first")
        act(front, engine)
        engine.gate.set()
        await until(lambda: not front.queue.open)
        await asyncio.sleep(0.05)
        assert front.window.isEnabled()
        assert not questions(front)
        assert engine.fails is None or "not enough memory" in front.place.notice.words
        if isinstance(dialog := QApplication.activeModalWidget(), QFileDialog):
            dialog.reject()

    run_app(script)


def test_closing_twice_asks_once_and_one_question_comes_after_the_other(
    run_app: RunApp, engine: FakeEngine
) -> None:
    async def script(front: Front) -> None:
        stroke(front)
        await ask_for(front, engine)
        for _ in range(2):
            front.window.close()
            assert questions(front) == ["1 picture is still to be made."]
        click(front, "Close without it")
        for _ in range(2):
            assert questions(front) == ["Save your painting before closing?"]
            front.window.close()
        await answer_question("stay")
        assert len(front.queue.open) == 1

    run_app(script)


def test_a_picture_that_is_still_being_planned_counts(
    run_app: RunApp, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(*arguments: Any) -> Any:  # a large painting
        begun.set()
        assert go_on.wait(10)
        return plan(*arguments)

    monkeypatch.setattr("studio.app.making.generate.plan", slow)

    async def script(front: Front) -> None:
        await until(lambda: bool(engine.prepared))
        front.place.commands["generate"].trigger()
        await until(begun.is_set)
        front.window.close()
        assert questions(front) == ["1 picture is still to be made."]
        click(front, "Make it first")
        go_on.set()
        await until(lambda: bool(questions(front)))
        assert questions(front) == ["Save your painting before closing?"]
        assert len(front.desk.canvas.document.layers) == 3

    run_app(script)
