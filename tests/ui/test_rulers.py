"""Rulers and guides: dragged out, moved, thrown away, kept to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from studio.app.painting.desk import blank_canvas
from studio.core.observed import Observed
from studio.core.picture import Size
from studio.core.settings import BrushState
from studio.paint.canvas import Canvas
from studio.paint.guides import Guides, Way
from studio.ui.canvas.aside import do_aside
from studio.ui.canvas.ruler import BREADTH, Ruler, step_for
from studio.ui.canvas.selecting import SelectTool
from studio.ui.canvas.shapes import Shape
from studio.ui.canvas.view import CanvasView
from studio.ui.canvas.viewport import Viewport
from studio.ui.canvas.whole import WHOLE
from tests.paint.edits import snapshot
from tests.ui.hands import Waiting
from tests.ui.pens import Pen, brush_tool

LEFT = Qt.MouseButton.LeftButton
VIEW = Viewport(scale=0.5, x=60.0, y=40.0)


@pytest.fixture
def canvas() -> Canvas:
    return blank_canvas(Size(800, 600))


@pytest.fixture
def view(qtbot: QtBot, canvas: Canvas) -> CanvasView:
    brush = Observed(BrushState(size=10, colour="#ff0000"))
    view = CanvasView(brush, brush_tool(brush))
    qtbot.addWidget(view)
    view.resize(600, 450)
    view.show()
    view.show_canvas(canvas)
    view.look(VIEW)
    view.aids.change(shown=True)
    return view


def drag(view: CanvasView, start: tuple[int, int], end: tuple[int, int]) -> None:
    """Between two widget points."""
    QTest.mousePress(view, LEFT, pos=QPoint(*start))
    QTest.mouseMove(view, QPoint(*end))
    view.repaint()
    QTest.mouseRelease(view, LEFT, pos=QPoint(*end))


def test_a_drag_out_of_a_ruler_makes_a_guide_and_paints_nothing(view, canvas):
    before = snapshot(canvas)
    drag(view, (300, 8), (310, 140))
    drag(view, (8, 300), (160, 310))
    assert canvas.guides.value == Guides(across=(200,), down=(200,))
    assert snapshot(canvas) == before
    assert canvas.undo.labels == ("Change guides", "Change guides")
    shown = view.grab().toImage()
    on_line = shown.pixelColor(400, 140)
    assert on_line != QColor("white") != shown.pixelColor(160, 400)
    assert shown.pixelColor(400, 145) == QColor("white")
    canvas.undo.undo()
    assert canvas.guides.value == Guides(across=(200,))


def test_a_guide_is_moved_where_it_ends_and_thrown_off_the_paper(view, canvas):
    canvas.guides.set(Guides(across=(200,), down=(300,)))
    drag(view, (8, 141), (8, 190))
    assert canvas.guides.value == Guides(across=(300,), down=(300,))
    drag(view, (210, 8), (20, 8))
    assert canvas.guides.value == Guides(across=(300,))
    canvas.undo.undo()
    assert canvas.guides.value.down == (300,)


def test_hidden_rulers_are_painted_under_like_anything_else(view, canvas):
    view.aids.change(shown=False)
    view.look(Viewport())
    drag(view, (300, 8), (300, 100))
    assert canvas.guides.value == Guides()
    assert canvas.compositor.image(0).pixelColor(300, 50) == QColor("red")


TURNED = [VIEW.turned(angle, QPointF(300, 220)) for angle in (30, 60, 90, -100, 180)]


@pytest.mark.parametrize("look", [*TURNED, TURNED[1].flipped(QPointF(260, 9))])
def test_in_a_turned_view_rulers_measure_and_make_guides_like_in_any(view, canvas, look):
    view.look(look)
    middle = (400.0, 300.0)
    for start in ((300, 8), (8, 200)):
        drag(view, start, look.point_on_widget(QPointF(*middle)).toPoint().toTuple())
    (across,), (down,) = canvas.guides.value.across, canvas.guides.value.down
    assert (across, down) == pytest.approx((300, 400), abs=2)  # the pointer is on a whole pixel
    shown = view.grab().toImage()
    for ruler in (Ruler.of(look, flat=True), Ruler.of(look, flat=False)):
        line = dict(zip((Way.ACROSS, Way.DOWN), (across, down), strict=True))[ruler.measured]
        place = round(ruler.place(line))
        end = QPoint(place, 9) if ruler.flat else QPoint(9, place)
        assert shown.pixelColor(end) == QColor("#3fa7d6")
        inner = QPointF(place, BREADTH) if ruler.flat else QPointF(BREADTH, place)
        there = look.to_document(inner)  # the guide itself ends there
        assert (there.y() if ruler.measured is Way.ACROSS else there.x()) == pytest.approx(
            line, abs=2
        )
        drag(view, end.toTuple(), look.point_on_widget(QPointF(100, 80)).toPoint().toTuple())
    (across,), (down,) = canvas.guides.value.across, canvas.guides.value.down
    assert (across, down) == pytest.approx((80, 100), abs=2)


def test_measuring_tools_keep_to_guides_only_when_asked_to(view, canvas):
    canvas.guides.set(Guides(across=(100, 300), down=(150, 400)))
    view.use_tool(SelectTool(Shape.RECTANGLE))
    for snap, wanted in ((False, (155, 97, 241, 212)), (True, (150, 100, 250, 200))):
        view.aids.change(snap=snap)
        Pen(view).stroke([(155, 97), (396, 309)])
        bounds = canvas.selection.value.bounds
        assert (bounds.x(), bounds.y(), bounds.width(), bounds.height()) == wanted
    Pen(view).stroke([(180, 97), (330, 340)])  # farther than a few pixels of the widget
    assert canvas.selection.value.bounds == QRect(180, 100, 150, 240)


def test_brushes_never_keep_to_guides(view, canvas):
    canvas.guides.set(Guides(down=(150,)))
    view.aids.change(snap=True)
    Pen(view).stroke([(143, 100), (143, 300)])
    assert canvas.compositor.image(0).pixelColor(143, 200) == QColor("red")
    assert canvas.compositor.image(0).pixelColor(151, 200) == QColor("white")


@pytest.mark.parametrize(
    "look", [VIEW, VIEW.turned(30, QPointF(200, 200)), VIEW.flipped(QPointF(260, 9))]
)
def test_turned_and_mirrored_views_draw_guides_where_they_lie(view, canvas, look):
    view.look(look)
    clean = view.grab().toImage()
    canvas.guides.set(Guides(down=(300,)))
    shown = view.grab().toImage()
    for at, differs in ((300, True), (290, False), (310, False)):
        place = look.point_on_widget(QPointF(at, 250)).toPoint()
        assert view.rect().contains(place)
        around = QRect(place - QPoint(1, 1), place + QPoint(1, 1))
        assert (shown.copy(around) != clean.copy(around)) == differs


def test_cropping_takes_guides_along(view, canvas):
    canvas.guides.set(Guides(across=(100,), down=(150,)))
    view.use_tool(SelectTool(Shape.RECTANGLE))
    Pen(view).stroke([(50, 60), (700, 500)])
    do_aside(Waiting(), canvas, WHOLE["crop"](canvas))
    assert canvas.guides.value == Guides(across=(40,), down=(100,))
    canvas.undo.undo()
    assert canvas.guides.value == Guides(across=(100,), down=(150,))


@given(st.floats(1 / 64, 64.0))
def test_numbers_on_a_ruler_are_round_and_leave_room_for_each_other(scale):
    step = step_for(scale)
    assert step == round(step)
    assert str(round(step)).rstrip("0") in ("1", "2", "5")
    assert step * scale >= 60
    assert step == 5 or step * scale <= 60 * 2.5


@given(st.lists(st.integers(0, 999), max_size=8), st.floats(-50, 1050), st.floats(0, 40))
def test_a_point_is_drawn_to_the_closest_guide_in_reach_or_stays(lines, at, reach):
    point = Guides(down=tuple(lines)).snapped(QPointF(at, 7.5), reach)
    assert point.y() == 7.5
    distances = [abs(line - at) for line in lines]
    if distances and min(distances) <= reach:
        assert point.x() in lines
        assert abs(point.x() - at) == min(distances)
    else:
        assert point.x() == at
