"""Pen and mouse on the canvas, through Qt's own events."""

import math
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QSize, Qt
from PySide6.QtGui import QColor, QImage, QInputDevice, QMouseEvent, QPointingDevice, QTabletEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from studio.app.painting.desk import blank_canvas
from studio.core.observed import Observed
from studio.core.picture import Size
from studio.core.settings import BrushState
from studio.paint.canvas import Canvas
from studio.ui.canvas.overlay import JobOverlay
from studio.ui.canvas.tools import PickTool
from studio.ui.canvas.view import CanvasView
from studio.ui.canvas.viewport import Viewport
from tests.ui.pens import Pen, brush_tool, shown

BRUSH = BrushState(size=30, hardness=1.0, colour="#ff0000")
PAPER = Size(400, 300)


@pytest.fixture
def canvas() -> Canvas:
    return blank_canvas(PAPER)


@pytest.fixture
def view(qtbot: QtBot, canvas: Canvas) -> Iterator[CanvasView]:
    brush = Observed(BRUSH)
    widget = CanvasView(brush, brush_tool(brush))
    qtbot.addWidget(widget)
    widget.resize(600, 500)
    widget.show()
    widget.show_canvas(canvas)
    return widget


def pen(view: CanvasView, kind: QEvent.Type, at: tuple[float, float], **how: object) -> None:
    """Send one report of a pen at document pixels."""
    end = QPointingDevice.PointerType.Eraser if how.get("eraser") else (
        QPointingDevice.PointerType.Pen
    )  # fmt: skip
    device = QPointingDevice(
        "pen", 1, QInputDevice.DeviceType.Stylus, end,
        QInputDevice.Capability.Position | QInputDevice.Capability.Pressure, 1, 3,
    )  # fmt: skip
    local = on_widget(view, at)
    button = (
        Qt.MouseButton.NoButton if kind == QEvent.Type.TabletMove else Qt.MouseButton.LeftButton
    )
    event = QTabletEvent(
        kind, device, local, QPointF(view.mapToGlobal(local.toPoint())),
        float(how.get("pressure", 1.0)), 0, 0, 0, 0, 0,  # type: ignore[arg-type]
        Qt.KeyboardModifier.NoModifier, button, Qt.MouseButton.LeftButton,
    )  # fmt: skip
    QApplication.sendEvent(view, event)


def on_widget(view: CanvasView, at: tuple[float, float]) -> QPointF:
    viewport = view.viewport
    return QPointF(at[0] * viewport.scale + viewport.x, at[1] * viewport.scale + viewport.y)


def stroke(view: CanvasView, *points: tuple[float, float], **how: object) -> None:
    pen(view, QEvent.Type.TabletPress, points[0], **how)
    for point in points[1:]:
        pen(view, QEvent.Type.TabletMove, point, **how)
    pen(view, QEvent.Type.TabletRelease, points[-1], **how)


def painted(canvas: Canvas, x: int, y: int) -> QColor:
    return canvas.compositor.image(0).pixelColor(x, y)


def width_of_stroke(canvas: Canvas, x: int) -> int:
    return sum(painted(canvas, x, y) != QColor("white") for y in range(PAPER.height))


def test_a_pen_stroke_paints_where_the_pen_is_and_is_one_undo_step(
    view: CanvasView, canvas: Canvas
) -> None:
    stroke(view, (50, 150), (150, 150), (350, 150))
    assert painted(canvas, 200, 150) == QColor("red")
    assert painted(canvas, 200, 100) == QColor("white")
    canvas.undo.undo()
    assert painted(canvas, 200, 150) == QColor("white")
    assert not canvas.undo.can_undo


def test_more_pressure_makes_a_wider_stroke(view: CanvasView, canvas: Canvas) -> None:
    stroke(view, (50, 80), (350, 80), pressure=0.3)
    light = width_of_stroke(canvas, 200)
    canvas.undo.undo()
    stroke(view, (50, 80), (350, 80), pressure=1.0)
    assert 0 < light < width_of_stroke(canvas, 200)


def test_the_eraser_end_of_the_pen_erases(view: CanvasView, canvas: Canvas) -> None:
    stroke(view, (50, 150), (350, 150))
    stroke(view, (200, 150), (210, 150), eraser=True)
    assert painted(canvas, 205, 150) == QColor("white")
    assert painted(canvas, 100, 150) == QColor("red")


