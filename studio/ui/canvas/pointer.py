"""Tells pen, mouse and their echoes apart."""

import math
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QInputDevice, QMouseEvent, QPointingDevice, QTabletEvent

from studio.paint.curve import Curve
from studio.ui.canvas.viewport import Viewport

_FLAT = 60.0  # degrees from upright, the most that pens tell


@dataclass(frozen=True, slots=True)
class PointerSample:
    """One report of pen or mouse: document pixels, pressure 0 .. 1, and which end is down.

    `time` is in milliseconds, `tilt` from 0 (upright) to 1 (flat), `shift` whether Shift is held,
    `turn` how far the pen is turned about itself on the paper, in degrees clockwise.
    """

    at: QPointF
    pressure: float = 1.0
    eraser: bool = False
    time: float = 0.0
    tilt: float = 0.0
    shift: bool = False
    turn: float = 0.0

    @property
    def placed(self) -> bool:
        """Whether it tells a place: broken pens tell of none."""
        return math.isfinite(self.at.x()) and math.isfinite(self.at.y())


def is_echo_of_pen(event: QMouseEvent) -> bool:
    """Whether a mouse event was made by Qt or the system out of a pen's."""
    device = event.pointingDevice()
    return device is not None and device.type() in (
        QInputDevice.DeviceType.Stylus,
        QInputDevice.DeviceType.Airbrush,
    )


def from_pen(event: QTabletEvent, view: Viewport, curve: Curve) -> PointerSample:
    """The sample of a pen, with its end, and its pressure as the curve has it."""
    return PointerSample(
        view.to_document(event.position()),
        pressure_of(event, curve),
        event.pointerType() == QPointingDevice.PointerType.Eraser,
        float(event.timestamp()),
        tilt_of(event),
        bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier),
        turn_of(event, view),
    )


def from_mouse(event: QMouseEvent, view: Viewport) -> PointerSample:
    """The sample of a mouse: full pressure."""
    return PointerSample(
        view.to_document(event.position()),
        time=float(event.timestamp()),
        shift=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier),
    )


def pressure_of(event: QTabletEvent, curve: Curve) -> float:
    """0 .. 1; a pen that knows no pressure, or tells nonsense, presses fully."""
    knows = event.pointingDevice().capabilities() & QInputDevice.Capability.Pressure
    told = event.pressure()
    if not knows or not math.isfinite(told):
        return 1.0
    return curve.at(min(1.0, max(0.0, told)))


def tilt_of(event: QTabletEvent) -> float:
    """From 0, upright, to 1, as flat as pens tell."""
    tilt = math.hypot(event.xTilt(), event.yTilt()) / _FLAT
    return min(1.0, tilt) if math.isfinite(tilt) else 0.0


def turn_of(event: QTabletEvent, view: Viewport) -> float:
    """Degrees clockwise on the paper as it lies; 0 where the pen cannot tell, or tells nonsense."""
    knows = event.pointingDevice().capabilities() & QInputDevice.Capability.Rotation
    turn = event.rotation() - view.angle
    if not knows or not math.isfinite(turn):
        return 0.0
    return -turn if view.mirrored else turn


def pixel_at(at: QPointF) -> QPoint:
    """The document pixel around a point; (-1, -1) where that is nowhere near the paper."""
    near = abs(at.x()) < 1e9 and abs(at.y()) < 1e9
    return QPoint(math.floor(at.x()), math.floor(at.y())) if near else QPoint(-1, -1)
