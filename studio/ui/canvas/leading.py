"""What a press does that leads the view and no tool: it drags the paper along, or zooms it."""

import math
from typing import Protocol

from PySide6.QtCore import QPointF, Qt

from studio.ui.canvas.viewport import ZOOM_STEP, Viewport

_SLIP = 4.0  # widget pixels that a hand wavers in a click
_DOUBLES = 150.0  # widget pixels of a drag that double the scale


class Lead(Protocol):
    """Follows one press of the pointer; places are in widget pixels."""

    cursor: Qt.CursorShape

    def moved(self, view: Viewport, to: QPointF) -> Viewport:
        """The view once the pointer is there."""
        ...

    def released(self, view: Viewport) -> Viewport:
        """The view once it is up again."""
        ...


class PanLead:
    """The paper goes along with the pointer."""

    cursor = Qt.CursorShape.OpenHandCursor

    def __init__(self, at: QPointF) -> None:
        self._at = at

    def moved(self, view: Viewport, to: QPointF) -> Viewport:
        """Shifted by as much as the pointer went."""
        before, self._at = self._at, to
        return view.moved(to - before)

    def released(self, view: Viewport) -> Viewport:
        """As it is."""
        return view


class ZoomLead:
    """Right and up is larger, left and down smaller, around where the press was.

    A click zooms in by two steps, as the menu does, or `out`.
    """

    cursor = Qt.CursorShape.SizeBDiagCursor

    def __init__(self, at: QPointF, first: Viewport, out: bool) -> None:
        self._at = at
        self._first = first
        self._out = out
        self._dragged = False

    def moved(self, view: Viewport, to: QPointF) -> Viewport:
        """Zoomed by the whole way since the press; as it was first while that is only a waver."""
        way = to - self._at
        self._dragged = self._dragged or math.hypot(way.x(), way.y()) > _SLIP
        if not self._dragged:
            return view
        return self._first.zoomed(2 ** ((way.x() - way.y()) / _DOUBLES), self._at)

    def released(self, view: Viewport) -> Viewport:
        """A drag stays as it is."""
        if self._dragged:
            return view
        return view.zoomed(ZOOM_STEP ** (-2 if self._out else 2), self._at)
