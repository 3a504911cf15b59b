"""The frame that says what the model sees: dragged out, moved, resized, kept on the paper."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QPainterPath
from pytestqt.qtbot import QtBot

from studio.app.painting.desk import blank_canvas
from studio.core.observed import Observed
from studio.core.picture import Size
from studio.core.settings import BrushState
from studio.core.sizing import SizeRule
from studio.paint.canvas import Canvas
from studio.paint.frame import Frame
from studio.paint.selection import Selection
from studio.ui.canvas.aside import do_aside
from studio.ui.canvas.frame_marks import Sizing
from studio.ui.canvas.framing import FrameTool
from studio.ui.canvas.pointer import PointerSample
from studio.ui.canvas.toolbox import SELECTS
from studio.ui.canvas.tools import Tool
from studio.ui.canvas.view import CanvasView
from studio.ui.canvas.viewport import Viewport
from studio.ui.canvas.whole import WHOLE
from tests.paint.edits import snapshot
from tests.ui.hands import Waiting
from tests.ui.pens import Pen, shown

SHIFT = Qt.KeyboardModifier.ShiftModifier
PAPER = Size(1000, 700)
VIEWS = [Viewport(scale=0.5, x=30.0, y=40.0), Viewport(0.5, 300.0, 20.0, 30.0, mirrored=True)]


@pytest.fixture
def canvas() -> Canvas:
    return blank_canvas(PAPER)


@pytest.fixture
def sizing() -> Observed[Sizing]:
    return Observed(Sizing(SizeRule(Size(512, 512), 8)))


@pytest.fixture(params=VIEWS, ids=["upright", "turned"])
def view(
    qtbot: QtBot, canvas: Canvas, sizing: Observed[Sizing], request: pytest.FixtureRequest
) -> CanvasView:
    view = CanvasView(Observed(BrushState()), FrameTool(sizing))
    qtbot.addWidget(view)
    view.resize(700, 600)
    view.show()
    view.show_canvas(canvas)
    view.look(request.param)
    view.repaint()
    return view


def test_a_frame_is_dragged_out_moved_and_resized_and_each_is_one_step(view, canvas):
    before = snapshot(canvas)
    pen = Pen(view)
    pen.stroke([(101, 99), (300, 300), (356, 228)])
    assert canvas.frame.value == Frame(101, 99, 256, 128)
    pen.stroke([(200, 150), (230, 171)])
    assert canvas.frame.value == Frame(131, 120, 256, 128)
    pen.stroke([(387, 248), (460, 304)])  # its lower right corner
    assert canvas.frame.value == Frame(131, 120, 328, 184)
    pen.stroke([(131, 212), (91, 500)])  # its left edge
    assert canvas.frame.value == Frame(91, 120, 368, 184)
    assert canvas.undo.labels == ("Change the frame",) * 4
    canvas.undo.go_to(1)
    assert canvas.frame.value == Frame(101, 99, 256, 128)
    canvas.undo.go_to(0)
    assert canvas.frame.value is None
    assert snapshot(canvas) == before


def test_shift_keeps_the_form_of_the_size_that_is_chosen(view, canvas, sizing):
    pen = Pen(view)
    sizing.change(size=Size(768, 512))
    pen.stroke([(100, 100), (400, 500)], keys=SHIFT)
    assert canvas.frame.value == Frame(100, 100, 600, 400)
    pen.stroke([(700, 500), (400, 330)], keys=SHIFT)
    assert canvas.frame.value == Frame(100, 100, 348, 232)
    pen.stroke([(100, 100), (-500, -900)], keys=SHIFT)
    frame = canvas.frame.value
    assert abs(frame.width / frame.height - 1.5) < 0.02
    assert frame.x == 0


def test_without_a_chosen_size_shift_keeps_the_frames_own_form(view, canvas):
    canvas.frame.set(Frame(100, 100, 512, 256))
    Pen(view).stroke([(612, 356), (356, 130)], keys=SHIFT)
    assert canvas.frame.value == Frame(100, 100, 256, 128)


def test_the_papers_edges_attract_and_hold(view, canvas):
    pen = Pen(view)
    pen.stroke([(600, 400), (990, 5000)])
    assert canvas.frame.value == Frame(600, 400, 400, 300)
    pen.stroke([(800, 500), (-3000, 300)])
    assert canvas.frame.value == Frame(0, 200, 400, 300)
    pen.stroke([(200, 300), (208, 112)])
    assert canvas.frame.value == Frame(0, 0, 400, 300)


def test_a_click_changes_nothing(view, canvas):
    frame = Frame(200, 200, 300, 300)
    canvas.frame.set(frame)
    pen = Pen(view)
    for place in ((100, 100), (300, 300), (200, 200)):
        pen.stroke([place])
        pen.stroke([place, (place[0] + 0.2, place[1])])
    assert canvas.frame.value == frame
    assert not canvas.undo.can_undo


def test_zoomed_out_sides_are_whole_multiples_of_64(view, canvas):
    view.look(Viewport(scale=0.2))
    view.repaint()
    Pen(view).stroke([(100, 100), (390, 333)])
    assert canvas.frame.value == Frame(100, 100, 320, 256)


@given(
    st.lists(
        st.tuples(
            st.floats(-200, 1200) | st.sampled_from([math.nan, math.inf, -1e9]),
            st.floats(-200, 1200),
            st.booleans(),
            st.booleans(),
        ),
        max_size=8,
    )
)
def test_whatever_the_pointer_does_the_frame_is_none_or_on_the_paper(moves):
    canvas, tool = blank_canvas(PAPER), FrameTool(Observed(Sizing(size=Size(512, 64))))
    for x, y, shift, again in moves:
        sample = PointerSample(QPointF(x, y), shift=shift)
        if again:
            tool.release()
            tool.press(canvas, sample)
        tool.move(sample)
        tool.move(PointerSample(QPointF(y, x), shift=shift))
    tool.release()
    frame = canvas.frame.value
    assert frame is None or canvas.document.rect.contains(frame.rect)


def test_the_frame_goes_around_the_selection_and_away_again(canvas):
    SELECTS["frame_selection"](canvas)
    assert canvas.frame.value == Frame(0, 0, 1000, 700)
    path = QPainterPath()
    path.addEllipse(QRect(120, 80, 200, 100))
    canvas.selection.set(Selection.of_path(path, canvas.document.rect))
    SELECTS["frame_selection"](canvas)
    assert canvas.frame.value == Frame(120, 80, 200, 100)
    SELECTS["clear_frame"](canvas)
    assert canvas.frame.value is None
    canvas.undo.undo()
    assert canvas.frame.value == Frame(120, 80, 200, 100)


@pytest.mark.parametrize(
    ("frame", "left"),
    [
        (Frame(300, 300, 100, 100), Frame(100, 200, 100, 100)),
        (Frame(100, 50, 200, 200), Frame(0, 0, 100, 150)),
        (Frame(600, 300, 100, 100), None),
    ],
)
def test_a_crop_leaves_the_frame_on_its_pixels_as_far_as_they_are_left(canvas, frame, left):
    canvas.frame.set(frame)
    path = QPainterPath()
    path.addRect(QRect(200, 100, 400, 400))
    canvas.selection.set(Selection.of_path(path, canvas.document.rect))
    do_aside(Waiting(), canvas, WHOLE["crop"](canvas))
    assert canvas.frame.value == left
    canvas.undo.undo()
    assert canvas.frame.value == frame


def test_the_pointer_shows_what_a_press_would_take_hold_of(view, canvas):
    canvas.frame.set(Frame(200, 200, 300, 300))
    pen, shapes = Pen(view), Qt.CursorShape
    for place, shape in (
        ((200, 200), shapes.PointingHandCursor),
        ((500, 350), shapes.PointingHandCursor),
        ((300, 300), shapes.SizeAllCursor),
        ((100, 300), shapes.CrossCursor),
    ):
        pen.move(place)
        shown(view)
        assert view.cursor().shape() == shape


def test_a_frame_is_a_thin_line_that_dims_nothing_with_handles_only_for_its_tool(view, canvas):
    view.show_canvas(grey := blank_canvas(PAPER, "#808080"))
    view.look(Viewport(scale=0.5, x=30.0, y=40.0))
    tool, clean = view._tool, view.grab().toImage()
    grey.frame.set(Frame(200, 200, 300, 300))
    corner = view.viewport.point_on_widget(QPointF(200, 200)).toPoint()

    def differs(*away: int) -> bool:
        place = corner + QPoint(*away)
        return view.grab().toImage().pixel(place) != clean.pixel(place)

    view.use_tool(Tool())
    assert [differs(*away) for away in ((40, 0), (0, 40))] == [True, True]
    assert not any(differs(*away) for away in ((40, 40), (-20, 40), (3, 3), (40, 3)))
    view.use_tool(tool)
    assert differs(3, 3)
    assert not differs(40, 40)
