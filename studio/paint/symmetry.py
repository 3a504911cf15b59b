"""Strokes that are painted more than once: mirrored, or turned around a point."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

MAX_RADIAL = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Symmetry:
    """Where else every dab falls. Raises ValueError for fewer than 1 or too many turns.

    `vertical` mirrors left and right across the upright line through (x, y), document pixels;
    `horizontal` top and bottom across the level one; `radial` is how many times a stroke comes
    around that point, 1 is once.
    """

    x: float = 0.0
    y: float = 0.0
    vertical: bool = False
    horizontal: bool = False
    radial: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.radial <= MAX_RADIAL:
            raise ValueError(f"{self.radial} is not a number of turns")

    @property
    def single(self) -> bool:
        """Whether strokes are painted once only."""
        return not (self.vertical or self.horizontal) and self.radial == 1

    def images(self, x: float, y: float) -> Iterator[tuple[float, float]]:
        """The point itself, then its images, always in the same order."""
        yield x, y
        if self.single:
            return
        right, down = x - self.x, y - self.y
        flips = [(1, 1)]
        if self.vertical:
            flips.append((-1, 1))
        if self.horizontal:
            flips.append((1, -1))
        if self.vertical and self.horizontal:
            flips.append((-1, -1))
        for turn in range(self.radial):
            angle = 2 * math.pi * turn / self.radial
            cos, sin = math.cos(angle), math.sin(angle)
            for flip_x, flip_y in flips:
                if turn == 0 and (flip_x, flip_y) == (1, 1):
                    continue
                a, b = right * flip_x, down * flip_y
                yield self.x + a * cos - b * sin, self.y + a * sin + b * cos


NO_SYMMETRY = Symmetry()
