"""Scales, turns and moves the active layer, or what of it is selected."""

import math

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF, QTransform

from studio.paint.canvas import Canvas
from studio.paint.carry import Carried
from studio.paint.lift import liftable
from studio.ui import palette
from studio.ui.canvas.aside import Aside
from studio.ui.canvas.carrying import CarryTool
from studio.ui.canvas.pointer import PointerSample
from studio.ui.canvas.viewport import Viewport

_GRAB = 14.0  # widget pixels around a corner
_SMALLEST = 0.02  # share of the size before
_FAR = 1e5  # document pixels


class TransformTool(CarryTool):
    """Drag a corner to scale, inside to move, outside to turn; Shift keeps form and angles.

    Drags that follow each other start from the pixels as they were first, so that nothing blurs.
    Text stays text.
    """

    label = "Transform"

    def __init__(self, aside: Aside) -> None:
        super().__init__(aside)
        self._over: Canvas | None = None
        self._offered: tuple[object, QRect] | None = None  # for which pixels, and where they are
        self._start = QPointF()
        self._corner: int | None = None
        self._inside = False
        self._scale = 1.0  # of the view, when it was drawn last

    def take_up(self, canvas: Canvas) -> None:
        """Show the corners of what there is on this painting."""
        self._over = canvas

    def press(self, canvas: Canvas, sample: PointerSample) -> None:
        """Take the pixels up, or go on with those from before."""
        super().press(canvas, sample)
        if self._canvas is None:
            return
        self._start = sample.at
        corners = self._corners()
        near = [math.dist(_pair(corner), _pair(sample.at)) for corner in corners]
        closest = near.index(min(near))
        self._corner = closest if near[closest] * self._scale < _GRAB else None
        self._inside = QPolygonF(corners).containsPoint(sample.at, Qt.FillRule.OddEvenFill)

    def move(self, sample: PointerSample) -> None:
        """Show them as they would be."""
        carried = self._carried
        if self._canvas is None or carried is None or carried.bounds.isNull():
            return
        if not abs(sample.at.x()) + abs(sample.at.y()) < _FAR:  # true for NaN, too
            return
        if self._corner is not None:
            self._now = self._scaled(carried, self._corner, sample) * carried.done
        elif self._inside:
            by = (sample.at - self._start).toPoint()
            self._now = carried.done * QTransform.fromTranslate(by.x(), by.y())
        else:
            self._now = carried.done * self._turned(carried, sample)
        self._show()

    def draw(self, painter: QPainter, viewport: Viewport) -> None:
        """The frame with its corners."""
        super().draw(painter, viewport)
        self._scale = viewport.scale
        shown = self._frame()
        if shown is None:
            return
        frame = viewport.transform.map(shown)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(palette.ACCENT), 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolygon(frame)
        painter.setBrush(QColor(palette.TEXT))
        for corner in frame.toList()[:4]:
            painter.drawEllipse(corner, 4, 4)

    def _frame(self) -> QPolygonF | None:
        """Around what was taken up, or else around what would be."""
        canvas = self._over
        active = None if canvas is None else canvas.document.active
        if canvas is None or active is None:
            return None
        carried = self._carried
        if carried is not None and (self._canvas or carried.goes_on(canvas, active)):
            return None if carried.bounds.isNull() else QPolygonF(self._corners())
        pixels = active.id, active.tiles.fingerprint, canvas.selection.value
        if self._offered is None or self._offered[0] != pixels:
            self._offered = pixels, liftable(active, canvas.selection.value)
        bounds = self._offered[1]
        return None if bounds.isNull() else QPolygonF(QRectF(bounds))

    def _corners(self) -> list[QPointF]:
        """Of what was taken up, clockwise from the top left, where they are shown."""
        assert self._carried is not None
        return self._now.map(QPolygonF(QRectF(self._carried.bounds))).toList()[:4]

    def _scaled(self, carried: Carried, corner: int, sample: PointerSample) -> QTransform:
        """What brings a corner under the pointer while the opposite one stays."""
        corners = QPolygonF(QRectF(carried.bounds)).toList()
        anchor, way = corners[(corner + 2) % 4], corners[corner] - corners[(corner + 2) % 4]
        here = carried.done.inverted()[0].map(sample.at) - anchor
        across, down = _share(here.x() / way.x()), _share(here.y() / way.y())
        if sample.shift:
            across = down = max(across, down, key=abs)
        around = QTransform.fromTranslate(anchor.x(), anchor.y())
        return around.inverted()[0] * QTransform.fromScale(across, down) * around

    def _turned(self, carried: Carried, sample: PointerSample) -> QTransform:
        centre = carried.done.map(QRectF(carried.bounds).center())
        before, now = self._start - centre, sample.at - centre
        angle = math.degrees(math.atan2(now.y(), now.x()) - math.atan2(before.y(), before.x()))
        if sample.shift:
            angle = 15.0 * round(angle / 15.0)
        around = QTransform.fromTranslate(centre.x(), centre.y())
        return around.inverted()[0] * QTransform().rotate(angle) * around


def _share(share: float) -> float:
    return math.copysign(max(abs(share), _SMALLEST), share)


def _pair(point: QPointF) -> tuple[float, float]:
    return point.x(), point.y()
