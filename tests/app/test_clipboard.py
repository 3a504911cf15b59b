"""Copy, cut and paste: within the painting, and with what other programs offer."""

import asyncio
import gc
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
import qasync
from PySide6.QtCore import QByteArray, QMimeData, QPoint, QRect, QSize, Qt, QUrl
from PySide6.QtGui import QColor, QGuiApplication, QImage, QPainter, QPainterPath
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QMainWindow, QPlainTextEdit
from pytestqt.qtbot import QtBot

from studio.app.front import Front
from studio.app.painting.clipboard import PLACE, PNG, Clipboard
from studio.app.painting.desk import Desk, blank_canvas
from studio.app.places import ICONS
from studio.app.tasks import Tasks
from studio.core.picture import Picture, Size
from studio.paint.canvas import Canvas
from studio.paint.commands import ChangeLayer
from studio.paint.layering import crop
from studio.paint.selection import Selection
from studio.paint.tiles import Tiles
from studio.storage.metadata import Mark
from studio.storage.pictures import write_picture
from studio.ui.actions import ActionId, make_actions
from studio.ui.icons import Icons
from tests.app.harness import until
from tests.storage.samples import gradient

RunApp = Callable[..., None]
BLOB = QRect(200, 240, 120, 60)


@pytest.fixture(autouse=True)
def nothing_copied(qapp: QApplication) -> Iterator[None]:
    QGuiApplication.clipboard().clear()
    yield
    QGuiApplication.clipboard().clear()  # what Python made must not outlive Python


def paint(canvas: Canvas, rect: QRect = BLOB, colour: str = "#ff0000") -> None:
    """A half transparent block on the active layer."""
    layer = canvas.document.active
    assert layer is not None
    half = QColor(colour)
    half.setAlpha(128)
    tiles = Tiles.filled(rect, half)
    canvas.document.swap_tiles(layer.id, {key: tiles.get(key) for key in tiles.keys()})  # noqa: SIM118


def select(canvas: Canvas, rect: QRect) -> None:
    path = QPainterPath()
    path.addRect(rect)
    canvas.selection.set(Selection.of_path(path, canvas.document.rect))


def pixels(canvas: Canvas, index: int, rect: QRect) -> QImage:
    """One layer's pixels in a rectangle."""
    image = QImage(rect.size(), QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(0)
    with QPainter(image) as painter:
        painter.translate(-rect.topLeft())
        canvas.document.layers[index].tiles.draw(painter, rect)
    return image


def offered() -> QImage:
    """What another program would get."""
    data = QGuiApplication.clipboard().mimeData().data(PNG)
    image = QImage.fromData(data, "PNG")
    return image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)


class Table:
    """A painting and the clipboard beside it; `seen` is what the view would show."""

    def __init__(self, window: QMainWindow) -> None:
        self.desk = Desk(blank_canvas())
        self.commands = make_actions(window, Icons(ICONS))
        self.seen = self.desk.canvas.document.rect
        self.told = ""
        self.tasks = Tasks(self._say)
        self.clipboard = Clipboard(
            self.desk, self.commands, lambda: None, lambda: self.seen, self.tasks, self._say
        )

    def _say(self, words: str) -> None:
        self.told = words

    def do(self, action: ActionId) -> None:
        self.commands[action].trigger()

    async def paste(self) -> Canvas:
        canvas = self.desk.canvas
        layers = len(canvas.document.layers)
        self.do("paste")
        await until(lambda: len(canvas.document.layers) == layers + 1)
        return canvas


Run = Callable[[Callable[[Table], Coroutine[Any, Any, None]]], None]


