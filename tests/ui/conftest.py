"""What the tests of the tools work with."""

import pytest
from pytestqt.qtbot import QtBot

from studio.app.painting.desk import blank_canvas
from studio.core.picture import Size
from studio.paint.canvas import Canvas
from tests.ui.hands import Hand


@pytest.fixture
def canvas() -> Canvas:
    """Small, white, with an empty layer to paint on."""
    return blank_canvas(Size(400, 300))


@pytest.fixture
def hand(qtbot: QtBot, canvas: Canvas) -> Hand:
    """Tools in a view of it."""
    return Hand(qtbot, canvas)
