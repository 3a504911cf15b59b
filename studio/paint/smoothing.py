"""Steadies a hand: between what the pen reports and the path of the stroke."""

import math
from dataclasses import dataclass
from typing import Protocol

from studio.core.settings import Smoothing
from studio.paint.brush import Brush
from studio.paint.path import PathPoint

_USUAL_GAP = 0.005  # seconds, where two reports bear the same time or go back in it
_LONGEST_STRING = 150.0  # document pixels
_SLOWEST, _FASTEST = 0.3, 12.0  # Hz: cutoffs of the 1-euro filter at rest
_BETA = 0.004  # how much a pixel a second raises the cutoff, in Hz


class Smoother(Protocol):
    """Turns reports into points of the path, depending on the reports and their times only."""

    def add(self, point: PathPoint, time: float) -> PathPoint:
        """Where the path goes next; `time` is in milliseconds."""
        ...

    def end(self) -> PathPoint | None:
        """Where the path ends, if that is not where it is."""
        ...


def smoother_for(brush: Brush) -> Smoother:
    """A fresh smoother, as the brush wants it."""
    if brush.smoothing is Smoothing.EURO:
        return OneEuro(brush.smoothness)
    if brush.smoothing is Smoothing.STRING:
        return PulledString(brush.smoothness)
    return Unsmoothed()


class Unsmoothed:
    """The hand as it is."""

    def add(self, point: PathPoint, time: float) -> PathPoint:
        """The point."""
        return point

    def end(self) -> PathPoint | None:
        """Nothing is left over."""
        return None


@dataclass(slots=True)
class _LowPass:
    value: float
    speed: float = 0.0

    def add(self, value: float, gap: float, at_rest: float) -> float:
        """Filtered less the faster it moves; `at_rest` is the cutoff in Hz without moving."""
        self.speed += _alpha(1.0, gap) * ((value - self.value) / gap - self.speed)
        cutoff = at_rest + _BETA * abs(self.speed)
        self.value += _alpha(cutoff, gap) * (value - self.value)
        return self.value


class OneEuro:
    """The 1-euro filter (Casiez, Roussel and Vogel, CHI 2012): steady when slow, close when fast.

    The stroke ends where the pen does.
    """

    def __init__(self, smoothness: float) -> None:
        self._at_rest = _FASTEST * (_SLOWEST / _FASTEST) ** smoothness
        self._x: _LowPass | None = None
        self._y: _LowPass | None = None
        self._time = 0.0
        self._last: PathPoint | None = None

    def add(self, point: PathPoint, time: float) -> PathPoint:
        """The filtered point."""
        gap = (time - self._time) / 1000
        self._time, self._last = time, point
        if self._x is None or self._y is None:
            self._x, self._y = _LowPass(point.x), _LowPass(point.y)
            return point
        gap = gap if 0.0 < gap < math.inf else _USUAL_GAP
        x = self._x.add(point.x, gap, self._at_rest)
        return point._replace(x=x, y=self._y.add(point.y, gap, self._at_rest))

    def end(self) -> PathPoint | None:
        """The pen's own last place."""
        return self._last


class PulledString:
    """The brush hangs on a string behind the pen and moves only while it is taut."""

    def __init__(self, smoothness: float) -> None:
        self._length = _LONGEST_STRING * smoothness
        self._at: PathPoint | None = None

    def add(self, point: PathPoint, time: float) -> PathPoint:
        """Where the string draws the brush."""
        if self._at is None:
            self._at = point
            return point
        away = math.hypot(point.x - self._at.x, point.y - self._at.y)
        share = max(0.0, (away - self._length) / away) if away > 0.0 else 0.0
        x = self._at.x + (point.x - self._at.x) * share
        y = self._at.y + (point.y - self._at.y) * share
        self._at = point._replace(x=x, y=y)
        return self._at

    def end(self) -> PathPoint | None:
        """The brush stays where it is: the string goes slack."""
        return None


def _alpha(cutoff: float, gap: float) -> float:
    return 1.0 / (1.0 + 1.0 / (2 * math.pi * cutoff * gap))