@pytest.fixture
def run(qapp: QApplication, qtbot: QtBot) -> Run:
    """Follow a script at a table."""
    window = QMainWindow()
    qtbot.addWidget(window)

    async def whole(script: Callable[[Table], Coroutine[Any, Any, None]]) -> None:
        table = Table(window)
        await asyncio.wait_for(script(table), 20)
        await table.clipboard.close()
        await table.tasks.settle()
        table.tasks.end()

    def follow(script: Callable[[Table], Coroutine[Any, Any, None]]) -> None:
        with qasync.QEventLoop(qapp) as loop:
            loop.run_until_complete(whole(script))
        gc.collect()  # here, for what Qt made must not be unmade on another thread

    return follow


def test_what_is_selected_comes_back_as_a_layer_in_its_place_and_undo_takes_it_away(
    run: Run,
) -> None:
    async def script(table: Table) -> None:
        canvas = table.desk.canvas
        paint(canvas)
        select(canvas, QRect(100, 200, 150, 70))
        table.do("copy")
        await table.paste()
        part = QRect(200, 240, 50, 30)
        assert pixels(canvas, 2, part) == pixels(canvas, 1, part)
        assert pixels(canvas, 2, canvas.document.rect).pixelColor(250, 240).alpha() == 0
        assert pixels(canvas, 2, canvas.document.rect).pixelColor(200, 270).alpha() == 0
        active = canvas.document.active
        assert active is canvas.document.layers[2]
        canvas.undo.undo()
        assert len(canvas.document.layers) == 2

    run(script)


def test_other_programs_get_the_trimmed_pixels_with_their_transparency_and_the_place(
    run: Run,
) -> None:
    async def script(table: Table) -> None:
        canvas = table.desk.canvas
        paint(canvas)
        table.do("copy")
        image = offered()
        assert image == pixels(canvas, 1, BLOB)
        assert image.pixelColor(0, 0).alpha() == 128
        place = QGuiApplication.clipboard().mimeData().data(PLACE).data()
        assert bytes(place) == b"200 240"

    run(script)


def test_what_lies_beyond_the_paper_is_not_copied(run: Run) -> None:
    async def script(table: Table) -> None:
        canvas = table.desk.canvas
        paint(canvas)
        canvas.do(crop(canvas.document, QRect(230, 250, 300, 300)))
        table.do("copy")
        assert offered().size() == QSize(90, 50)

    run(script)


def test_a_group_is_copied_as_its_layers_look_together(run: Run) -> None:
    async def script(table: Table) -> None:
        canvas = table.desk.canvas
        paint(canvas)
        table.do("group_layer")
        table.do("add_layer")
        paint(canvas, colour="#00ff00")
        group = canvas.document.tree[1]
        canvas.document.set_active(group.id)
        together = canvas.compositor.flatten(BLOB)
        table.do("copy")
        canvas.document.set_layer(group.id, visible=False)
        await table.paste()
        assert canvas.compositor.flatten(BLOB) == together

    run(script)


def test_all_layers_are_copied_as_they_look_without_those_that_are_hidden(run: Run) -> None:
    async def script(table: Table) -> None:
        canvas = table.desk.canvas
        paint(canvas)
        table.do("add_layer")
        paint(canvas, colour="#00ff00")
        hidden = canvas.document.active
        assert hidden is not None
        canvas.do(ChangeLayer.of(canvas.document, hidden.id, visible=False))
        select(canvas, BLOB)
        table.do("copy_merged")
        assert offered() == canvas.compositor.flatten(BLOB)

    run(script)


def test_cut_takes_away_what_it_copies_in_one_step(run: Run) -> None:
    async def script(table: Table) -> None:
        canvas = table.desk.canvas
        paint(canvas)
        before = canvas.compositor.flatten()
        select(canvas, QRect(200, 240, 50, 300))
        table.do("cut")
        assert canvas.undo.labels == ("Cut",)
        left = pixels(canvas, 1, BLOB)
        assert left.pixelColor(49, 0).alpha() == 0
        assert left.pixelColor(50, 0).alpha() == 128
        await table.paste()
        assert canvas.compositor.flatten() == before
        canvas.undo.go_to(0)
        assert canvas.compositor.flatten() == before
        canvas.selection.set(None)
        table.do("cut")
        assert not canvas.document.layers[1].tiles.keys()

    run(script)


