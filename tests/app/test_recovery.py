"""After a crash: the painting, its history and the queue are offered and come back."""

import asyncio
import shutil
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton

from studio.app.front import Front
from studio.app.painting.edit import add_layer
from studio.core.errors import UserError
from studio.core.jobs import JobState
from studio.core.picture import Size
from studio.core.request import GenerationRequest
from studio.paint.snapshot import Snapshot
from studio.storage.journal.reader import find_offers, recover
from studio.storage.journal.writer import Journal
from studio.storage.paths import AppPaths
from studio.ui.offer import OfferBar
from studio.ui.panels.queue import PausedRow
from tests.app.harness import FakeEngine, answer_question, until
from tests.storage.snapshots import contents

RunApp = Callable[..., None]


def bar(front: Front) -> OfferBar:
    return front.place.view.findChild(OfferBar)


def answer(front: Front, text: str) -> None:
    """Click a button of the question that is shown."""
    buttons = bar(front).findChildren(QPushButton)
    next(each for each in reversed(buttons) if each.text() == text).click()


async def journalled(front: Front, folder: Path) -> None:
    """Wait until what was done is in a journal, by adding a mark to it."""
    mark = str(uuid4())
    front.form.change(negative=mark)

    def has_mark(path: Path) -> bool:
        with closing(sqlite3.connect(path)) as db, suppress(sqlite3.OperationalError):
            (facts,) = db.execute("SELECT value FROM facts").fetchone() or ("",)
            return mark in facts
        return False

    while not any(map(has_mark, folder.glob("*.journal"))):
        await asyncio.sleep(0.05)


def crash(paths: AppPaths, to: Path) -> None:
    """What the folder of journals holds now, as a crash would leave it."""
    shutil.copytree(paths.recovery, to)


def come_back(paths: AppPaths, crashed: Path) -> None:
    shutil.rmtree(paths.recovery, ignore_errors=True)
    shutil.copytree(crashed, paths.recovery)


def stroke(front: Front, y: int = 90) -> None:
    view = front.place.view
    front.place.notice.hide()  # it lies over the small canvas
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(100, y))
    QTest.mouseMove(view, QPoint(200, y + 10))
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(200, y + 10))


def test_what_was_painted_is_offered_and_comes_back_with_its_history(
    run_app: RunApp, paths: AppPaths, tmp_path: Path
) -> None:
    seen = []

    async def paint(front: Front) -> None:
        add_layer(front.desk.canvas)
        stroke(front)
        stroke(front, 130)
        front.form.change(prompt="a fox")
        front.desk.dpi = 72.0
        seen.append(contents(Snapshot.of_canvas(front.desk.canvas)))
        await journalled(front, paths.recovery)
        crash(paths, tmp_path / "crashed")

    async def restore(front: Front) -> None:
        await until(lambda: bar(front).isVisible())
        assert "in the midst of a painting without a name" in bar(front).words
        answer(front, "Restore")
        await until(lambda: front.desk.recovered)
        canvas = front.desk.canvas
        assert contents(Snapshot.of_canvas(canvas)) == seen[0]
        assert canvas.undo.labels == ("Add layer", "Paint", "Paint")
        assert (front.form.value.prompt, front.desk.dpi) == ("a fox", 72.0)
        assert front.window.windowTitle() == "Untitled (recovered)[*] - Underpaint"
        assert front.desk.unsaved
        canvas.undo.go_to(0)
        stroke(front)
        seen.append(contents(Snapshot.of_canvas(front.desk.canvas)))
        await journalled(front, paths.recovery)
        crash(paths, tmp_path / "crashed again")

    async def restore_again(front: Front) -> None:
        await until(lambda: bar(front).isVisible())
        answer(front, "Restore")
        await until(lambda: front.desk.recovered)
        canvas = front.desk.canvas
        assert contents(Snapshot.of_canvas(canvas)) == seen[1]
        assert canvas.undo.labels == ("Paint",)

    run_app(paint)
    assert not list(paths.recovery.glob("*"))  # closed as it should be, nothing stays behind
    come_back(paths, tmp_path / "crashed")
    run_app(restore)
    assert not list(paths.recovery.glob("*"))
    come_back(paths, tmp_path / "crashed again")
    run_app(restore_again)


