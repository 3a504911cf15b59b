"""A pen for tests: Qt's own tablet events, sent to the canvas."""

import math
from collections.abc import Iterable
from typing import Any

from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QInputDevice, QPointingDevice, QTabletEvent
from PySide6.QtWidgets import QApplication

from studio.core.observed import Observed
from studio.core.settings import BrushState
from studio.paint.brush import Brush
from studio.paint.presets import Preset
from studio.paint.shelf import BrushShelf
from studio.paint.symmetry import NO_SYMMETRY
from studio.ui.canvas.tools import BrushTool
from studio.ui.canvas.view import CanvasView

Place = tuple[float, float]


def brush_tool(brush: Observed[BrushState]) -> BrushTool:
    """A tool with one plain brush to choose from."""
    return BrushTool(brush, BrushShelf((Preset("Plain", Brush()),)), Observed(NO_SYMMETRY))


def on_widget(view: CanvasView, at: Place) -> QPointF:
    """Where a document pixel is in the widget."""
    return view.viewport.point_on_widget(QPointF(*at))


def shown(view: CanvasView) -> None:
    """Wait until the canvas has followed the pointer."""
    while view._frame.isActive():
        QApplication.processEvents()
    QApplication.processEvents()


class Pen:
    """Reports to one view; places are in document pixels, `knows` is what the device can."""

    def __init__(
        self,
        view: CanvasView,
        eraser: bool = False,
        pressure: bool = True,
        rotation: bool = False,
    ) -> None:
        self.view = view
        self.time = 1000
        kinds = QPointingDevice.PointerType
        can = QInputDevice.Capability.Position
        if pressure:
            can |= QInputDevice.Capability.Pressure
        if rotation:
            can |= QInputDevice.Capability.Rotation
        self.device = QPointingDevice(
            "pen", 1, QInputDevice.DeviceType.Stylus, kinds.Eraser if eraser else kinds.Pen,
            can, 1, 3,
        )  # fmt: skip

    def press(self, at: Place, **how: Any) -> None:
        self._report(QEvent.Type.TabletPress, at, how.pop("button", Qt.MouseButton.LeftButton), how)

    def move(self, at: Place, **how: Any) -> None:
        self._report(QEvent.Type.TabletMove, at, Qt.MouseButton.NoButton, how)

    def release(self, at: Place, **how: Any) -> None:
        button = how.pop("button", Qt.MouseButton.LeftButton)
        self._report(QEvent.Type.TabletRelease, at, button, how)

    def stroke(self, points: Iterable[Place], **how: Any) -> None:
        first, *rest = points
        self.press(first, **how)
        for point in rest:
            self.move(point, **how)
        self.release(first if not rest else rest[-1], **how)

    def _report(
        self, kind: QEvent.Type, at: Place, button: Qt.MouseButton, how: dict[str, Any]
    ) -> None:
        local = on_widget(self.view, at)
        tilt = how.get("tilt", (0.0, 0.0))
        event = QTabletEvent(
            kind, self.device, local, QPointF(self.view.mapToGlobal(local.toPoint())),
            how.get("pressure", 1.0), tilt[0], tilt[1], 0, how.get("rotation", 0.0), 0,
            how.get("keys", Qt.KeyboardModifier.NoModifier), button, Qt.MouseButton.LeftButton,
        )  # fmt: skip
        self.time += how.get("gap", 5)
        event.setTimestamp(self.time)
        QApplication.sendEvent(self.view, event)


def apart(one: QPointF, other: QPointF) -> float:
    """How far."""
    return math.hypot(one.x() - other.x(), one.y() - other.y())
