"""A running job, shown where its picture will be. Never part of the document."""

from dataclasses import dataclass

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter, QPen

from studio.ui import palette

_BAR = 4.0  # pixels high


@dataclass(frozen=True, slots=True)
class JobOverlay:
    """`frame` is in document pixels; `preview` may be of any size; `fraction` is 0 .. 1."""

    frame: QRect
    stage: str
    fraction: float
    preview: QImage | None = None


def draw_overlay(painter: QPainter, overlay: JobOverlay, place: QRectF) -> None:
    """Draw the preview, a frame and the progress into `place` (widget pixels)."""
    painter.save()
    if overlay.preview is not None:
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(place, overlay.preview)
    painter.setPen(QPen(QColor(palette.ACCENT), 1.5))
    painter.drawRect(place)
    bar = QRectF(place.left(), place.bottom() + 6, place.width(), _BAR)
    painter.fillRect(bar, QColor(palette.LINE))
    bar.setWidth(bar.width() * overlay.fraction)
    painter.fillRect(bar, QColor(palette.ACCENT))
    font = QFont(painter.font())
    font.setPointSizeF(font.pointSizeF() * 0.9)
    painter.setFont(font)
    painter.setPen(QColor(palette.TEXT))
    words = QRectF(place.left(), bar.bottom() + 2, place.width(), 20)
    painter.drawText(words, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, overlay.stage)
    painter.restore()