def test_a_painting_that_crashes_before_anybody_answers_is_offered_again_beside_the_next(
    run_app: RunApp, paths: AppPaths, tmp_path: Path
) -> None:
    async def paint(front: Front) -> None:
        stroke(front)
        await journalled(front, paths.recovery)
        crash(paths, tmp_path / f"crashed{len(list(tmp_path.glob('crashed*')))}")

    async def discard(front: Front) -> None:
        await until(lambda: bar(front).isVisible())
        assert "One more painting waits." in bar(front).words
        answer(front, "Discard")
        await until(lambda: "discarded" in front.place.notice.words)
        undo = [
            each for each in front.place.notice.findChildren(QPushButton) if not each.isHidden()
        ]
        undo[0].click()
        await until(
            lambda: bar(front).isVisible() and "One more painting waits." in bar(front).words
        )
        answer(front, "Discard")
        await until(lambda: bar(front).isVisible() and "more" not in bar(front).words)
        answer(front, "Later")
        assert not front.desk.recovered

    run_app(paint)
    come_back(paths, tmp_path / "crashed0")
    run_app(paint)
    come_back(paths, tmp_path / "crashed1")
    run_app(discard)
    assert len(list(paths.recovery.glob("*.journal"))) == 1


def test_the_queue_comes_back_paused_and_is_made_on_request(
    run_app: RunApp, paths: AppPaths, engine: FakeEngine, tmp_path: Path
) -> None:
    async def ask(front: Front) -> None:
        engine.gate.clear()
        await until(lambda: bool(engine.prepared))
        for _ in range(2):
            front.place.commands["generate"].trigger()
        await until(lambda: len(front.queue.open) == 2)
        await until(lambda: front.queue.open[0].state is JobState.RUNNING)
        await journalled(front, paths.recovery)
        crash(paths, tmp_path / "crashed")

    async def resume(front: Front) -> None:
        await until(lambda: bar(front).isVisible())
        assert "2 pictures were waiting" in bar(front).words
        answer(front, "Restore")
        await until(lambda: len(front.queue.open) == 2)
        asked = [job.request for job in front.queue.open]
        assert {job.state for job in front.queue.open} == {JobState.PAUSED}
        assert not engine.requests
        front.place.commands["resume_jobs"].trigger()
        await until(lambda: not front.queue.open)
        assert engine.requests == asked
        names = [layer.name for layer in front.desk.canvas.document.layers]
        assert sum(name.startswith("Picture ") for name in names) == 2

    run_app(ask)
    engine.requests.clear()
    engine.gate.set()
    come_back(paths, tmp_path / "crashed")
    run_app(resume)


def test_a_picture_that_ended_the_app_twice_waits_for_a_second_word(
    run_app: RunApp, paths: AppPaths, engine: FakeEngine, tmp_path: Path
) -> None:
    async def ask(front: Front) -> None:
        await until(lambda: bool(engine.prepared))
        engine.gate.clear()
        if not bar(front).isVisible() and not list(tmp_path.glob("crashed*")):
            front.place.commands["generate"].trigger()
            front.place.commands["generate"].trigger()
        else:
            await until(lambda: bar(front).isVisible())
            answer(front, "Restore")
            await until(lambda: len(front.queue.open) == 2)
            front.place.commands["resume_jobs"].trigger()
        await until(lambda: any(job.state is JobState.RUNNING for job in front.queue.open))
        await journalled(front, paths.recovery)
        crash(paths, tmp_path / f"crashed{len(list(tmp_path.glob('crashed*')))}")

    async def resume(front: Front) -> None:
        await until(lambda: bar(front).isVisible())
        answer(front, "Restore")
        await until(lambda: len(front.queue.open) == 2)
        front.place.commands["resume_jobs"].trigger()
        await until(lambda: len(front.queue.open) == 1)
        assert len(engine.requests) == 1
        assert "ended with" in front.place.notice.words
        front.place.commands["resume_jobs"].trigger()
        await until(lambda: not front.queue.open)

    run_app(ask)
    come_back(paths, tmp_path / "crashed0")
    run_app(ask)
    come_back(paths, tmp_path / "crashed1")
    engine.requests.clear()
    engine.gate.set()
    run_app(resume)