@pytest.mark.parametrize("lock", ["locked", "alpha_locked"])
def test_nothing_is_cut_out_of_a_locked_layer_and_the_clipboard_stays(run: Run, lock: str) -> None:
    async def script(table: Table) -> None:
        canvas = table.desk.canvas
        paint(canvas)
        layer = canvas.document.active
        assert layer is not None
        canvas.do(ChangeLayer.of(canvas.document, layer.id, **{lock: True}))
        before = canvas.compositor.flatten()
        QGuiApplication.clipboard().setText("words")
        table.do("cut")
        assert "locked" in table.told
        assert canvas.compositor.flatten() == before
        assert QGuiApplication.clipboard().text() == "words"

    run(script)


def test_what_is_selected_is_erased_and_nothing_copied(run: Run) -> None:
    async def script(table: Table) -> None:
        canvas = table.desk.canvas
        paint(canvas)
        QGuiApplication.clipboard().setText("words")
        select(canvas, QRect(200, 240, 50, 300))
        table.do("erase")
        table.do("erase")  # there is nothing left
        assert canvas.undo.labels == ("Erase",)
        left = pixels(canvas, 1, BLOB)
        assert (left.pixelColor(49, 0).alpha(), left.pixelColor(50, 0).alpha()) == (0, 128)
        assert QGuiApplication.clipboard().text() == "words"

    run(script)


def test_an_empty_layer_leaves_the_clipboard_alone_and_words_are_no_picture(
    run: Run,
) -> None:
    async def script(table: Table) -> None:
        QGuiApplication.clipboard().setText("words")
        table.do("copy")
        assert "nothing to copy" in table.told
        assert QGuiApplication.clipboard().text() == "words"
        table.do("paste")
        assert "no picture" in table.told
        assert not table.desk.canvas.undo.can_undo

    run(script)


def test_a_strangers_picture_comes_into_the_middle_of_what_is_seen(run: Run) -> None:
    async def script(table: Table) -> None:
        offer = QMimeData()
        picture = gradient(64, 48)
        image = QImage(picture.rgba, 64, 48, 256, QImage.Format.Format_RGBA8888)
        offer.setImageData(image)
        QGuiApplication.clipboard().setMimeData(offer)
        canvas = await table.paste()
        place = QRect(480, 360, 64, 48)
        wanted = image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)
        assert pixels(canvas, 2, place) == wanted
        table.seen = QRect(10, 20, 64, 48)
        canvas = await table.paste()
        assert pixels(canvas, 3, table.seen) == wanted

    run(script)


def test_a_picture_larger_than_the_paper_is_made_to_fit(run: Run) -> None:
    async def script(table: Table) -> None:
        image = QImage(3000, 1000, QImage.Format.Format_RGB32)
        image.fill(QColor("red"))
        QGuiApplication.clipboard().setImage(image)
        canvas = await table.paste()
        shown = canvas.compositor.flatten()
        assert shown.pixelColor(2, 384) == shown.pixelColor(1021, 384) == QColor("red")
        assert shown.pixelColor(500, 200) == QColor("white")

    run(script)


def test_another_underpaint_tells_the_place_and_nonsense_there_is_passed_over(
    run: Run, tmp_path: Path
) -> None:
    file = tmp_path / "a.png"
    made = Picture(Size(40, 30), bytes((9, 8, 7, 255)) * 1200)
    write_picture(file, made, mark=Mark.GENERATED)

    async def script(table: Table) -> None:
        for told, corner in (
            (b"100 50", QPoint(100, 50)),
            (b"1 2 3", QPoint(492, 369)),
            (b"9" * 30 + b" 1", QPoint(492, 369)),
        ):
            offer = QMimeData()
            offer.setData(PNG, QByteArray(file.read_bytes()))
            offer.setData(PLACE, QByteArray(told))
            QGuiApplication.clipboard().setMimeData(offer)
            canvas = await table.paste()
            top = pixels(canvas, len(canvas.document.layers) - 1, canvas.document.rect)
            assert top.pixelColor(corner) == QColor(9, 8, 7)
            assert top.pixelColor(corner - QPoint(1, 0)).alpha() == 0
            assert top.pixelColor(corner + QPoint(39, 29)) == QColor(9, 8, 7)
            props = canvas.document.layers[-1].props
            assert (props.generated, props.pristine) == (True, made.digest)

    run(script)


