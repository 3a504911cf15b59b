"""Where the paper lies in the widget: zoom and position, as plain geometry."""

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize

MIN_SCALE, MAX_SCALE = 1 / 64, 64.0


@dataclass(frozen=True, slots=True)
class Viewport:
    """`scale` is widget pixels for one document pixel; `x`, `y` is where the paper starts."""

    scale: float = 1.0
    x: float = 0.0
    y: float = 0.0

    @classmethod
    def fitting(cls, paper: QSize, widget: QSize, margin: int = 24) -> "Viewport":
        """The whole paper, as large as it gets up to its actual size, in the middle."""
        wide = max(1, widget.width() - 2 * margin) / paper.width()
        high = max(1, widget.height() - 2 * margin) / paper.height()
        return cls.centred(paper, widget, min(1.0, wide, high))

    @classmethod
    def centred(cls, paper: QSize, widget: QSize, scale: float) -> "Viewport":
        """The paper's middle in the widget's middle. The corner is on a whole pixel."""
        x = (widget.width() - paper.width() * scale) / 2
        y = (widget.height() - paper.height() * scale) / 2
        return cls(scale, round(x), round(y))

    def zoomed(self, factor: float, anchor: QPointF) -> "Viewport":
        """Zoomed so that the document point under `anchor` stays there."""
        scale = min(MAX_SCALE, max(MIN_SCALE, self.scale * factor))
        ratio = scale / self.scale
        x = anchor.x() - (anchor.x() - self.x) * ratio
        y = anchor.y() - (anchor.y() - self.y) * ratio
        return Viewport(scale, x, y)

    def moved(self, by: QPointF) -> "Viewport":
        """Shifted by that many widget pixels."""
        return Viewport(self.scale, self.x + by.x(), self.y + by.y())

    def to_document(self, point: QPointF) -> QPointF:
        """From widget pixels to document pixels."""
        return QPointF((point.x() - self.x) / self.scale, (point.y() - self.y) / self.scale)

    def to_widget(self, rect: QRectF) -> QRectF:
        """From document pixels to widget pixels."""
        return QRectF(
            rect.x() * self.scale + self.x,
            rect.y() * self.scale + self.y,
            rect.width() * self.scale,
            rect.height() * self.scale,
        )

    def from_widget(self, rect: QRectF) -> QRectF:
        """From widget pixels to document pixels."""
        top_left = self.to_document(rect.topLeft())
        return QRectF(top_left, self.to_document(rect.bottomRight()))