def test_a_journal_that_cannot_be_written_is_told_once_and_tried_again(
    run_app: RunApp, paths: AppPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studio.app.rescue.recorder.LATER", 50)
    paths.data.mkdir(parents=True)
    paths.recovery.write_text("in the way")

    async def paint(front: Front) -> None:
        stroke(front)
        await until(lambda: "A crash would take" in front.place.notice.words)
        front.place.notice.hide()
        stroke(front, 130)
        await asyncio.sleep(0.5)
        assert front.place.notice.isHidden()
        assert front.desk.canvas.undo.position == 2
        paths.recovery.unlink()
        await until(lambda: "safe against a crash again" in front.place.notice.words)
        (offer,), _ = find_offers(paths.recovery)
        assert len(recover(offer.path).states) == 3

    run_app(paint)


def test_a_damaged_painting_comes_back_as_far_as_it_can_be_read_and_its_file_is_kept(
    run_app: RunApp, paths: AppPaths, tmp_path: Path
) -> None:
    async def paint(front: Front) -> None:
        stroke(front)
        await journalled(front, paths.recovery)
        crash(paths, tmp_path / "crashed")

    async def restore(front: Front) -> None:
        await until(lambda: bar(front).isVisible())
        answer(front, "Restore")
        await until(lambda: front.desk.recovered)
        assert "damaged" in front.place.notice.words
        await until(lambda: any((paths.recovery / "damaged").glob("*.journal")))
        await journalled(front, paths.recovery)

    run_app(paint)
    come_back(paths, tmp_path / "crashed")
    (journal,) = paths.recovery.glob("*.journal")
    with closing(sqlite3.connect(journal)) as db, db:
        db.execute("UPDATE tiles SET data = x'00' WHERE id = (SELECT max(id) FROM tiles)")
    run_app(restore)
    assert len(list(paths.recovery.glob("*"))) == 1


def test_a_second_start_has_its_file_opened_once_the_painting_is_safe(
    run_app: RunApp, paths: AppPaths, tmp_path: Path
) -> None:
    image = QImage(30, 20, QImage.Format.Format_RGB32)
    image.fill(QColor("red"))
    assert image.save(str(tmp_path / "red.png"))

    async def script(front: Front) -> None:
        stroke(front)
        canvas = front.desk.canvas
        front.window.called.emit([str(tmp_path / "red.png")])
        await answer_question("stay")
        assert front.desk.canvas is canvas
        front.window.called.emit([str(tmp_path / "red.png")])
        await answer_question("discard")
        await until(lambda: front.desk.canvas.document.size.width() == 30)

    run_app(script)


def test_the_queue_panel_shows_what_is_paused_and_clears_it(
    run_app: RunApp, engine: FakeEngine
) -> None:
    async def script(front: Front) -> None:
        row = front.window.findChild(PausedRow)
        assert row.isHidden()
        request = GenerationRequest(model=Path(), seed=1, size=Size(8, 8))
        for _ in range(2):
            front.queue.add(request, JobState.PAUSED)
        assert not row.isHidden()
        assert "2 paused" in [label.text() for label in row.findChildren(QLabel)]
        front.place.commands["cancel"].trigger()  # has nothing to do with them
        assert len(front.queue.open) == 2
        next(each for each in row.findChildren(QPushButton) if each.text() == "Clear").click()
        assert row.isHidden()
        assert not front.queue.open

    run_app(script)


def test_a_write_that_fails_while_another_painting_comes_back_does_not_cost_its_history(
    run_app: RunApp, paths: AppPaths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    back, write = threading.Event(), Journal.write

    def fail(journal: Journal, *arguments: Any) -> None:
        monkeypatch.setattr(Journal, "write", write)
        assert back.wait(10)
        raise UserError("There is no room.")

    async def paint(front: Front) -> None:
        for y in (90, 110, 130):
            stroke(front, y)
            front.desk.canvas.undo.undo()
            stroke(front, y)
        await journalled(front, paths.recovery)
        crash(paths, tmp_path / "crashed")

    async def restore(front: Front) -> None:
        await until(lambda: bar(front).isVisible())
        monkeypatch.setattr(Journal, "write", fail)
        stroke(front)
        front.desk.canvas.undo.undo()
        await until(lambda: Journal.write is write)  # it is being written now
        answer(front, "Restore")
        await until(lambda: front.desk.recovered)
        back.set()
        await until(lambda: "no room" in front.place.notice.words)
        await journalled(front, paths.recovery)
        crash(paths, tmp_path / "crashed again")

    monkeypatch.setattr("studio.app.rescue.recorder.LATER", 50)
    run_app(paint)
    come_back(paths, tmp_path / "crashed")
    run_app(restore)
    (offer,), _ = find_offers(tmp_path / "crashed again")
    assert len(recover(offer.path).states) == 4
