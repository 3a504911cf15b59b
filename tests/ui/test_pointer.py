"""Pens, mice and fingers on a paper that is turned, mirrored and zoomed."""

import math
import os

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPointingDevice, QTransform
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDockWidget, QMainWindow, QToolBar
from pytestqt.qtbot import QtBot

from studio.app.painting.desk import blank_canvas
from studio.core.observed import Observed
from studio.core.picture import Size
from studio.core.settings import BrushState
from studio.paint.canvas import Canvas
from studio.paint.commands import RemoveLayer
from studio.paint.tiles import Tiles
from studio.ui.canvas import paper
from studio.ui.canvas.pointer import PointerSample
from studio.ui.canvas.sheet import draw_sheet
from studio.ui.canvas.tools import PickTool, Tool
from studio.ui.canvas.view import CanvasView
from studio.ui.canvas.viewport import Viewport
from studio.ui.panels import navigator
from studio.ui.panels.navigator import Navigator
from studio.ui.paper_only import PaperOnly
from tests.paint.edits import pixels
from tests.ui.pens import Pen, apart, brush_tool, on_widget

PAPER = Size(400, 300)
RED, WHITE = QColor("red"), QColor("white")


@pytest.fixture
def canvas() -> Canvas:
    return blank_canvas(PAPER)


@pytest.fixture
def brush() -> Observed[BrushState]:
    return Observed(BrushState(size=12, hardness=1.0, colour="#ff0000"))


@pytest.fixture
def picked() -> list[QColor]:
    return []


@pytest.fixture
def view(
    qtbot: QtBot, canvas: Canvas, brush: Observed[BrushState], picked: list[QColor]
) -> CanvasView:
    widget = CanvasView(brush, brush_tool(brush), PickTool(picked.append))
    qtbot.addWidget(widget)
    widget.resize(600, 500)
    widget.show()
    widget.show_canvas(canvas)
    return widget


def colour(canvas: Canvas, x: int, y: int) -> QColor:
    return canvas.compositor.image(0).pixelColor(x, y)


@pytest.mark.parametrize("angle", [0.0, 15.0, -120.0])
@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("steps", [-5, 6])
def test_the_pen_paints_under_its_tip_and_it_is_shown_there(view, canvas, angle, mirrored, steps):
    view.zoom(steps)
    view.turn(angle)
    if mirrored:
        view.mirror()
    Pen(view).stroke([(150, 100), (150, 100)])
    assert colour(canvas, 150, 100) == RED
    assert colour(canvas, 150, 115) == WHITE
    view.show_outline(None)
    shown = view.grab().toImage()
    assert shown.pixelColor(on_widget(view, (150, 100)).toPoint()) == RED
    assert shown.pixelColor(on_widget(view, (150, 115)).toPoint()) == WHITE


@pytest.mark.parametrize("angle", [0.0, 37.0])
def test_what_is_drawn_in_parts_is_what_is_drawn_whole(view, canvas, angle):
    view.zoom(-2)
    view.turn(angle)
    Pen(view).stroke([(100 + 15 * step, 80 + 9 * step) for step in range(13)])
    whole, parts = (QImage(600, 500, QImage.Format.Format_RGB32) for _ in range(2))
    for image, side in ((whole, 600), (parts, 97)):
        image.fill(0)
        with QPainter(image) as painter:
            for left in range(0, 600, side):
                for top in range(0, 600, side):
                    area = QRect(left, top, side, side)
                    draw_sheet(painter, canvas, view.viewport, area, 1.0)
    apart = zip(pixels(parts), pixels(whole), strict=True)
    off = sum(abs(one - other) > 2 for one, other in apart)
    assert off <= 30  # bytes, of a few pixels on the paper's slanted edge


def test_shift_goes_on_in_a_straight_line_from_the_last_stroke(view, canvas):
    pen = Pen(view)
    pen.stroke([(50, 50), (80, 90)])
    pen.stroke([(300, 90)], keys=Qt.KeyboardModifier.ShiftModifier)
    assert colour(canvas, 200, 90) == RED
    canvas.undo.undo()
    assert colour(canvas, 200, 90) == WHITE
    assert colour(canvas, 65, 70) == RED


