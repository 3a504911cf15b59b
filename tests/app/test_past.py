"""The undo history panel: rows lead to what the painting was, however far, and memory is kept."""

import asyncio
import time
from collections.abc import Callable

from PySide6.QtCore import QItemSelectionModel, QPoint, QRect, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QListView, QSpinBox

from studio.app.front import Front
from studio.app.painting.desk import blank_canvas
from studio.paint.canvas import Canvas
from studio.paint.commands import PaintStroke
from studio.paint.lay import lay
from studio.paint.tiles import blank_tile
from tests.app.harness import until

RunApp = Callable[..., None]
HISTORY = "Undo history"


def dab(canvas: Canvas, number: int) -> None:
    """A square of its own place and colour."""
    layer = canvas.document.active
    assert layer is not None
    rect = QRect(number * 37 % 900, number * 53 % 700, 60, 60)
    colour = QColor.fromHsv(number * 7 % 360, 255, 200)
    step = lay(
        canvas.document,
        layer,
        rect,
        lambda painter: painter.fillRect(rect, colour),
        f"Dab {number}",
    )
    assert step is not None
    canvas.undo.push_done(step)


def show(front: Front) -> QListView:
    for dock in front.window.findChildren(type(front.place.layers.parentWidget())):
        if dock.windowTitle() == HISTORY:
            dock.raise_()
    return front.place.undo_history.findChildren(QListView)[0]


def words(rows: QListView) -> list[str]:
    model = rows.model()
    return [model.index(row, 0).data() for row in range(model.rowCount())]


def choose(rows: QListView, row: int) -> None:
    index = rows.model().index(row, 0)
    rows.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)


def test_a_row_waits_for_what_is_still_worked_out_and_loses_none_of_it(run_app: RunApp) -> None:
    async def script(front: Front) -> None:
        canvas, rows = front.desk.canvas, show(front)
        await until(rows.isVisible)
        for number in range(3):
            dab(canvas, number)
        painted = canvas.compositor.flatten()
        await until(lambda: len(words(rows)) == 4)
        front.place.commands["flip_across"].trigger()
        choose(rows, 1)
        await until(lambda: canvas.undo.position == 1)
        labels = ("Dab 0", "Dab 1", "Dab 2", "Flip")
        assert canvas.undo.labels == labels
        canvas.undo.go_to(3)
        assert canvas.compositor.flatten() == painted
        await until(lambda: len(words(rows)) == 5)
        front.place.commands["flip_down"].trigger()
        choose(rows, 4)  # a step that the new one takes the place of
        await until(lambda: canvas.undo.labels[-1] == "Flip" and not canvas.undo.can_redo)
        assert canvas.undo.position == 4
        assert canvas.undo.labels == labels

    run_app(script)


def test_every_row_leads_to_the_painting_as_it_was_then(run_app: RunApp) -> None:
    async def script(front: Front) -> None:
        canvas, rows = front.desk.canvas, show(front)
        await until(rows.isVisible)
        pictures: list[QImage] = [canvas.compositor.flatten()]
        for number in range(6):
            dab(canvas, number)
            pictures.append(canvas.compositor.flatten())
        await until(lambda: len(words(rows)) == 7)
        assert words(rows)[:2] == ["Beginning", "Dab 0"]
        for row in (3, 0, 6, 2):
            choose(rows, row)
            await until(lambda row=row: canvas.undo.position == row)
            assert canvas.compositor.flatten() == pictures[row]
        await until(lambda: rows.currentIndex().row() == 2)
        assert len(words(rows)) == 7
        front.place.commands["undo"].trigger()
        await until(lambda: rows.currentIndex().row() == 1)
        dab(canvas, 99)
        await until(lambda: words(rows) == ["Beginning", "Dab 0", "Dab 99"])

    run_app(script)


def test_a_long_way_is_gone_in_slices_between_which_the_window_works(run_app: RunApp) -> None:
    async def script(front: Front) -> None:
        canvas, rows = front.desk.canvas, show(front)
        await until(rows.isVisible)
        first = canvas.compositor.flatten()
        for number in range(300):
            dab(canvas, number)
        last = canvas.compositor.flatten()
        await until(lambda: len(words(rows)) == 301)
        undo = canvas.undo.undo

        def slow() -> None:
            time.sleep(0.002)
            undo()

        canvas.undo.undo = slow  # type: ignore[method-assign]
        choose(rows, 0)
        assert 200 < canvas.undo.position < 300
        await until(lambda: canvas.undo.position == 0)
        assert canvas.compositor.flatten() == first
        choose(rows, 300)
        await until(lambda: canvas.undo.position == 300)
        assert canvas.compositor.flatten() == last

    run_app(script)


def test_a_stroke_on_the_way_is_kept_and_ends_the_journey(run_app: RunApp) -> None:
    async def script(front: Front) -> None:
        canvas, view = front.desk.canvas, front.place.view
        for number in range(40):
            dab(canvas, number)
        undo = canvas.undo.undo

        def slow() -> None:
            time.sleep(0.005)
            undo()

        canvas.undo.undo = slow  # type: ignore[method-assign]
        front.place.undo_history.wanted.emit(0)
        middle = view.rect().center()
        QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=middle)
        QTest.mouseMove(view, middle + QPoint(30, 0))
        await asyncio.sleep(0.3)
        assert canvas.undo.labels[-1] == "Paint"
        assert len(canvas.undo.labels) == canvas.undo.position > 1

    run_app(script)


def forty_megabytes(canvas: Canvas) -> None:
    """A step that keeps as much."""
    layer = canvas.document.active
    assert layer is not None
    tiles = {(column, 50): blank_tile() for column in range(160)}
    canvas.undo.push_done(PaintStroke(layer.id, dict.fromkeys(tiles), tiles))


def test_the_memory_is_kept_to_in_every_painting_and_remembered(run_app: RunApp) -> None:
    async def first(front: Front) -> None:
        box = front.place.undo_history.findChildren(QSpinBox)[0]
        for _ in range(2):
            forty_megabytes(front.desk.canvas)
        assert len(front.desk.canvas.undo.labels) == 2
        box.setValue(64)
        assert len(front.desk.canvas.undo.labels) == 1
        front.place.commands["rulers"].trigger()

    async def second(front: Front) -> None:
        assert front.place.commands["rulers"].isChecked()
        assert front.place.view.aids.value.shown
        assert front.place.undo_history.findChildren(QSpinBox)[0].value() == 64
        front.desk.put(blank_canvas())
        for _ in range(2):
            forty_megabytes(front.desk.canvas)
        assert len(front.desk.canvas.undo.labels) == 1

    run_app(first)
    run_app(second)
