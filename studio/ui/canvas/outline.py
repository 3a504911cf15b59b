"""The circle around the pointer that shows how wide the brush is."""

import math
from functools import lru_cache

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen

_LARGEST = 400.0  # widget pixels; larger ones would take much memory
_STEP = 0.25  # widget pixels of radius that can be told apart


def draw_circle(painter: QPainter, middle: QPointF, radius: float) -> None:
    """Draw it, both lengths in widget pixels; up to a size, from a picture of it kept before."""
    if radius > _LARGEST:
        _draw(painter, middle, radius)
        return
    ratio = painter.device().devicePixelRatio()
    image = _picture(_STEP * round(radius / _STEP), ratio)
    half = image.width() / ratio / 2
    x, y = (round((at - half) * ratio) / ratio for at in (middle.x(), middle.y()))
    painter.drawImage(QPointF(x, y), image)


@lru_cache(maxsize=2)
def _picture(radius: float, ratio: float) -> QImage:
    side = 2 * math.ceil((radius + 3) * ratio)
    image = QImage(side, side, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(0)
    image.setDevicePixelRatio(ratio)
    with QPainter(image) as painter:
        _draw(painter, QPointF(side, side) / ratio / 2, radius)
    return image


def _draw(painter: QPainter, middle: QPointF, radius: float) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for colour, grow in ((QColor(0, 0, 0, 130), 0.75), (QColor(255, 255, 255, 200), -0.25)):
        painter.setPen(QPen(colour, 1))
        painter.drawEllipse(middle, radius + grow, radius + grow)
