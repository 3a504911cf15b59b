"""A response curve: what a pen's pressure counts for."""

import itertools
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

from studio.core.errors import UserError

MAX_POINTS = 16


@dataclass(frozen=True, slots=True)
class Curve:
    """A monotone cubic through points (in, out), both 0 .. 1, level beyond the first and last.

    The interpolation is Fritsch and Butland's (1984): between two points it never leaves the
    range of their values. Raises UserError where the points make no curve.
    """

    points: tuple[tuple[float, float], ...] = ((0.0, 0.0), (1.0, 1.0))
    _slopes: tuple[float, ...] = field(init=False, repr=False, compare=False)
    _ins: tuple[float, ...] = field(init=False, repr=False, compare=False)
    _straight: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        inside = all(0.0 <= value <= 1.0 for point in self.points for value in point)
        ins = tuple(point[0] for point in self.points)
        rising = all(b - a >= 1e-3 for a, b in itertools.pairwise(ins))
        if not (2 <= len(self.points) <= MAX_POINTS and inside and rising):
            raise UserError(
                "These points make no pressure curve.",
                f"Give 2 to {MAX_POINTS} points between 0 and 1, from left to right.",
            )
        object.__setattr__(self, "_slopes", _slopes(self.points))
        object.__setattr__(self, "_ins", ins)
        object.__setattr__(self, "_straight", self.points == ((0.0, 0.0), (1.0, 1.0)))

    @classmethod
    def parse(cls, text: str) -> "Curve":
        """Read `str(curve)`; text that is no curve gives the straight one."""
        try:
            pairs = [tuple(map(float, pair.split(","))) for pair in text[:1000].split()]
            return cls(tuple((x, y) for x, y in pairs))
        except (ValueError, UserError):
            return cls()

    def __str__(self) -> str:
        return " ".join(f"{x:g},{y:g}" for x, y in self.points)

    def at(self, value: float) -> float:
        """The curve's value, 0 .. 1, at `value`."""
        if self._straight:
            return value if 0.0 <= value <= 1.0 else min(1.0, max(0.0, value))
        points = self.points
        right = bisect_right(self._ins, value)
        if right == 0:
            return points[0][1]
        if right == len(points):
            return points[-1][1]
        (x0, y0), (x1, y1) = points[right - 1], points[right]
        width = x1 - x0
        t = (value - x0) / width
        bend0, bend1 = self._slopes[right - 1] * width, self._slopes[right] * width
        rise = y1 - y0
        out = y0 + t * (bend0 + t * (3 * rise - 2 * bend0 - bend1 + t * (bend0 + bend1 - 2 * rise)))
        return min(1.0, max(0.0, out))


def _slopes(points: Sequence[tuple[float, float]]) -> tuple[float, ...]:
    """The tangents at the points, such that the curve rises and falls only where they do."""
    pairs = list(itertools.pairwise(points))
    rises = [(y1 - y0) / (x1 - x0) for (x0, y0), (x1, y1) in pairs]
    inner = [
        0.0 if before * after <= 0 else 2 * before * after / (before + after)
        for before, after in itertools.pairwise(rises)
    ]
    return (rises[0], *inner, rises[-1])


LINEAR = Curve()
