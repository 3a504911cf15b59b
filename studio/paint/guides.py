"""Lines that help to place things: they lie over the painting and are no part of it."""

from dataclasses import dataclass, replace
from enum import Enum

from PySide6.QtCore import QPointF

from studio.core.observed import Observed
from studio.paint.document import Document

MAX_GUIDES = 200
"""Lines each way."""


class Way(Enum):
    """How a guide runs."""

    ACROSS = "across"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Guides:
    """Where they lie: between pixels, so at whole numbers of document pixels."""

    across: tuple[int, ...] = ()  # from the top
    down: tuple[int, ...] = ()  # from the left

    def of(self, way: Way) -> tuple[int, ...]:
        """Those that run this way."""
        return self.across if way is Way.ACROSS else self.down

    def with_line(self, way: Way, at: int) -> "Guides":
        """One more, unless there is one already, or there are too many."""
        lines = self.of(way)
        if at in lines or len(lines) >= MAX_GUIDES:
            return self
        return self._with(way, (*lines, at))

    def without(self, way: Way, at: int) -> "Guides":
        """Without the one that lies there."""
        return self._with(way, tuple(line for line in self.of(way) if line != at))

    def moved(self, across: int, down: int) -> "Guides":
        """All of them shifted: those across by the first, those down by the other number."""
        return Guides(
            tuple(line + across for line in self.across), tuple(line + down for line in self.down)
        )

    def near(self, way: Way, at: float, reach: float) -> int | None:
        """The closest one within `reach` pixels; None if there is none."""
        lines = [line for line in self.of(way) if abs(line - at) <= reach]
        return min(lines, key=lambda line: abs(line - at)) if lines else None

    def snapped(self, point: QPointF, reach: float) -> QPointF:
        """The point, drawn to the guides that are within `reach` pixels of it."""
        x = self.near(Way.DOWN, point.x(), reach)
        y = self.near(Way.ACROSS, point.y(), reach)
        return QPointF(point.x() if x is None else x, point.y() if y is None else y)

    def _with(self, way: Way, lines: tuple[int, ...]) -> "Guides":
        return replace(self, across=lines) if way is Way.ACROSS else replace(self, down=lines)


@dataclass(frozen=True, slots=True)
class SetGuides:
    """Replaces all guides."""

    guides: Observed[Guides]
    before: Guides
    after: Guides
    label: str = "Change guides"
    cost: int = 0

    def redo(self, document: Document) -> None:
        """Show the new ones."""
        self.guides.set(self.after)

    def undo(self, document: Document) -> None:
        """Show the old ones."""
        self.guides.set(self.before)
