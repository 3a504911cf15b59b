"""What a brush looks like: a stroke of it, for lists and buttons."""

import math
from dataclasses import replace

from PySide6.QtCore import QRect
from PySide6.QtGui import QColor, QImage, QPainter

from studio.core.picture import Size
from studio.paint.brush import Blend, Brush
from studio.paint.document import Document
from studio.paint.stroke import Stroke, StrokePoint

_REPORTS = 24


def stroke_preview(brush: Brush, size: Size, ink: QColor) -> QImage:
    """A wave of the brush from light to hard and back, in `ink` on transparent ground.

    Large brushes are shown smaller; erasers and fingers work on a band of ink.
    """
    document = Document(size)
    layer = document.new_layer("")
    document.insert_layer(0, layer)
    shown = replace(brush, size=min(brush.size, size.height * 0.55), colour=ink)
    if brush.blend is not Blend.PAINT:
        band = replace(Brush(), size=size.height * 0.3, hardness=0.9, colour=ink)
        _paint(document, band, [StrokePoint(size.width * x, size.height / 2) for x in (0.0, 1.0)])
    _paint(document, shown, _wave(size))
    image = QImage(size.width, size.height, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(0)
    with QPainter(image) as painter:
        layer.tiles.draw(painter, QRect(0, 0, size.width, size.height))
    return image


def _wave(size: Size) -> list[StrokePoint]:
    points = []
    for step in range(_REPORTS + 1):
        along = step / _REPORTS
        y = size.height * (0.5 - 0.18 * math.sin(2 * math.pi * along))
        pressure = 0.08 + 0.92 * math.sin(math.pi * along)
        points.append(StrokePoint(size.width * (0.1 + 0.8 * along), y, pressure, 8.0 * step))
    return points


def _paint(document: Document, brush: Brush, points: list[StrokePoint]) -> None:
    stroke = Stroke(document, document.layers[0].id, brush)
    stroke.extend(points)
    stroke.end()