def test_damaged_pictures_are_told_and_nothing_is_added(run: Run) -> None:
    async def script(table: Table) -> None:
        offer = QMimeData()
        offer.setData(PNG, QByteArray(b"\x89PNG\r\n\x1a\nnothing more"))
        QGuiApplication.clipboard().setMimeData(offer)
        table.do("paste")
        await until(lambda: "clipboard" in table.told)
        assert len(table.desk.canvas.document.layers) == 2

    run(script)


def test_copied_files_become_layers_with_their_names(run: Run, tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("hill.png", "sea.png")]
    for file in files:
        write_picture(file, gradient())

    async def script(table: Table) -> None:
        offer = QMimeData()
        offer.setUrls([QUrl.fromLocalFile(str(file)) for file in files])
        QGuiApplication.clipboard().setMimeData(offer)
        table.do("paste")
        document = table.desk.canvas.document
        await until(lambda: len(document.layers) == 4)
        assert [layer.name for layer in document.layers[2:]] == ["hill", "sea"]

    run(script)


def test_a_picture_from_a_file_becomes_a_layer_above_the_active_one(
    run_app: RunApp, tmp_path: Path
) -> None:
    file = tmp_path / "sea.png"
    write_picture(file, gradient())

    async def script(front: Front) -> None:
        document = front.desk.canvas.document
        document.set_active(document.layers[0].id)
        front.place.commands["layer_from_file"].trigger()
        await until(lambda: isinstance(QApplication.activeModalWidget(), QFileDialog))
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, QFileDialog)
        dialog.selectFile(str(file))
        dialog.accept()
        await until(lambda: len(document.layers) == 3)
        assert [layer.name for layer in document.layers] == ["Paper", "sea", "Layer 1"]

    run_app(script)


def test_text_fields_keep_their_own_copy_and_paste(run_app: RunApp) -> None:
    async def script(front: Front) -> None:
        canvas = front.desk.canvas
        paint(canvas)
        field = front.place.prompt.findChildren(QPlainTextEdit)[0]
        front.window.activateWindow()
        field.setFocus()
        await until(field.hasFocus)
        QTest.keyClicks(field, "a cat")
        for key in (Qt.Key.Key_A, Qt.Key.Key_C, Qt.Key.Key_V, Qt.Key.Key_V):
            QTest.keyClick(field, key, Qt.KeyboardModifier.ControlModifier)
        QTest.keyClick(field, Qt.Key.Key_Delete)
        assert not canvas.undo.can_undo
        assert front.form.value.prompt == "a cata cat"
        assert QGuiApplication.clipboard().text() == "a cat"
        assert len(canvas.document.layers) == 2
        front.place.view.setFocus()
        await until(front.place.view.hasFocus)
        QTest.keyClick(front.place.view, Qt.Key.Key_Delete)
        assert canvas.undo.labels == ("Erase",)

    run_app(script)


def test_what_is_copied_stays_as_it_was_when_painting_goes_on(run: Run) -> None:
    async def script(table: Table) -> None:
        canvas = table.desk.canvas
        paint(canvas)
        before = pixels(canvas, 1, BLOB)
        table.do("copy")
        paint(canvas, colour="#0000ff")
        await table.paste()
        assert pixels(canvas, 2, BLOB) == before

    run(script)
