"""A running job, shown where its picture will be. Never part of the document."""

from dataclasses import dataclass

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter, QPen

from studio.ui import palette
from studio.ui.canvas.viewport import Viewport

_BAR = 4.0  # pixels high


@dataclass(frozen=True, slots=True)
class JobOverlay:
    """`frame` is in document pixels; `preview` may be of any size; `fraction` is 0 .. 1."""

    frame: QRect
    stage: str
    fraction: float
    preview: QImage | None = None


def draw_overlay(painter: QPainter, overlay: JobOverlay, viewport: Viewport) -> None:
    """Draw the preview and a frame where they lie on the paper, and the progress below."""
    frame = QRectF(overlay.frame)
    place = viewport.to_widget(frame)
    painter.save()
    if overlay.preview is not None:
        painter.save()
        painter.setTransform(viewport.transform, True)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(frame, overlay.preview)
        painter.restore()
    painter.setPen(QPen(QColor(palette.ACCENT), 1.5))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPolygon(viewport.outline(frame))
    bar = QRectF(place.left(), place.bottom() + 3, place.width(), _BAR)
    painter.fillRect(bar, QColor(palette.LINE))
    bar.setWidth(bar.width() * overlay.fraction)
    painter.fillRect(bar, QColor(palette.ACCENT))
    font = QFont(painter.font())
    font.setPointSizeF(font.pointSizeF() * 0.9)
    painter.setFont(font)
    painter.setPen(QColor(palette.TEXT))
    words = QRectF(place.left(), bar.bottom() + 1, place.width(), 20)
    painter.drawText(words, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, overlay.stage)
    painter.restore()