@pytest.mark.parametrize(
    "how",
    [{"button": Qt.MouseButton.RightButton}, {"keys": Qt.KeyboardModifier.ControlModifier}],
)
def test_ctrl_and_the_barrel_button_pick_a_colour(view, canvas, picked, how):
    pen = Pen(view)
    pen.stroke([(100, 100)])
    pen.press((100, 100), **how)
    pen.release((100, 100), **how)
    assert picked == [RED]
    canvas.undo.undo()
    assert not canvas.undo.can_undo


def test_the_pens_pressure_curve_is_asked_before_the_brush(view, canvas, brush):
    def width() -> int:
        Pen(view).stroke([(50, 150), (350, 150)], pressure=0.3)
        wide = sum(colour(canvas, 200, y) != WHITE for y in range(300))
        canvas.undo.undo()
        return wide

    brush.change(size=60)
    usual = width()
    brush.change(pen_curve="0,0.5 1,1")
    assert width() > 1.5 * usual


@pytest.mark.parametrize("pressure", [math.nan, -1.0, 17.0])
def test_a_pen_that_tells_nonsense_still_paints_or_nothing_breaks(view, canvas, pressure):
    Pen(view).stroke([(50, 150), (350, 150)], pressure=pressure)
    assert (colour(canvas, 200, 150) == RED) == (pressure != -1.0)


def test_a_pen_without_pressure_presses_fully(view, canvas):
    Pen(view, pressure=False).stroke([(50, 150), (350, 150)], pressure=0.0)
    assert colour(canvas, 200, 150) == RED


def test_no_report_of_a_fast_pen_is_lost(view, canvas):
    seen, times = [], []
    follow = view._tool.follow
    view._tool.follow = lambda samples: (seen.extend(samples), times.append(1), follow(samples))
    Pen(view).stroke([(50 + i * 0.3, 150) for i in range(1000)], gap=1)
    assert len(seen) == 1000
    assert len(times) < 5  # what came at once is painted at once
    assert [sample.time for sample in seen] == sorted(sample.time for sample in seen)


def test_what_ends_a_stroke_from_elsewhere_loses_none_of_its_moves(view, canvas):
    pen = Pen(view)
    pen.press((50, 150))
    for x in range(60, 300, 10):  # all but the first wait for the next frame
        pen.move((x, 150))
    view.end_stroke()
    assert colour(canvas, 285, 150) == RED


def click(view: CanvasView, at: tuple[float, float], time: int) -> None:
    """A real mouse's button goes down and up."""
    place, left = on_widget(view, at), Qt.MouseButton.LeftButton
    for kind in (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonRelease):
        none = Qt.KeyboardModifier.NoModifier
        event = QMouseEvent(kind, place, view.mapToGlobal(place), left, left, none)
        event.setTimestamp(time)
        QApplication.sendEvent(view, event)


def test_the_mouse_is_ignored_during_a_pen_stroke_but_believed_when_the_pen_is_gone(view, canvas):
    pen = Pen(view)
    pen.press((50, 50))
    pen.move((100, 50))
    click(view, (300, 250), pen.time + 20)
    assert colour(canvas, 300, 250) == WHITE
    click(view, (300, 250), pen.time + 5000)  # no word from the pen for seconds
    assert colour(canvas, 300, 250) == RED
    assert colour(canvas, 80, 50) == RED
    canvas.undo.undo()
    assert colour(canvas, 80, 50) == RED
    canvas.undo.undo()
    assert colour(canvas, 80, 50) == WHITE


def test_a_pen_that_comes_back_after_it_was_unplugged_starts_a_new_stroke(view, canvas):
    pen = Pen(view)
    pen.press((50, 50))
    pen.move((100, 50))
    view.hide()
    view.show()
    pen.stroke([(50, 200), (100, 200)])
    assert colour(canvas, 80, 200) == RED
    assert colour(canvas, 80, 125) == WHITE
    canvas.undo.undo()
    assert colour(canvas, 80, 50) == RED


