"""What a crash left behind is offered until it is back; pictures asked for are in some journal."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication, QMessageBox

from studio.app.front import Front
from studio.app.painting.desk import blank_canvas
from studio.app.rescue import recovery
from studio.core.errors import UserError
from studio.storage.journal.reader import discard, find_offers
from studio.storage.journal.writer import Journal
from studio.storage.paths import AppPaths
from tests.app.harness import FakeEngine, answer_question, until
from tests.app.test_recovery import answer, bar, come_back, crash, journalled, stroke

RunApp = Callable[..., None]


@pytest.fixture
def crashed(run_app: RunApp, paths: AppPaths, tmp_path: Path) -> None:
    """A painting is there to be offered."""

    async def paint(front: Front) -> None:
        stroke(front)
        await journalled(front, paths.recovery)
        crash(paths, tmp_path / "crashed")

    run_app(paint)
    come_back(paths, tmp_path / "crashed")


@pytest.mark.usefixtures("crashed")
def test_whoever_keeps_the_open_painting_for_now_can_restore_the_other_later(
    run_app: RunApp,
) -> None:
    async def try_to_restore(front: Front) -> None:
        await until(lambda: bar(front).isVisible())
        answer(front, "Restore")
        await until(lambda: isinstance(QApplication.activeModalWidget(), QMessageBox))

    async def script(front: Front) -> None:
        stroke(front)
        await try_to_restore(front)
        await answer_question("stay")
        assert not front.desk.recovered
        await try_to_restore(front)
        await answer_question("discard")
        assert front.desk.recovered
        assert not bar(front).isVisible()

    run_app(script)


@pytest.mark.usefixtures("crashed")
def test_what_could_not_be_discarded_is_offered_again(
    run_app: RunApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(path: Path) -> None:
        monkeypatch.setattr(recovery, "discard", discard)
        raise UserError("The folder is read-only.")

    monkeypatch.setattr(recovery, "discard", fail)

    async def script(front: Front) -> None:
        await until(lambda: bar(front).isVisible())
        answer(front, "Discard")
        await until(lambda: "read-only" in front.place.notice.words)
        assert bar(front).isVisible()
        answer(front, "Discard")
        await until(lambda: "discarded" in front.place.notice.words)
        assert not bar(front).isVisible()

    run_app(script)


def test_pictures_that_are_asked_for_are_in_a_journal_while_another_painting_is_opened(
    run_app: RunApp,
    paths: AppPaths,
    engine: FakeEngine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun, go_on, write = threading.Event(), threading.Event(), Journal.write

    def slow(journal: Journal, *arguments: Any) -> Any:
        begun.set()
        assert go_on.wait(10)
        return write(journal, *arguments)

    async def script(front: Front) -> None:
        await until(lambda: bool(engine.prepared))
        engine.gate.clear()
        front.place.commands["generate"].trigger()
        await until(lambda: len(front.queue.open) == 1)
        await journalled(front, paths.recovery)
        (old,) = paths.recovery.glob("*.journal")
        monkeypatch.setattr(Journal, "write", slow)
        front.desk.put(blank_canvas())
        await until(begun.is_set)
        assert old.exists()
        go_on.set()
        await until(lambda: not old.exists())
        crash(paths, tmp_path / "crashed")

    run_app(script)
    (offer,), _ = find_offers(tmp_path / "crashed")
    assert offer.jobs == 1
