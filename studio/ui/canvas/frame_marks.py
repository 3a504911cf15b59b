"""How the generation frame is shown over the paper."""

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen

from studio.core.picture import Size
from studio.core.sizing import SizeRule
from studio.paint.frame import Frame, centred
from studio.ui import palette
from studio.ui.canvas.viewport import Viewport

_HANDLE = 4.0  # widget pixels from a handle's middle to its edge

Grip = tuple[int, int]
"""Which edges of a rectangle: -1 the left or upper one, 1 the right or lower one, 0 neither."""

GRIPS: tuple[Grip, ...] = tuple(
    (across, down) for down in (-1, 0, 1) for across in (-1, 0, 1) if across or down
)
"""The corners, and the middles of the edges."""


@dataclass(frozen=True, slots=True)
class Sizing:
    """What the model makes: by its rule in the frame's shape, or `size`, where that is chosen."""

    rule: SizeRule | None = None  # None: there is no model
    size: Size | None = None

    def of(self, frame: Size) -> Size | None:
        """The size of the picture for a frame (document pixels), if that is known."""
        if self.size is not None or self.rule is None:
            return self.size
        return self.rule.in_shape_of(frame)


def handle(rect: QRectF, grip: Grip) -> QPointF:
    """The middle of a handle."""
    across, down = grip
    return rect.center() + QPointF(across * rect.width() / 2, down * rect.height() / 2)


def draw_outline(painter: QPainter, rect: QRect, viewport: Viewport) -> None:
    """A thin line in two tones, so that it can be seen on everything."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, bool(viewport.angle))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for colour, style in (("white", Qt.PenStyle.SolidLine), ("black", Qt.PenStyle.DashLine)):
        painter.setPen(QPen(QColor(colour), 1, style))
        painter.drawPolygon(viewport.outline(QRectF(rect)))
    painter.restore()


def draw_handles(painter: QPainter, rect: QRect, viewport: Viewport) -> None:
    """Squares to take hold of."""
    painter.save()
    painter.setPen(QPen(QColor("black"), 1))
    painter.setBrush(QColor("white"))
    for grip in GRIPS:
        middle = viewport.point_on_widget(handle(QRectF(rect), grip))
        painter.drawRect(QRectF(middle.x() - _HANDLE, middle.y() - _HANDLE, 8, 8))
    painter.restore()


def draw_words(painter: QPainter, frame: Frame, sizing: Sizing, viewport: Viewport) -> None:
    """How large it is and how large the model makes it; and which part that leaves out, if any."""
    made = sizing.of(frame.size)
    painter.save()
    if sizing.size is not None and (part := centred(frame.rect, sizing.size)) != frame.rect:
        painter.setPen(QPen(QColor(palette.ACCENT), 1))
        painter.drawPolygon(viewport.outline(QRectF(part)))
    words = str(frame.size)
    if made is not None and made != frame.size:
        words += f", painted at {made}"
    font = QFont(painter.font())
    font.setPointSizeF(font.pointSizeF() * 0.9)
    painter.setFont(font)
    place = viewport.to_widget(QRectF(frame.rect))
    box = QRectF(painter.fontMetrics().boundingRect(words)).adjusted(-6, -2, 6, 3)
    box.moveTopLeft(QPointF(place.left(), place.bottom() + 8))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(palette.FIELD))
    painter.drawRoundedRect(box, 3, 3)
    painter.setPen(QColor(palette.TEXT))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)
    painter.restore()
