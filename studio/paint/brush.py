"""What a person can set about a brush."""

import math
from dataclasses import dataclass, field
from enum import StrEnum

from PySide6.QtGui import QColor

from studio.core.settings import MAX_BRUSH, Smoothing
from studio.paint.curve import LINEAR, Curve

MIN_STEP = 0.5
"""Pixels between two dabs at the least: closer ones cost time and cannot be told apart."""


class Blend(StrEnum):
    """What a stroke does to the pixels under it."""

    PAINT = "paint"
    ERASE = "erase"
    SMUDGE = "smudge"


class Tip(StrEnum):
    """What a dab is made of: an even disc, coarse chalk, or the hairs of a dry brush."""

    ROUND = "round"
    CHALK = "chalk"
    BRISTLE = "bristle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Brush:
    """A brush; the shares are 0 .. 1. Raises ValueError where a value is out of range.

    The dabs of one stroke add up by `flow`; however many there are, the stroke never covers more
    than `opacity`. The curves say what pressure makes of size, opacity and flow; None leaves
    them as they are.
    """

    size: float = 24.0  # pixels across, 1 .. MAX_BRUSH
    hardness: float = 0.7  # share of the radius before the edge begins to fade
    opacity: float = 1.0
    flow: float = 1.0  # of a smudge: how much of the paint it carries on
    spacing: float = 0.12  # from dab to dab, as a share of the diameter
    jitter: float = 0.0  # how far dabs are thrown off the path, as a share of the diameter
    tip: Tip = Tip.ROUND
    grain: float = 0.0  # how much the paper's tooth shows
    tilt_size: float = 0.0  # how much wider a dab gets while the pen lies flat: 1 doubles it
    size_curve: Curve | None = LINEAR
    opacity_curve: Curve | None = LINEAR
    flow_curve: Curve | None = None
    smoothing: Smoothing = Smoothing.NONE
    smoothness: float = 0.5
    blend: Blend = Blend.PAINT
    colour: QColor = field(default_factory=lambda: QColor(0, 0, 0))

    def __post_init__(self) -> None:
        if not 1.0 <= self.size <= MAX_BRUSH:
            raise ValueError(f"{self.size} is not a brush size")
        if not 0.0 < self.spacing <= 10.0:
            raise ValueError(f"{self.spacing} is not a spacing")
        if not 0.0 <= self.tilt_size <= 4.0:
            raise ValueError(f"{self.tilt_size} is not how much wider a brush gets")
        for name in ("hardness", "opacity", "flow", "jitter", "grain", "smoothness"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ValueError(f"{getattr(self, name)} is not a brush's {name}")

    @property
    def reach(self) -> float:
        """Pixels from the path within which a dab can leave anything."""
        return self.size * (1.0 + self.tilt_size) * (0.5 + self.jitter) + 2.0

    def diameter(self, pressure: float, tilt: float = 0.0) -> float:
        """Pixels across at a pressure of 0 .. 1 and a tilt from 0 (upright) to 1 (flat)."""
        share = _along(self.size_curve, pressure) * (1.0 + self.tilt_size * tilt)
        return max(1.0, self.size * share)

    def step(self, pressure: float, tilt: float = 0.0) -> float:
        """Pixels from a dab to the next."""
        return max(MIN_STEP, self.spacing * self.diameter(pressure, tilt))

    def tap_coverage(self, pressure: float) -> float:
        """How much a dab covers that stands alone."""
        return self._flow(pressure) * _along(self.opacity_curve, pressure)

    def dab_coverage(self, pressure: float) -> float:
        """How much one dab in a row covers, such that the row covers as much as one that is alone.

        Each place gets 1 / spacing dabs, so each leaves uncovered that root of what all shall
        (as MyPaint's `opaque_linearize` does).
        """
        diameter = self.diameter(pressure)
        share = min(1.0, max(MIN_STEP, self.spacing * diameter) / diameter)
        wanted = _along(self.opacity_curve, pressure)
        return self._flow(pressure) * (1.0 - math.pow(1.0 - wanted, share))

    def _flow(self, pressure: float) -> float:
        return self.flow * _along(self.flow_curve, pressure)


def _along(curve: Curve | None, pressure: float) -> float:
    return 1.0 if curve is None else curve.at(pressure)
