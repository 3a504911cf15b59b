"""Undo and the layer actions, also in the middle of a stroke."""

from collections.abc import Callable

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest

from studio.app.front import Front

RunApp = Callable[..., None]


def test_undo_in_the_middle_of_a_stroke_takes_back_what_is_there_of_it(run_app: RunApp) -> None:
    async def script(front: Front) -> None:
        view, canvas = front.place.view, front.desk.canvas
        front.place.commands["add_layer"].trigger()  # something to undo before the stroke
        before = canvas.compositor.flatten()
        middle = view.rect().center()
        QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=middle)
        QTest.mouseMove(view, middle + QPoint(30, 0))
        assert canvas.compositor.flatten() != before
        front.place.commands["undo"].trigger()
        assert canvas.compositor.flatten() == before
        QTest.mouseMove(view, middle + QPoint(60, 0))
        QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=middle)
        assert canvas.compositor.flatten() == before
        assert canvas.undo.can_redo
        assert len(canvas.document.layers) == 3

    run_app(script)


def test_deleting_the_layer_under_the_pen_loses_nothing_that_undo_cannot_bring_back(
    run_app: RunApp,
) -> None:
    async def script(front: Front) -> None:
        view, canvas = front.place.view, front.desk.canvas
        middle = view.rect().center()
        QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=middle)
        painted = canvas.compositor.flatten()
        front.place.commands["delete_layer"].trigger()
        QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=middle)
        assert len(canvas.document.layers) == 1
        canvas.undo.undo()
        assert canvas.compositor.flatten() == painted

    run_app(script)


def test_layer_actions_are_offered_only_where_they_do_something(run_app: RunApp) -> None:
    async def script(front: Front) -> None:
        commands, document = front.place.commands, front.desk.canvas.document
        assert not commands["undo"].isEnabled()
        assert not commands["raise_layer"].isEnabled()
        commands["lower_layer"].trigger()
        assert [layer.name for layer in document.layers] == ["Layer 1", "Paper"]
        assert not commands["lower_layer"].isEnabled()
        assert commands["undo"].isEnabled()
        for _ in range(2):
            commands["delete_layer"].trigger()
        assert not commands["delete_layer"].isEnabled()
        assert front.desk.canvas.compositor.image(0).pixelColor(5, 5) == QColor(0, 0, 0, 0)
        commands["add_layer"].trigger()
        assert document.active is not None

    run_app(script)