def test_a_layer_deleted_under_the_pen_takes_the_stroke_with_it(view, canvas):
    pen = Pen(view)
    pen.press((50, 50))
    canvas.do(RemoveLayer.of(canvas.document, canvas.document.active.id))
    pen.move((100, 50))
    pen.release((100, 50))
    canvas.undo.undo()
    assert colour(canvas, 75, 50) == WHITE


@pytest.fixture(scope="module")
def finger() -> QPointingDevice:
    return QTest.createTouchDevice()


def test_two_fingers_zoom_turn_and_move_the_paper_under_them(view, canvas, finger):
    starts = [QPoint(250, 250), QPoint(350, 250)]
    ends = [QPoint(320, 150), QPoint(320, 350)]
    held = [view.viewport.to_document(QPointF(start)) for start in starts]
    for step in range(11):
        touch = QTest.touchEvent(view, finger, False)
        for number in range(2):
            at = starts[number] + (ends[number] - starts[number]) * step / 10
            (touch.press if step == 0 else touch.move)(number, at, view)
        touch.commit()
    for number in range(2):
        assert apart(view.viewport.to_document(QPointF(ends[number])), held[number]) < 3
    assert view.viewport.angle == pytest.approx(90, abs=3)
    assert not canvas.undo.can_undo


def test_one_finger_moves_the_paper_and_none_while_the_pen_is_down(view, canvas, finger):
    def drag() -> None:
        QTest.touchEvent(view, finger).press(0, QPoint(300, 250), view)
        QTest.touchEvent(view, finger).move(0, QPoint(330, 240), view)
        QTest.touchEvent(view, finger).release(0, QPoint(330, 240), view)

    before = view.viewport
    pen = Pen(view)
    pen.press((50, 50))
    drag()
    assert view.viewport == before
    pen.release((50, 50))
    drag()
    assert view.viewport == before.moved(QPointF(30, -10))


def test_tab_on_the_canvas_leaves_only_the_paper_and_brings_all_back(qtbot: QtBot) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    dock, bar = QDockWidget("Layers"), QToolBar("Tools")
    window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, dock)
    window.addToolBar(bar)
    hidden = QDockWidget("Hidden")
    window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, hidden)
    hidden.hide()
    window.show()
    only = PaperOnly(window)
    only.toggle()
    assert not any(each.isVisible() for each in (dock, bar, hidden))
    assert window.isFullScreen()
    only.toggle()
    assert dock.isVisible()
    assert bar.isVisible()
    assert not hidden.isVisible()
    assert not window.isFullScreen()


@pytest.mark.parametrize("angle", [0.0, 40.0])
def test_a_click_in_the_navigator_brings_that_place_to_the_middle(qtbot, view, canvas, angle):
    navigator = Navigator(view)
    qtbot.addWidget(navigator)
    navigator.resize(212, 162)  # the paper at half its size, 6 pixels from the edges
    navigator.show_canvas(canvas)
    navigator.show()
    view.turn(angle)
    QTest.mousePress(navigator, Qt.MouseButton.LeftButton, pos=QPoint(6 + 25, 6 + 100))
    middle = view.viewport.to_document(QPointF(300, 250))
    assert apart(middle, QPointF(50, 200)) < 3
    assert navigator.grab().toImage().pixelColor(60, 60) == WHITE


def test_the_navigator_goes_on_until_all_of_the_painting_is_composed(qtbot, view, monkeypatch):
    monkeypatch.setattr(navigator, "_COMPOSING", 0.0)  # a piece at a time
    monkeypatch.setattr(navigator, "_SOON", 0)
    canvas = blank_canvas(Size(1600, 1100))
    small = Navigator(view)
    qtbot.addWidget(small)
    small.resize(212, 162)
    small.show_canvas(canvas)
    small.show()
    level, whole = 3, canvas.document.rect  # at an eighth of its size
    qtbot.waitUntil(lambda: canvas.compositor.unfinished(level, whole).isEmpty())


