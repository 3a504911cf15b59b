"""What is done while nobody does anything."""

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from studio.app.painting import idle
from studio.app.painting.desk import Desk, blank_canvas
from studio.app.painting.idle import Idle
from studio.core.picture import Size
from studio.paint.brush import Brush
from studio.paint.undo import UndoStack
from tests.paint.edits import paint


def test_the_history_is_packed_once_nothing_happens(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idle, "_QUIET", 1)
    canvas = blank_canvas(Size(64, 64))
    canvas.undo = UndoStack(canvas.document, near=0)
    parent = QObject()
    Idle(Desk(canvas), parent)
    for x in (10, 30, 50):
        paint(canvas, [(x, 30.0, 1.0)], Brush(size=20))
    before = canvas.undo.nbytes
    qtbot.waitUntil(lambda: canvas.undo.nbytes < before / 10)
