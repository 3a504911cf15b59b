"""Opening, dropping, saving, and closing with unsaved painting."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QPoint
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication, QFileDialog

from studio.app.edit import add_layer
from studio.app.front import Front
from tests.app.harness import answer_question, until

RunApp = Callable[..., None]


def red_picture(folder: Path, width: int = 60, height: int = 40) -> Path:
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(QColor("red"))
    file = folder / "red.png"
    assert image.save(str(file))
    return file


def test_files_on_the_command_line_are_opened(run_app: RunApp, tmp_path: Path) -> None:
    async def script(front: Front) -> None:
        await until(lambda: front.desk.canvas.document.size.width() == 60)
        assert front.desk.canvas.compositor.image(0).pixelColor(QPoint(5, 5)) == QColor("red")
        assert not front.desk.unsaved

    run_app(script, red_picture(tmp_path))


def test_dropped_pictures_become_layers_that_fit(run_app: RunApp, tmp_path: Path) -> None:
    async def script(front: Front) -> None:
        front.place.view.dropped.emit([str(red_picture(tmp_path, 2048, 2048))])
        await until(lambda: len(front.desk.canvas.document.layers) == 3)
        image = front.desk.canvas.compositor.image(0)
        assert image.pixelColor(512, 5) == QColor("red")
        assert image.pixelColor(5, 384) == QColor("white")

    run_app(script)


def test_a_file_that_is_no_picture_is_told_and_the_painting_stays(
    run_app: RunApp, tmp_path: Path
) -> None:
    odd = tmp_path / "odd.png"
    odd.write_bytes(b"not a picture")

    async def script(front: Front) -> None:
        canvas = front.desk.canvas
        front.place.view.dropped.emit([str(odd)])
        await until(lambda: "odd.png" in front.place.notice.words)
        assert front.desk.canvas is canvas

    run_app(script)


def test_saving_asks_once_where_and_marks_the_painting_as_saved(
    run_app: RunApp, tmp_path: Path
) -> None:
    target = tmp_path / "mine.png"

    async def script(front: Front) -> None:
        add_layer(front.desk.canvas)
        assert front.window.isWindowModified()
        front.place.commands["save"].trigger()
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, QFileDialog)
        dialog.selectFile(str(target))
        dialog.accept()
        await until(lambda: not front.desk.unsaved)
        assert QImage(str(target)) == front.desk.canvas.compositor.flatten().convertToFormat(
            QImage(str(target)).format()
        )
        add_layer(front.desk.canvas)
        target.unlink()
        front.place.commands["save"].trigger()
        await until(target.exists)

    run_app(script)


def test_closing_with_unsaved_painting_asks_and_staying_stays(run_app: RunApp) -> None:
    async def script(front: Front) -> None:
        add_layer(front.desk.canvas)
        front.window.close()
        await answer_question("stay")
        await asyncio.sleep(0.05)
        assert front.window.isVisible()

    run_app(script)


def test_closing_without_changes_does_not_ask(run_app: RunApp) -> None:
    async def script(front: Front) -> None:
        front.window.close()
        assert QApplication.activeModalWidget() is None

    run_app(script)
