"""Scales, turns, moves and flips the active layer, or what of it is selected."""

import math

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF, QTransform

from studio.paint.canvas import Canvas
from studio.paint.layer import Layer
from studio.paint.lettering import transform_text
from studio.paint.lift import Lift, liftable
from studio.paint.selection import Selection
from studio.paint.text import Text
from studio.ui import palette
from studio.ui.canvas.aside import Soon
from studio.ui.canvas.pointer import PointerSample
from studio.ui.canvas.tools import Tool
from studio.ui.canvas.viewport import Viewport

_GRAB = 14.0  # widget pixels around a corner
_SMALLEST = 0.02  # share of the size before
_FAR = 1e5  # document pixels


class TransformTool(Tool):
    """Drag a corner to scale, inside to move, outside to turn; Shift keeps form and angles.

    Drags that follow each other start from the pixels as they were first, so that nothing blurs.
    Text stays text.
    """

    def __init__(self) -> None:
        super().__init__()
        self._over: Canvas | None = None
        self._offered: tuple[object, QRect] | None = None  # for which pixels, and where they are
        self._canvas: Canvas | None = None  # while the pointer is down
        self._lift: Lift | None = None
        self._taken: tuple[Canvas, Layer, Selection | None] | None = None
        self._text: Text | None = None  # that was taken up
        self._done = QTransform()  # by the drags before
        self._now = QTransform()
        self._start = QPointF()
        self._corner: int | None = None
        self._inside = False
        self._scale = 1.0  # of the view, when it was drawn last
        self._soon = Soon()

    def take_up(self, canvas: Canvas) -> None:
        """Show the corners of what there is on this painting."""
        self._over = canvas

    def press(self, canvas: Canvas, sample: PointerSample) -> None:
        """Take the pixels up, or go on with those from before."""
        layer = self.paintable(canvas, as_text=canvas.selection.value is None)
        self._canvas = canvas if layer is not None else None
        if layer is None:
            return
        taken = (canvas, layer, canvas.selection.value)
        if self._lift is None or self._taken != taken or not self._lift.untouched:
            self._lift = Lift(canvas.document, layer, canvas.selection.value)
            self._taken, self._done, self._text = taken, QTransform(), layer.props.text
        self._start, self._now = sample.at, self._done
        corners = self._corners()
        near = [math.dist(_pair(corner), _pair(sample.at)) for corner in corners]
        closest = near.index(min(near))
        self._corner = closest if near[closest] * self._scale < _GRAB else None
        self._inside = QPolygonF(corners).containsPoint(sample.at, Qt.FillRule.OddEvenFill)

    def move(self, sample: PointerSample) -> None:
        """Show them as they would be."""
        if self._canvas is None or self._lift is None or self._lift.bounds.isNull():
            return
        if not abs(sample.at.x()) + abs(sample.at.y()) < _FAR:  # true for NaN, too
            return
        if self._corner is not None:
            self._now = self._scaled(self._corner, sample) * self._done
        elif self._inside:
            by = (sample.at - self._start).toPoint()
            self._now = self._done * QTransform.fromTranslate(by.x(), by.y())
        else:
            self._now = self._done * self._turned(sample)
        lift, there = self._lift, self._now
        self._soon.run(lambda: lift.place(there))

    def release(self) -> None:
        """Set them down, as one step."""
        self._soon.now()
        canvas, self._canvas = self._canvas, None
        if canvas is None or self._lift is None:
            return
        self._done = self._now
        _finish(canvas, self._lift, "Transform", self._text, self._now)

    def draw(self, painter: QPainter, viewport: Viewport) -> None:
        """The frame with its corners."""
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
        lift, taken = self._lift, (canvas, active, canvas.selection.value)
        if lift is not None and self._taken == taken and (self._canvas or lift.untouched):
            return None if lift.bounds.isNull() else QPolygonF(self._corners())
        pixels = active.id, active.tiles.fingerprint, canvas.selection.value
        if self._offered is None or self._offered[0] != pixels:
            self._offered = pixels, liftable(active, canvas.selection.value)
        bounds = self._offered[1]
        return None if bounds.isNull() else QPolygonF(QRectF(bounds))

    def _corners(self) -> list[QPointF]:
        """Of what was taken up, clockwise from the top left, where they are shown."""
        assert self._lift is not None
        return self._now.map(QPolygonF(QRectF(self._lift.bounds))).toList()[:4]

    def _scaled(self, corner: int, sample: PointerSample) -> QTransform:
        """What brings a corner under the pointer while the opposite one stays."""
        assert self._lift is not None
        corners = QPolygonF(QRectF(self._lift.bounds)).toList()
        anchor, way = corners[(corner + 2) % 4], corners[corner] - corners[(corner + 2) % 4]
        here = self._done.inverted()[0].map(sample.at) - anchor
        across, down = _share(here.x() / way.x()), _share(here.y() / way.y())
        if sample.shift:
            across = down = max(across, down, key=abs)
        around = QTransform.fromTranslate(anchor.x(), anchor.y())
        return around.inverted()[0] * QTransform.fromScale(across, down) * around

    def _turned(self, sample: PointerSample) -> QTransform:
        assert self._lift is not None
        centre = self._done.map(QRectF(self._lift.bounds).center())
        before, now = self._start - centre, sample.at - centre
        angle = math.degrees(math.atan2(now.y(), now.x()) - math.atan2(before.y(), before.x()))
        if sample.shift:
            angle = 15.0 * round(angle / 15.0)
        around = QTransform.fromTranslate(centre.x(), centre.y())
        return around.inverted()[0] * QTransform().rotate(angle) * around


def flip(canvas: Canvas, layer: Layer, across: bool) -> None:
    """Mirror what is selected of a layer in its own middle, left and right or top and bottom."""
    lift = Lift(canvas.document, layer, canvas.selection.value)
    if lift.bounds.isNull():
        return
    centre = QRectF(lift.bounds).center()
    around = QTransform.fromTranslate(centre.x(), centre.y())
    mirror = QTransform.fromScale(-1, 1) if across else QTransform.fromScale(1, -1)
    lift.place(around.inverted()[0] * mirror * around)
    _finish(canvas, lift, "Flip", layer.props.text, around.inverted()[0] * mirror * around)


def _finish(
    canvas: Canvas, lift: Lift, label: str, text: Text | None, transform: QTransform
) -> None:
    """Record what a lift did as one step; of text, draw the letters as they would be there."""
    stroke = lift.end(label)
    if stroke is not None and text is not None:
        canvas.undo.push_done(transform_text(canvas.document, stroke, text, transform))
        lift.settle()
    elif stroke is not None:
        canvas.undo.push_done(stroke)


def _share(share: float) -> float:
    return math.copysign(max(abs(share), _SMALLEST), share)


def _pair(point: QPointF) -> tuple[float, float]:
    return point.x(), point.y()
