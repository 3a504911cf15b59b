"""Draws the document's pixels into a part of a widget."""

import math
from dataclasses import replace
from functools import lru_cache

from PySide6.QtCore import QLineF, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPen

from studio.paint.blend import bands
from studio.paint.canvas import Canvas
from studio.paint.compositor import Compositor, Part
from studio.paint.draft import Draft
from studio.paint.tiles import rects_of
from studio.ui.canvas.viewport import Viewport

SMOOTH_BELOW = 2.0
"""Screen pixels for one document pixel: from there on, pixels are shown as squares."""

GRID_FROM = 8.0
"""Widget pixels for one document pixel, from which on a grid lies between them."""

MAX_LEVEL = 6
_SQUARE, _PATTERN = 8, 128  # widget pixels
_SIDEWAYS = 0.2
"""Cosine of the angle below which each row of the screen runs down columns of the image: far apart
in memory, and all in the same few lines of the cache, unless the columns are copied together."""


def draw_sheet(
    painter: QPainter,
    canvas: Canvas,
    viewport: Viewport,
    area: QRect,
    ratio: float,
    until: float | None = None,
) -> QRect:
    """Draw what of the paper lies in `area` (widget pixels), `ratio` screen pixels each.

    With `until`, a time.perf_counter(), it is drawn as far as it is composed by then; returned is
    what (document pixels) has to be drawn again for the rest, or an empty rectangle.
    """
    left = _draw(painter, canvas.compositor, viewport, area, ratio, until)
    if viewport.scale >= GRID_FROM:
        _draw_grid(painter, canvas, viewport, area)
    return left


def draw_draft(
    painter: QPainter,
    draft: Draft,
    viewport: Viewport,
    area: QRect,
    ratio: float,
    until: float | None = None,
) -> QRect:
    """The same for a draft, which lies where the document would lie."""
    times = 2**draft.level
    smaller = replace(viewport, scale=viewport.scale * times)
    left = _draw(painter, draft.compositor, smaller, area, ratio, until)
    return QRect(left.topLeft() * times, left.size() * times)


def _draw(
    painter: QPainter,
    compositor: Compositor,
    viewport: Viewport,
    area: QRect,
    ratio: float,
    until: float | None,
) -> QRect:
    paper = viewport.to_widget(QRectF(compositor.area))
    visible = paper.intersected(QRectF(area))
    if visible.isEmpty():
        return QRect()
    painter.save()
    painter.setClipRect(area, Qt.ClipOperation.IntersectClip)
    _draw_checkers(painter, compositor.area, viewport, visible)
    scale = viewport.scale * ratio
    level = level_for(viewport, ratio)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, scale < SMOOTH_BELOW)
    left = _draw_pixels(painter, compositor, viewport, visible, level, until)
    painter.restore()
    return left


def level_for(viewport: Viewport, ratio: float) -> int:
    """How often the document is halved for it to be drawn there: never smaller than it is shown."""
    scale = viewport.scale * ratio
    return max(0, min(MAX_LEVEL, math.floor(-math.log2(scale)))) if scale < 1 else 0


def _draw_pixels(
    painter: QPainter,
    compositor: Compositor,
    viewport: Viewport,
    visible: QRectF,
    level: int,
    until: float | None,
) -> QRect:
    """Whole pixels with some around them, so that parts drawn at other times fit."""
    shrink = 2**level
    source = viewport.from_widget(visible)
    part = QRectF(source.topLeft() / shrink, source.bottomRight() / shrink).toAlignedRect()
    part = part.adjusted(-2, -2, 2, 2)
    area = QRect(part.topLeft() * shrink, part.size() * shrink)
    parts = compositor.parts(level, area, until)
    sideways = abs(math.cos(math.radians(viewport.angle))) < _SIDEWAYS
    for band in bands(visible.toAlignedRect()):
        painter.save()
        painter.setClipRect(band, Qt.ClipOperation.IntersectClip)
        painter.setTransform(viewport.transform, True)
        painter.scale(shrink, shrink)
        under = viewport.from_widget(QRectF(band))
        within = QRectF(under.topLeft() / shrink, under.size() / shrink).toAlignedRect()
        for each in parts:
            _draw_part(painter, each, within.adjusted(-2, -2, 2, 2), sideways)
        painter.restore()
    return compositor.unfinished(level, area)


def _draw_part(painter: QPainter, part: Part, within: QRect, sideways: bool) -> None:
    if part.scale > 1:  # only meanwhile, so it need not be smooth
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
    for rect in rects_of(part.region.intersected(within)):
        if part.scale != 1:
            painter.drawImage(QRectF(rect), part.image, part.source(rect))
        elif sideways:
            painter.drawImage(rect.topLeft(), part.image.copy(rect))
        else:
            painter.drawImage(rect.topLeft(), part.image, rect)


def _draw_checkers(painter: QPainter, paper: QRect, viewport: Viewport, visible: QRectF) -> None:
    """The pattern that stands for transparency; it stays with the paper."""
    painter.setBrushOrigin(viewport.transform.map(QPointF()))
    squares = _squares()
    if viewport.angle:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QBrush(squares))
        painter.drawPolygon(viewport.outline(QRectF(paper)))
    else:
        brush = QBrush(squares)
        for band in bands(visible.toAlignedRect()):
            painter.fillRect(visible.intersected(QRectF(band)), brush)


@lru_cache(maxsize=1)
def _squares() -> QImage:
    """Many at once, for Qt repeats a pattern row by row, piece by piece."""
    squares = QImage(_PATTERN, _PATTERN, QImage.Format.Format_RGB32)
    squares.fill(QColor("#cfccc7"))
    with QPainter(squares) as dark:
        for row in range(0, _PATTERN, _SQUARE):
            for column in range(row % (2 * _SQUARE), _PATTERN, 2 * _SQUARE):
                dark.fillRect(column, row, _SQUARE, _SQUARE, QColor("#b9b5af"))
    return squares


def _draw_grid(painter: QPainter, canvas: Canvas, viewport: Viewport, area: QRect) -> None:
    shown = viewport.from_widget(QRectF(area)).toAlignedRect().intersected(canvas.document.rect)
    if shown.isEmpty():
        return
    left, top = shown.left(), shown.top()
    right, bottom = left + shown.width(), top + shown.height()
    lines = [QLineF(x, top, x, bottom) for x in range(left, right + 1)]
    lines += [QLineF(left, y, right, y) for y in range(top, bottom + 1)]
    painter.save()
    painter.setClipRect(area, Qt.ClipOperation.IntersectClip)
    painter.setTransform(viewport.transform, True)
    painter.setPen(QPen(QColor(128, 128, 128, 90), 0))  # a pixel wide at any zoom
    painter.drawLines(lines)
    painter.restore()
