"""The pressure curve's editor, and the pen doctor."""

import math

import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QTabletEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from studio.core.observed import Observed
from studio.core.settings import BrushState
from studio.paint.curve import Curve
from studio.ui.dialogs.pen_doctor import PenDoctor
from studio.ui.dialogs.pen_log import PenLog, PenReport
from studio.ui.dialogs.pressure import PressureDialog
from tests.ui.pens import Pen


@pytest.fixture
def parent(qtbot: QtBot) -> QWidget:
    widget = QWidget()
    qtbot.addWidget(widget)
    return widget


def drawn(gap: float = 5.0, **how: object) -> PenLog:
    log = PenLog()
    for number in range(100):
        pressure = 0.5 + 0.4 * math.sin(number / 10)
        log.add(PenReport(**{"time": number * gap, "pressure": pressure, "down": True, **how}))
    return log


def test_a_sound_pen_is_called_sound_and_its_rate_is_right():
    log = drawn()
    assert "as it should" in log.verdict
    assert log.rate == pytest.approx(200, rel=0.01)


def test_pauses_do_not_count_into_the_rate_and_bunched_reports_do():
    paused = drawn()
    paused.add(PenReport(time=1500, pressure=0.5, down=True))
    assert paused.rate == pytest.approx(200, rel=0.02)
    log = PenLog()
    for number in range(120):  # three at a time, 16 ms apart
        log.add(PenReport(time=number // 3 * 16.0, pressure=number % 7 / 7, down=True))
    assert log.rate == pytest.approx(3000 / 16, rel=0.05)


@pytest.mark.parametrize(
    ("log", "words"),
    [
        (PenLog(), "Draw in the field"),
        (drawn(pressure=1.0), "pressure never changes"),
        (drawn(gap=30.0), "33 reports a second"),
        (drawn(offset=25.0), "25 pixels apart"),
        (drawn(latency=80.0), "80 ms late"),
    ],
)
def test_the_doctor_names_what_is_wrong(log, words):
    assert words in log.verdict


def test_mouse_events_without_or_beside_a_pen_are_told():
    only = PenLog()
    only.add_mouse()
    assert "takes it for a mouse" in only.verdict
    beside = drawn()
    beside.add_mouse()
    assert "Mouse presses" in beside.verdict


def test_the_doctor_shows_what_the_pen_tells(parent: QWidget) -> None:
    doctor = PenDoctor(parent)
    doctor.show()
    pen = Pen(doctor.field)  # type: ignore[arg-type]
    for number in range(60):
        at = QPointF(20 + number * 3, 80)
        event = QTabletEvent(
            QEvent.Type.TabletMove, pen.device, at, at, 0.25, 12.0, -7.0, 0, 33.0, 0,
            Qt.KeyboardModifier.NoModifier, Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton,
        )  # fmt: skip
        event.setTimestamp(1000 + number * 5)
        QApplication.sendEvent(doctor.field, event)
    shown = {name: label.text() for name, label in doctor._rows.items()}
    assert shown["Pressure"] == "25 %"
    assert shown["Tilt"] == "12° and -7°"
    assert shown["Rotation"] == "33°"
    assert shown["Rate"].startswith("200 ")
    assert "pressure never changes" in doctor.verdict.text()


def test_dragging_a_point_of_the_curve_changes_what_the_pen_counts_for(parent: QWidget) -> None:
    brush = Observed(BrushState())
    dialog = PressureDialog(brush, parent)
    dialog.show()
    editor = dialog.editor
    middle = editor.at((0.5, 0.5)).toPoint()
    QTest.mouseDClick(editor, Qt.MouseButton.LeftButton, pos=middle)
    QTest.mousePress(editor, Qt.MouseButton.LeftButton, pos=middle)
    QTest.mouseMove(editor, editor.at((0.3, 0.8)).toPoint())
    QTest.mouseRelease(editor, Qt.MouseButton.LeftButton, pos=middle)
    assert Curve.parse(brush.value.pen_curve).at(0.3) == pytest.approx(0.8, abs=0.02)
    place = editor.at((0.3, 0.8)).toPoint()
    QTest.mouseClick(editor, Qt.MouseButton.RightButton, pos=place)
    assert Curve.parse(brush.value.pen_curve) == Curve()


def test_points_of_the_curve_cannot_be_dragged_past_each_other(parent: QWidget) -> None:
    brush = Observed(BrushState(pen_curve="0,0 0.5,0.2 1,1"))
    editor = PressureDialog(brush, parent).editor
    QTest.mousePress(editor, Qt.MouseButton.LeftButton, pos=editor.at((0.5, 0.2)).toPoint())
    QTest.mouseMove(editor, editor.at((1.3, -0.4)).toPoint())
    points = Curve.parse(brush.value.pen_curve).points
    assert [x for x, _ in points] == sorted(x for x, _ in points)
    assert points[1][0] < 1
    assert points[1][1] == 0
