"""Tells pen, mouse and their echoes apart."""

from PySide6.QtCore import QPointF
from PySide6.QtGui import QInputDevice, QMouseEvent, QPointingDevice, QTabletEvent

from studio.ui.canvas.tools import PointerSample
from studio.ui.canvas.viewport import Viewport


def is_echo_of_pen(event: QMouseEvent) -> bool:
    """Whether a mouse event was made by Qt or the system out of a pen's."""
    device = event.pointingDevice()
    return device is not None and device.type() in (
        QInputDevice.DeviceType.Stylus,
        QInputDevice.DeviceType.Airbrush,
    )


def from_pen(event: QTabletEvent, view: Viewport) -> PointerSample:
    """The sample of a pen, with its pressure and its end."""
    eraser = event.pointerType() == QPointingDevice.PointerType.Eraser
    return PointerSample(view.to_document(event.position()), event.pressure(), eraser)


def from_mouse(position: QPointF, view: Viewport) -> PointerSample:
    """The sample of a mouse: full pressure."""
    return PointerSample(view.to_document(position))
