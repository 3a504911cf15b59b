"""Where the paper lies in the widget: zoom, turn, mirror and position, as plain geometry."""

from dataclasses import dataclass, replace

from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QPolygonF, QTransform

MIN_SCALE, MAX_SCALE = 1 / 64, 64.0

ZOOM_STEP = 2 ** (1 / 4)
"""By what a step of the wheel multiplies the scale."""


@dataclass(frozen=True, slots=True)
class Viewport:
    """`scale` is widget pixels for one document pixel; (`x`, `y`) is where (0, 0) of the paper is.

    The paper is mirrored left to right first, if it is, then turned by `angle` degrees clockwise,
    -180 .. 180.
    """

    scale: float = 1.0
    x: float = 0.0
    y: float = 0.0
    angle: float = 0.0
    mirrored: bool = False

    @property
    def transform(self) -> QTransform:
        """From document pixels to widget pixels."""
        return self._turn(QTransform.fromTranslate(self.x, self.y))

    def fitting(self, paper: QSize, widget: QSize, margin: int = 24) -> "Viewport":
        """The whole paper, as large as it gets up to its actual size, in the middle."""
        box = self._turn(QTransform()).mapRect(QRectF(0, 0, paper.width(), paper.height()))
        wide = max(1, widget.width() - 2 * margin) * self.scale / box.width()
        high = max(1, widget.height() - 2 * margin) * self.scale / box.height()
        return self.centred(paper, widget, min(1.0, wide, high))

    def centred(self, paper: QSize, widget: QSize, scale: float) -> "Viewport":
        """The paper's middle in the widget's middle, to the nearest of the document's pixels.

        Where these are as large as the screen's, each lies on one of them.
        """
        scaled = replace(self, scale=scale, x=0.0, y=0.0)
        middle = scaled.transform.map(QPointF(paper.width() / 2, paper.height() / 2))
        x, y = widget.width() / 2 - middle.x(), widget.height() / 2 - middle.y()
        return replace(scaled, x=round(x / scale) * scale, y=round(y / scale) * scale)

    def zoomed(self, factor: float, anchor: QPointF) -> "Viewport":
        """Zoomed so that the document point under `anchor` stays there."""
        scale = min(MAX_SCALE, max(MIN_SCALE, self.scale * factor))
        ratio = scale / self.scale
        x = anchor.x() - (anchor.x() - self.x) * ratio
        y = anchor.y() - (anchor.y() - self.y) * ratio
        return replace(self, scale=scale, x=x, y=y)

    def moved(self, by: QPointF) -> "Viewport":
        """Shifted by that many widget pixels."""
        return replace(self, x=self.x + by.x(), y=self.y + by.y())

    def turned(self, degrees: float, anchor: QPointF) -> "Viewport":
        """Turned clockwise so that the document point under `anchor` stays there."""
        angle = (self.angle + degrees + 180.0) % 360.0 - 180.0
        return replace(self, angle=angle)._pinned(self.to_document(anchor), anchor)

    def flipped(self, anchor: QPointF) -> "Viewport":
        """As in a mirror that stands upright at `anchor`, whatever the turn."""
        flipped = replace(self, mirrored=not self.mirrored, angle=0.0 - self.angle)
        return flipped._pinned(self.to_document(anchor), anchor)

    def to_document(self, point: QPointF) -> QPointF:
        """From widget pixels to document pixels."""
        return self.transform.inverted()[0].map(point)

    def point_on_widget(self, point: QPointF) -> QPointF:
        """From document pixels to widget pixels."""
        return self.transform.map(point)

    def to_widget(self, rect: QRectF) -> QRectF:
        """The widget pixels around a rectangle of document pixels."""
        return self.transform.mapRect(rect)

    def outline(self, rect: QRectF) -> QPolygonF:
        """The corners, in widget pixels, of a rectangle of document pixels."""
        return self.transform.map(QPolygonF(rect))

    def from_widget(self, rect: QRectF) -> QRectF:
        """The document pixels around a rectangle of widget pixels."""
        return self.transform.inverted()[0].mapRect(rect)

    def _turn(self, transform: QTransform) -> QTransform:
        if self.angle:
            transform.rotate(self.angle)
        return transform.scale(-self.scale if self.mirrored else self.scale, self.scale)

    def _pinned(self, document: QPointF, widget: QPointF) -> "Viewport":
        """Moved so that a document point lies on a widget point."""
        return self.moved(widget - self.transform.map(document))
