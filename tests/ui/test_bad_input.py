"""Whatever pens, mice and menus do in whatever order: nothing breaks, and undo leads back."""

import math
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, QPointF, QRect, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from studio.app.painting.desk import blank_canvas
from studio.app.painting.edit import add_layer, do_on_layer
from studio.core.errors import UserError
from studio.core.observed import Observed
from studio.core.picture import Size
from studio.core.settings import BrushState
from studio.paint.canvas import Canvas
from studio.paint.layering import crop
from studio.ui.canvas.pointer import PointerSample
from studio.ui.canvas.selecting import reshape
from studio.ui.canvas.toolbox import RESHAPES, SELECTS
from studio.ui.canvas.tools import Tool
from studio.ui.canvas.view import CanvasView
from studio.ui.canvas.whole import WHOLE
from tests.paint.edits import snapshot
from tests.ui.hands import Hand
from tests.ui.pens import Pen

PAPER = Size(300, 280)
KINDS = ("press", "move", "release")
LAYERS = ("delete_layer", "duplicate_layer", "group_layer", "add_mask", "merge_down", "flatten")

wild = st.floats(-400, 700) | st.sampled_from([0.0, 1e6, -1e6, 1e9, math.nan, math.inf])
pen = st.tuples(
    st.just("pen"),
    st.sampled_from(KINDS),
    st.tuples(wild, wild),
    st.floats(-1, 2) | st.sampled_from([math.nan, 0.0]),
    st.integers(-2000, 2000),  # ms since the last report
    st.booleans(),
)
mouse = st.tuples(st.just("mouse"), st.sampled_from(KINDS), st.tuples(wild, wild), st.booleans())
drag = st.tuples(
    st.just("drag"), st.integers(0, 30), st.lists(st.tuples(wild, wild), min_size=1, max_size=4)
)
steps = st.lists(
    pen
    | drag
    | drag
    | mouse
    | st.tuples(st.just("tool"), st.integers(0, 30))
    | st.tuples(st.just("select"), st.sampled_from(sorted({*SELECTS, *RESHAPES, *WHOLE})))
    | st.tuples(st.just("layer"), st.sampled_from(LAYERS))
    | st.tuples(st.just("other"), st.sampled_from(["undo", "redo", "add", "tiny", "hide", "late"])),
    max_size=14,
)


class Chaos:
    """Does one step after another to a hand's view."""

    def __init__(self, hand: Hand) -> None:
        self.hand = hand
        self.pen = Pen(hand.view)
        self.tools = list(hand.tools)

    def do(self, step: tuple[Any, ...]) -> None:
        kind, *rest = step
        does: dict[str, Callable[..., None]] = {
            "pen": self._pen,
            "mouse": self._mouse,
            "tool": self._take,
            "drag": self._drag,
            "select": self._select,
            "layer": self._layer,
            "other": self._other,
        }
        does[kind](*rest)

    def _take(self, number: int) -> None:
        self.hand.view.use_tool(self.hand.tools[self.tools[number % len(self.tools)]])

    def _drag(self, number: int, points: list[tuple[float, float]]) -> None:
        self._take(number)
        self.pen.stroke(points)

    def _pen(self, kind: str, at: Any, pressure: float, gap: int, shift: bool) -> None:
        keys = Qt.KeyboardModifier.ShiftModifier if shift else Qt.KeyboardModifier.NoModifier
        self.pen.time = max(0, self.pen.time + gap)
        getattr(self.pen, kind)(at, pressure=pressure, gap=0, keys=keys)

    def _mouse(self, kind: str, at: tuple[float, float], right: bool) -> None:
        kinds = QEvent.Type
        names = {
            "press": kinds.MouseButtonPress,
            "move": kinds.MouseMove,
            "release": kinds.MouseButtonRelease,
        }
        button = Qt.MouseButton.RightButton if right else Qt.MouseButton.LeftButton
        place = QPointF(*at)
        event = QMouseEvent(
            names[kind], place, place, button, button, Qt.KeyboardModifier.NoModifier
        )
        QApplication.sendEvent(self.hand.view, event)

    def _select(self, name: str) -> None:
        canvas, aside = self.hand.canvas, self.hand.aside
        if name in RESHAPES:
            self._settled(lambda: reshape(canvas, RESHAPES[name], aside))
        elif name in WHOLE:
            self._settled(lambda: self.hand.whole(name))
        else:
            self._settled(lambda: SELECTS[name](canvas))

    def _layer(self, name: str) -> None:
        self._settled(lambda: do_on_layer(name, self.hand.canvas, self.hand.aside))

    def _settled(self, act: Callable[[], None]) -> None:
        """As the app does it: first the stroke ends."""
        self.hand.view.end_stroke()
        with suppress(UserError):
            act()

    def _other(self, name: str) -> None:
        canvas, view = self.hand.canvas, self.hand.view
        if name == "hide":
            view.hide()
            view.show()
        elif name == "late":  # what was begun beside the window comes later
            self.hand.aside.held = not self.hand.aside.held
            view.when_free(self.hand.aside.hand_on)
        elif name == "tiny":
            self._settled(lambda: canvas.do(crop(canvas.document, QRect(5, 5, 1, 1))))
        elif name == "add":
            self._settled(lambda: add_layer(canvas))
        else:
            self._settled(canvas.undo.undo if name == "undo" else canvas.undo.redo)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps)
def test_nothing_breaks_and_undo_leads_back_to_the_first_pixel(
    qtbot: QtBot, all_of_it: list[tuple[Any, ...]]
) -> None:
    hand = Hand(qtbot, blank_canvas(PAPER))
    first = snapshot(hand.canvas)
    chaos = Chaos(hand)
    with qtbot.captureExceptions() as raised:
        for step in all_of_it:
            chaos.do(step)
        hand.view.end_stroke()
        hand.view.repaint()
    assert not raised
    last = snapshot(hand.canvas)
    done = hand.canvas.undo.position
    hand.canvas.undo.go_to(0)
    assert snapshot(hand.canvas) == first
    hand.canvas.undo.go_to(done)
    assert snapshot(hand.canvas) == last
    hand.view.close()


class Faulty(Tool):
    """A tool with an error of ours in it."""

    def press(self, canvas: Canvas, sample: PointerSample) -> None:
        """Divide by nothing."""
        _ = 1 / (sample.pressure - sample.pressure)


def test_an_error_in_a_tool_is_told_and_does_not_end_the_app(qtbot: QtBot) -> None:
    view = CanvasView(Observed(BrushState()), Faulty())
    qtbot.addWidget(view)
    view.show()
    view.show_canvas(blank_canvas(PAPER))
    with qtbot.captureExceptions() as raised:
        place, button = QPointF(50, 50), Qt.MouseButton.LeftButton
        keys = Qt.KeyboardModifier.NoModifier
        kind = QEvent.Type.MouseButtonPress
        QApplication.postEvent(view, QMouseEvent(kind, place, place, button, button, keys))
        qtbot.waitUntil(lambda: bool(raised))
    assert [error for error, *_ in raised] == [ZeroDivisionError]