def test_mouse_events_made_out_of_the_pens_paint_nothing(view: CanvasView, canvas: Canvas) -> None:
    device = QPointingDevice(
        "pen", 1, QInputDevice.DeviceType.Stylus, QPointingDevice.PointerType.Pen,
        QInputDevice.Capability.Position, 1, 3,
    )  # fmt: skip
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    for kind in (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonRelease):
        place = on_widget(view, (200, 150))
        echo = QMouseEvent(kind, place, place, left, left, none, device)
        QApplication.sendEvent(view, echo)
    assert painted(canvas, 200, 150) == QColor("white")


@pytest.mark.parametrize("scale", [0.3, 1.0, 3.7])
def test_the_mouse_paints_under_its_tip_at_any_zoom(
    view: CanvasView, canvas: Canvas, scale: float
) -> None:
    view.zoom(math.log(scale / view.viewport.scale, 2 ** (1 / 4)))
    place = on_widget(view, (200, 150)).toPoint()
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=place)
    assert painted(canvas, 200, 150) == QColor("red")


def test_a_hidden_layer_is_not_painted_on_and_the_person_is_told(
    qtbot: QtBot, canvas: Canvas
) -> None:
    brush = Observed(BRUSH)
    tool = brush_tool(brush)
    told: list[str] = []
    tool.refused.connect(told.append)
    view = CanvasView(brush, tool)
    qtbot.addWidget(view)
    view.show_canvas(canvas)
    active = canvas.document.active
    assert active is not None
    canvas.document.set_layer(active.id, visible=False)
    stroke(view, (50, 50), (60, 60))
    assert not canvas.undo.can_undo
    assert "hidden" in told[0]


def test_another_canvas_in_the_middle_of_a_stroke_keeps_what_was_painted(
    view: CanvasView, canvas: Canvas
) -> None:
    pen(view, QEvent.Type.TabletPress, (50, 50))
    pen(view, QEvent.Type.TabletMove, (90, 50))
    view.show_canvas(blank_canvas(PAPER))
    pen(view, QEvent.Type.TabletMove, (120, 50))
    assert canvas.undo.can_undo
    assert painted(canvas, 60, 50) == QColor("red")


def test_whatever_waits_for_the_end_of_a_stroke_is_called_in_order_even_after_a_fault(
    view: CanvasView,
) -> None:
    called = []

    def fail() -> None:
        called.append("first")
        raise LookupError

    pen(view, QEvent.Type.TabletPress, (50, 50))
    view.when_free(fail)
    view.when_free(lambda: called.append("second"))
    view.when_free(lambda: called.append("third"))
    assert not called
    with pytest.raises(LookupError):
        view.end_stroke()
    assert called == ["first", "second", "third"]


def test_space_and_drag_move_the_view_and_paint_nothing(view: CanvasView, canvas: Canvas) -> None:
    before = view.viewport
    QTest.keyPress(view, Qt.Key.Key_Space)
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(300, 250))
    QTest.mouseMove(view, QPoint(340, 260))
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(340, 260))
    QTest.keyRelease(view, Qt.Key.Key_Space)
    assert view.viewport == before.moved(QPointF(40, 10))
    assert not canvas.undo.can_undo


CTRL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier


@pytest.mark.parametrize("device", ["mouse", "pen"])
def test_ctrl_space_and_drag_zoom_to_where_the_drag_began_and_paint_nothing(
    view: CanvasView, canvas: Canvas, device: str
) -> None:
    place, before = QPointF(180, 140), view.viewport
    start, tip = before.to_document(place), Pen(view)
    QTest.keyPress(view, Qt.Key.Key_Space, CTRL)

    def go(by: tuple[int, int]) -> Viewport:
        there = place + QPointF(*by)
        if device == "mouse":
            QTest.mouseMove(view, there.toPoint())
        else:
            at = view.viewport.to_document(there)
            tip.move((at.x(), at.y()), keys=CTRL)
        shown(view)
        assert (view.viewport.point_on_widget(start) - place).manhattanLength() < 1e-6
        return view.viewport

    if device == "mouse":
        QTest.mousePress(view, Qt.MouseButton.LeftButton, CTRL, place.toPoint())
    else:
        tip.press((start.x(), start.y()), keys=CTRL)
    right, up, left, down = (go(by).scale for by in ((90, 0), (0, -90), (-90, 0), (0, 90)))
    assert right == pytest.approx(up)
    assert left == pytest.approx(down)
    assert left < before.scale < right
    assert go((0, 0)).scale == pytest.approx(before.scale)
    last = go((40, -40))
    if device == "mouse":
        QTest.mouseRelease(
            view, Qt.MouseButton.LeftButton, CTRL, (place + QPointF(40, -40)).toPoint()
        )
    else:
        tip.release((0, 0), keys=CTRL)
    assert view.viewport == last
    QTest.keyRelease(view, Qt.Key.Key_Space)
    assert not canvas.undo.can_undo


