"""What a person asks for in the midst of a stroke: no step of the history shows half of one."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QMessageBox

from studio.app.front import Front
from studio.storage.pictures import write_picture
from studio.ui.panels.gallery.acts import Asked
from tests.app.harness import answer_question, choose_file, saved_painting, until
from tests.storage.samples import gradient

RunApp = Callable[..., None]


def begin_stroke(front: Front) -> None:
    view = front.place.view
    front.place.notice.hide()  # it lies over the small canvas
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(100, 90))
    QTest.mouseMove(view, QPoint(200, 100))


async def close(front: Front, file: Path) -> None:
    front.window.close()


async def open_another(front: Front, file: Path) -> None:
    front.place.view.dropped.emit([str(file)])


async def start_new(front: Front, file: Path) -> None:
    front.place.commands["new"].trigger()
    await until(lambda: isinstance(QApplication.activeModalWidget(), QDialog))
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, QDialog)
    dialog.accept()


@pytest.mark.parametrize("act", [close, open_another, start_new])
def test_a_first_stroke_that_is_under_way_is_ended_and_asked_about(
    run_app: RunApp, tmp_path: Path, act: Callable[..., None]
) -> None:
    file = saved_painting(tmp_path / "other.ora")

    async def script(front: Front) -> None:
        canvas = front.desk.canvas
        begin_stroke(front)
        await act(front, file)
        await until(lambda: isinstance(QApplication.activeModalWidget(), QMessageBox))
        assert canvas.undo.labels == ("Paint",)
        await answer_question("stay")
        assert front.desk.canvas is canvas

    run_app(script)


async def drop(front: Front, file: Path) -> None:
    front.place.view.dropped.emit([str(file)])


async def add_file(front: Front, file: Path) -> None:
    front.place.commands["layer_from_file"].trigger()
    await choose_file(file)


async def paste(front: Front, file: Path) -> None:
    document = front.desk.canvas.document
    document.set_active(document.layers[0].id)  # the paper
    front.place.commands["copy"].trigger()
    front.place.commands["paste"].trigger()
    document.set_active(document.layers[1].id)


@pytest.mark.parametrize("act", [drop, add_file, paste])
def test_a_picture_that_is_laid_in_the_midst_of_a_stroke_is_the_step_after_it(
    run_app: RunApp, tmp_path: Path, act: Callable[..., None]
) -> None:
    file = tmp_path / "sea.png"
    write_picture(file, gradient())

    async def script(front: Front) -> None:
        undo = front.desk.canvas.undo
        await act(front, file)
        begin_stroke(front)  # while it is read
        await until(lambda: len(undo.labels) == 2)
        assert undo.labels[0] == "Paint"

    run_app(script)


def test_a_picture_of_the_gallery_is_put_on_the_canvas_after_the_stroke(run_app: RunApp) -> None:
    async def script(front: Front) -> None:
        front.place.commands["generate"].trigger()
        gallery, canvas = front.place.gallery, front.desk.canvas
        await until(lambda: len(gallery.ids) == 1 and not front.queue.open)
        canvas.undo.undo()
        begin_stroke(front)
        gallery.grid.asked.emit(Asked("place", tuple(gallery.ids)))
        await asyncio.sleep(0.2)
        assert not canvas.undo.can_undo
        QTest.mouseRelease(front.place.view, Qt.MouseButton.LeftButton, pos=QPoint(200, 200))
        await until(lambda: len(canvas.undo.labels) == 2)
        assert canvas.undo.labels == ("Paint", "Add layer")

    run_app(script)
