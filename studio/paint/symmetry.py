"""Strokes that are painted more than once: mirrored, or turned around a point."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

MAX_RADIAL = 32


class Image(NamedTuple):
    """Where a dab falls, and how it lies there: turned clockwise by degrees first, then mirrored.

    `mirrored`: left and right, top and bottom.
    """

    x: float
    y: float
    turn: float = 0.0
    mirrored: tuple[bool, bool] = (False, False)


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

    def images(self, x: float, y: float) -> Iterator[Image]:
        """The point itself, then its images, always in the same order."""
        yield Image(x, y)
        if self.single:
            return
        right, down = x - self.x, y - self.y
        flips = [(False, False)]
        if self.vertical:
            flips.append((True, False))
        if self.horizontal:
            flips.append((False, True))
        if self.vertical and self.horizontal:
            flips.append((True, True))
        for turn in range(self.radial):
            angle = 2 * math.pi * turn / self.radial
            cos, sin = math.cos(angle), math.sin(angle)
            for mirrored in flips:
                across, over = mirrored
                if turn == 0 and not (across or over):
                    continue
                a, b = -right if across else right, -down if over else down
                # A turn after one mirror is the turn the other way before it.
                turned = math.degrees(-angle if across != over else angle)
                x, y = self.x + a * cos - b * sin, self.y + a * sin + b * cos
                yield Image(x, y, turned, mirrored)


NO_SYMMETRY = Symmetry()
