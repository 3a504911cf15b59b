"""What a person can set about a brush."""

import math
from dataclasses import dataclass, field

from PySide6.QtGui import QColor

from studio.core.settings import MAX_BRUSH

MIN_STEP = 0.5
"""Pixels between two dabs at the least: closer ones cost time and cannot be told apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Brush:
    """A round brush; the shares are 0 .. 1. Raises ValueError where a value is out of range.

    The dabs of one stroke add up by `flow`; however many there are, the stroke never covers more
    than `opacity`.
    """

    size: float = 24.0  # pixels across, 1 .. MAX_BRUSH
    hardness: float = 0.7  # share of the radius before the edge begins to fade
    opacity: float = 1.0
    flow: float = 1.0
    spacing: float = 0.12  # from dab to dab, as a share of the diameter
    colour: QColor = field(default_factory=lambda: QColor(0, 0, 0))
    eraser: bool = False
    pressure_size: bool = True
    pressure_opacity: bool = True

    def __post_init__(self) -> None:
        if not 1.0 <= self.size <= MAX_BRUSH:
            raise ValueError(f"{self.size} is not a brush size")
        if not 0.0 < self.spacing <= 10.0:
            raise ValueError(f"{self.spacing} is not a spacing")
        for name in ("hardness", "opacity", "flow"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ValueError(f"{getattr(self, name)} is not a brush's {name}")

    def diameter(self, pressure: float) -> float:
        """Pixels across at a pressure of 0 .. 1, at least one."""
        return max(1.0, self.size * pressure) if self.pressure_size else self.size

    def step(self, pressure: float) -> float:
        """Pixels from a dab to the next."""
        return max(MIN_STEP, self.spacing * self.diameter(pressure))

    def tap_coverage(self, pressure: float) -> float:
        """How much a dab covers that stands alone."""
        return self.flow * (pressure if self.pressure_opacity else 1.0)

    def dab_coverage(self, pressure: float) -> float:
        """How much one dab in a row covers, such that the row covers as much as one that is alone.

        Each place gets 1 / spacing dabs, so each leaves uncovered that root of what all shall
        (as MyPaint's `opaque_linearize` does).
        """
        share = min(1.0, self.step(pressure) / self.diameter(pressure))
        wanted = pressure if self.pressure_opacity else 1.0
        return self.flow * (1.0 - math.pow(1.0 - wanted, share))
