"""Fingers on the canvas: one moves the paper, two move, zoom and turn it."""

import math
from collections.abc import Sequence

from PySide6.QtCore import QPointF
from PySide6.QtGui import QEventPoint

from studio.ui.canvas.viewport import Viewport

_COME_AND_GO = (QEventPoint.State.Pressed, QEventPoint.State.Released)


def followed(viewport: Viewport, points: Sequence[QEventPoint]) -> Viewport:
    """The view after fingers went from their last places to where they are now."""
    before = [point.lastPosition() for point in points[:2]]
    after = [point.position() for point in points[:2]]
    if not points or any(point.state() in _COME_AND_GO for point in points):
        return viewport
    if len(points) == 1:
        return viewport.moved(after[0] - before[0])
    anchor = (before[0] + before[1]) / 2
    (length, angle), (longer, turned) = _span(before), _span(after)
    if length > 0.0 and longer > 0.0:
        viewport = viewport.zoomed(longer / length, anchor).turned(turned - angle, anchor)
    return viewport.moved((after[0] + after[1]) / 2 - anchor)


def _span(points: Sequence[QPointF]) -> tuple[float, float]:
    """How far two points are apart, and in which direction, in degrees."""
    way = points[1] - points[0]
    return math.hypot(way.x(), way.y()), math.degrees(math.atan2(way.y(), way.x()))