@pytest.mark.parametrize(("keys", "larger"), [(CTRL, True), (CTRL | ALT, False)])
def test_a_click_with_ctrl_and_space_zooms_in_and_with_alt_out(
    view: CanvasView, canvas: Canvas, keys: Qt.KeyboardModifier, larger: bool
) -> None:
    place, before = QPoint(180, 140), view.viewport
    start = before.to_document(QPointF(place))
    QTest.keyPress(view, Qt.Key.Key_Space, CTRL)
    QTest.mousePress(view, Qt.MouseButton.LeftButton, keys, place)
    QTest.mouseMove(view, place + QPoint(2, 1))  # a hand that wavers
    assert view.viewport == before
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, keys, place)
    assert (view.viewport.scale > before.scale) is larger
    assert (view.viewport.point_on_widget(start) - QPointF(place)).manhattanLength() < 1e-6
    assert not canvas.undo.can_undo


def test_a_view_that_is_hidden_in_the_middle_of_a_click_is_not_zoomed(view: CanvasView) -> None:
    before = view.viewport
    QTest.keyPress(view, Qt.Key.Key_Space, CTRL)
    QTest.mousePress(view, Qt.MouseButton.LeftButton, CTRL, QPoint(180, 140))
    view.hide()
    view.show()
    QTest.mouseMove(view, QPoint(280, 140))
    assert view.viewport == before


def test_picking_takes_the_colour_under_the_pointer(view: CanvasView, canvas: Canvas) -> None:
    stroke(view, (100, 100), (120, 100))
    picked: list[QColor] = []
    view.use_tool(PickTool(picked.append))
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=on_widget(view, (110, 100)).toPoint())
    assert picked == [QColor("red")]


def test_zooming_keeps_the_point_under_the_pointer() -> None:
    viewport = Viewport(0.8, 13, -7)
    anchor = QPointF(321, 123)
    for factor in (1.5, 0.2, 100, 1e-9):
        zoomed = viewport.zoomed(factor, anchor)
        moved = zoomed.to_document(anchor) - viewport.to_document(anchor)
        assert moved.manhattanLength() < 1e-6


def test_the_whole_paper_fits_whatever_the_windows_shape() -> None:
    for widget in (QSize(600, 500), QSize(100, 900), QSize(30, 30)):
        viewport = Viewport().fitting(QSize(4000, 300), widget)
        assert viewport.scale * 4000 <= max(1, widget.width())


def test_a_preview_is_shown_on_the_paper_but_is_not_part_of_it(
    view: CanvasView, canvas: Canvas
) -> None:
    before = canvas.compositor.flatten()
    preview = QImage(4, 3, QImage.Format.Format_RGB32)
    preview.fill(QColor("blue"))
    view.show_overlay(JobOverlay(QRect(0, 0, 400, 300), "Painting", 0.5, preview))
    middle = on_widget(view, (200, 150)).toPoint()
    assert view.grab().toImage().pixelColor(middle) == QColor("blue")
    assert canvas.compositor.flatten() == before
    view.show_overlay(None)
    assert view.grab().toImage().pixelColor(middle) == QColor("white")


def test_what_the_view_shows_is_the_document_pixel_for_pixel(
    view: CanvasView, canvas: Canvas
) -> None:
    stroke(view, (50, 50), (200, 220), (350, 60))
    view.actual_size()
    view.show_outline(None)
    corner = on_widget(view, (0, 0)).toPoint()
    shown = view.grab().toImage().copy(QRect(corner, QSize(400, 300)))
    wanted = canvas.compositor.flatten().convertToFormat(shown.format())
    assert shown == wanted