def test_a_paper_that_lies_on_its_side_is_shown_pixel_for_pixel(canvas):
    document = canvas.document
    noise = QImage(os.urandom(400 * 300 * 4), 400, 300, QImage.Format.Format_RGB32)
    tiles = Tiles.from_image(noise, QPoint())
    document.swap_tiles(document.layers[0].id, {key: tiles.get(key) for key in [*tiles.keys()]})
    shown = QImage(300, 400, QImage.Format.Format_RGB32)
    with QPainter(shown) as painter:
        sideways = Viewport().turned(90.0, QPointF()).moved(QPointF(300, 0))
        draw_sheet(painter, canvas, sideways, shown.rect(), 1.0)
    upright = canvas.compositor.image().convertToFormat(shown.format())
    expected = upright.transformed(QTransform().rotate(90))
    both = zip(bytes(shown.constBits()), bytes(expected.constBits()), strict=True)
    assert max(abs(one - other) for one, other in both) <= 2  # Qt's own rounding


def test_a_view_makes_ready_for_the_first_stroke_on_another_layer(qtbot, view, canvas, monkeypatch):
    monkeypatch.setattr(paper, "_QUIET", 0)
    prepare, made = canvas.compositor.prepare, []

    def spy(until):
        made.append(prepare(until))
        return made[-1]

    monkeypatch.setattr(canvas.compositor, "prepare", spy)
    document = canvas.document
    for place in (2, 3):
        document.insert_layer(place, document.new_layer("upper"))
    for layer in document.layers[2:]:
        made.clear()
        document.set_active(layer.id)
        qtbot.waitUntil(lambda: False in made)  # nothing is left


def test_what_is_made_ready_for_a_stroke_waits_while_somebody_paints(
    qtbot, view, canvas, monkeypatch
):
    made = []
    monkeypatch.setattr(canvas.compositor, "prepare", made.append)
    monkeypatch.setattr(paper, "_QUIET", 0)
    canvas.document.set_active(canvas.document.layers[0].id)
    monkeypatch.setattr(paper, "_QUIET", 60_000)
    canvas.document.swap_tiles(canvas.document.layers[0].id, {}, [QRect(0, 0, 5, 5)])
    QTest.qWait(20)
    assert not made


class Listener(Tool):
    """Keeps what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.turns: list[float] = []

    def press(self, canvas: Canvas, sample: PointerSample) -> None:
        self.turns.append(sample.turn)


def test_how_a_pen_is_turned_counts_on_the_paper_as_it_lies(view):
    listener = Listener()
    view.use_tool(listener)
    Pen(view, rotation=True).stroke([(100, 100)], rotation=30.0)
    view.turn(90)
    Pen(view, rotation=True).stroke([(100, 100)], rotation=30.0)
    Pen(view).stroke([(100, 100)], rotation=30.0)
    view.turn_back()
    view.mirror()
    Pen(view, rotation=True).stroke([(100, 100)], rotation=30.0)
    assert listener.turns == [30.0, -60.0, 0.0, -30.0]


@pytest.mark.parametrize(("at", "radius"), [((210.3, 180.8), 12.3), ((250.0, 200.5), 160.0)])
def test_the_outline_is_as_wide_as_the_brush_and_around_the_pointer(view, at, radius):
    view.show_outline(None)
    clean = view.grab().toImage()
    view.show_outline((QPointF(*at), radius))
    shown = view.grab().toImage()
    ways = {}
    for name, step in {"right": (1, 0), "left": (-1, 0), "down": (0, 1), "up": (0, -1)}.items():
        places = [
            (round(at[0] + step[0] * away), round(at[1] + step[1] * away)) for away in range(175)
        ]
        changed = [
            away
            for away, place in enumerate(places)
            if shown.rect().contains(*place) and shown.pixel(*place) != clean.pixel(*place)
        ]
        ways[name] = sum(changed) / len(changed)
    assert ways == {way: pytest.approx(radius, abs=1.6) for way in ways}
