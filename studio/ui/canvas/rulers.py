"""Rulers at the edges of the view, and guides that are dragged out of them."""

from collections.abc import Iterator
from dataclasses import dataclass

from PySide6.QtCore import QLineF, QPointF, QRect, QSize
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap

from studio.paint.canvas import Canvas
from studio.paint.guides import SetGuides, Way
from studio.ui.canvas.pointer import PointerSample
from studio.ui.canvas.ruler import BREADTH, Ruler
from studio.ui.canvas.tools import Tool
from studio.ui.canvas.viewport import Viewport

_NEAR = 6.0  # widget pixels around a guide
_COLOUR = "#3fa7d6"


@dataclass(frozen=True, slots=True)
class Aids:
    """Whether rulers and guides are shown, and whether the tools that measure keep to guides."""

    shown: bool = False
    snap: bool = False


@dataclass(frozen=True, slots=True)
class _Dragged:
    way: Way
    at: int
    was: int | None  # where it lay before; None: it is new


class Rulers(Tool):
    """Follows a drag out of a ruler, which makes a guide, or along it from where a guide ends.

    A guide that is let go outside of the paper is gone.
    """

    def __init__(self) -> None:
        super().__init__()
        self._grabbed: tuple[Way, int | None] | None = None
        self._canvas: Canvas | None = None
        self._dragged: _Dragged | None = None
        self._drawn: tuple[tuple[Ruler, Ruler], QSize, float] | None = None
        self._strips: list[QPixmap] = []  # along the top and along the left

    def grabs(self, canvas: Canvas, viewport: Viewport, at: QPointF) -> bool:
        """Whether a press at this widget point is for the rulers; it has to follow at once."""
        self._grabbed = None
        on_top, on_left = at.y() < BREADTH, at.x() < BREADTH
        if on_top == on_left:
            return False
        ruler = Ruler.of(viewport, flat=on_top)
        there, reach = ruler.value(at.x() if on_top else at.y()), _NEAR * abs(ruler.per_pixel)
        found = canvas.guides.value.near(ruler.measured, there, reach)
        self._grabbed = (ruler.new, None) if found is None else (ruler.measured, found)
        return True

    def press(self, canvas: Canvas, sample: PointerSample) -> None:
        """Take up what `grabs` found."""
        self._canvas = canvas
        self.move(sample)

    def move(self, sample: PointerSample) -> None:
        """The guide lies under the pointer."""
        if self._grabbed is not None and abs(sample.at.x()) + abs(sample.at.y()) < 1e6:
            way, was = self._grabbed
            at = round(sample.at.y() if way is Way.ACROSS else sample.at.x())
            self._dragged = _Dragged(way, at, was)

    def release(self) -> None:
        """It stays there, as one step."""
        canvas, dragged = self._canvas, self._dragged
        self._canvas = self._dragged = self._grabbed = None
        if canvas is None or dragged is None:
            return
        before = after = canvas.guides.value
        if dragged.was is not None:
            after = after.without(dragged.way, dragged.was)
        size = canvas.document.size
        if 0 <= dragged.at <= (size.height() if dragged.way is Way.ACROSS else size.width()):
            after = after.with_line(dragged.way, dragged.at)
        if after != before:
            canvas.do(SetGuides(canvas.guides, before, after))

    def show(self, painter: QPainter, canvas: Canvas, viewport: Viewport, widget: QRect) -> None:
        """Draw guides and rulers, in widget pixels."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, bool(viewport.angle))
        painter.setPen(QPen(QColor(_COLOUR), 1))
        for way, at in self._lines(canvas):
            painter.drawLine(_line(way, at, viewport, widget))
        rulers = Ruler.of(viewport, flat=True), Ruler.of(viewport, flat=False)
        state = (rulers, widget.size(), painter.device().devicePixelRatioF())
        if state != self._drawn:
            self._drawn = state
            self._strips = [ruler.strip(*state[1:]) for ruler in rulers]
        for strip in self._strips:
            painter.drawPixmap(0, 0, strip)
        for way, at in self._lines(canvas):
            for ruler in rulers:
                if ruler.measured is way:
                    painter.fillRect(ruler.end_of(at), QColor(_COLOUR))

    def _lines(self, canvas: Canvas) -> Iterator[tuple[Way, int]]:
        dragged = self._dragged
        for way in Way:
            for at in canvas.guides.value.of(way):
                if dragged is None or (dragged.way, dragged.was) != (way, at):
                    yield way, at
        if dragged is not None:
            yield dragged.way, dragged.at


def _line(way: Way, at: int, viewport: Viewport, widget: QRect) -> QLineF:
    """The guide from one edge of what can be seen to the other."""
    far = 2.0 * (widget.width() + widget.height()) / viewport.scale
    seen = viewport.to_document(QPointF(widget.center()))
    if way is Way.ACROSS:
        ends = QPointF(seen.x() - far, at), QPointF(seen.x() + far, at)
    else:
        ends = QPointF(at, seen.y() - far), QPointF(at, seen.y() + far)
    return QLineF(*map(viewport.point_on_widget, ends))


def snapped(point: QPointF, canvas: Canvas, viewport: Viewport) -> QPointF:
    """A document point, drawn to the guides that are near it in the view."""
    return canvas.guides.value.snapped(point, _NEAR / viewport.scale)
