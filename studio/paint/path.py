"""Where a stroke's dabs fall: geometry, without pixels."""

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

from PySide6.QtCore import QRectF

_TOLERANCE = 0.1  # pixels between the curve and the lines that stand for it
_MAX_LINES = 64


class PathPoint(NamedTuple):
    """A place in document pixels, the pressure there, 0 .. 1, and the tilt, 0 upright .. 1 flat.

    `turn` is how far the pen is turned about itself, in degrees clockwise.
    """

    x: float
    y: float
    pressure: float
    tilt: float = 0.0
    turn: float = 0.0

    def towards(self, other: "PathPoint", share: float) -> "PathPoint":
        """The point that lies `share` of the way to another."""
        return PathPoint(
            self.x + (other.x - self.x) * share,
            self.y + (other.y - self.y) * share,
            self.pressure + (other.pressure - self.pressure) * share,
            self.tilt + (other.tilt - self.tilt) * share,
            self.turn + ((other.turn - self.turn + 180.0) % 360.0 - 180.0) * share,
        )


class DabPath:
    """Runs a smooth curve along the points and sets dabs on it, evenly by its length.

    The curve is a quadratic B-spline: parabolas from the middle between two points to the next
    middle. It trails the newest point by half a step, until `end`. `step` tells the pixels from
    a dab to the next; dabs outside `clip` are left out.
    """

    def __init__(self, step: Callable[[PathPoint], float], clip: QRectF) -> None:
        self._step = step
        self._clip = clip
        self._point: PathPoint | None = None
        self._reached = PathPoint(0.0, 0.0, 0.0)
        self._gap = 0.0  # pixels from there to the next dab

    def add(self, point: PathPoint) -> list[PathPoint]:
        """Carry the path on; the dabs that are certain now. The first point has one on itself."""
        last, self._point = self._point, point
        if last is None:
            self._reached = point
            self._gap = self._step(point)
            return [point] if self._clip.contains(point.x, point.y) else []
        if (point.x, point.y) == (last.x, last.y):
            return []
        start, self._reached = self._reached, last.towards(point, 0.5)
        lines = _flatten(start, last, self._reached)
        return [dab for first, second in lines for dab in self._walk(first, second)]

    def end(self) -> list[PathPoint]:
        """The dabs up to the last point itself."""
        if self._point is None:
            return []
        return list(self._walk(self._reached, self._point))

    def _walk(self, start: PathPoint, end: PathPoint) -> Iterator[PathPoint]:
        length = math.hypot(end.x - start.x, end.y - start.y)
        inside = _clip_line(start, end, self._clip)
        enter, leave = (inside[0] * length, inside[1] * length) if inside else (length, -1.0)
        at = self._gap
        while length > 0.0 and at <= length:
            point = start.towards(end, at / length)
            step = self._step(point)
            if at < enter:
                at += max(1, math.ceil((enter - at) / step)) * step
            elif at > leave:
                at += max(1, math.ceil((length - at) / step)) * step
            else:
                yield point
                at += step
        self._gap = at - length


def _flatten(
    start: PathPoint, control: PathPoint, end: PathPoint
) -> Iterator[tuple[PathPoint, PathPoint]]:
    """The parabola as straight lines; n of them are off by at most its bend / (4 n**2)."""
    bend = math.hypot(start.x - 2 * control.x + end.x, start.y - 2 * control.y + end.y)
    count = max(1, min(_MAX_LINES, math.ceil(math.sqrt(bend / (4 * _TOLERANCE)))))
    before = start
    for index in range(1, count + 1):
        share = index / count
        after = start.towards(control, share).towards(control.towards(end, share), share)
        yield before, after
        before = after


def _clip_line(start: PathPoint, end: PathPoint, clip: QRectF) -> tuple[float, float] | None:
    """Which shares of the line lie in `clip` (Liang and Barsky, 1984); None if nothing does."""
    enter, leave = 0.0, 1.0
    for origin, way, low, high in (
        (start.x, end.x - start.x, clip.left(), clip.right()),
        (start.y, end.y - start.y, clip.top(), clip.bottom()),
    ):
        if way == 0.0:
            if not low <= origin <= high:
                return None
            continue
        near, far = sorted(((low - origin) / way, (high - origin) / way))
        enter, leave = max(enter, near), min(leave, far)
    return (enter, leave) if enter <= leave else None
