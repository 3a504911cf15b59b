"""Rulers at the edges of the view, and guides that are dragged out of them."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from PySide6.QtCore import QLineF, QPointF, QRect, QSize
from PySide6.QtGui import QColor, QFont, QPainter, QPen, QPixmap

from studio.paint.canvas import Canvas
from studio.paint.guides import SetGuides, Way
from studio.ui import palette
from studio.ui.canvas.pointer import PointerSample
from studio.ui.canvas.tools import Tool
from studio.ui.canvas.viewport import Viewport

BREADTH = 18
"""Widget pixels of a ruler."""

_NEAR = 6.0  # widget pixels around a guide
_APART = 60.0  # widget pixels between two numbers, at least
_MARKS = 5  # from one number to the next
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
        self._drawn: tuple[Viewport, QSize, float] | None = None
        self._strips = (QPixmap(), QPixmap())  # along the top and along the left

    def grabs(self, canvas: Canvas, viewport: Viewport, at: QPointF) -> bool:
        """Whether a press at this widget point is for the rulers; it has to follow at once."""
        self._grabbed = None
        on_top, on_left = at.y() < BREADTH, at.x() < BREADTH
        if viewport.angle or on_top == on_left:
            return False
        there, reach = viewport.to_document(at), _NEAR / viewport.scale
        ends = Way.DOWN if on_top else Way.ACROSS
        found = canvas.guides.value.near(ends, there.x() if on_top else there.y(), reach)
        new = Way.ACROSS if on_top else Way.DOWN
        self._grabbed = (new, None) if found is None else (ends, found)
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
        if viewport.angle:
            return
        state = (viewport, widget.size(), painter.device().devicePixelRatioF())
        if state != self._drawn:
            self._drawn = state
            self._strips = (_strip(*state, Way.DOWN), _strip(*state, Way.ACROSS))
        for strip in self._strips:
            painter.drawPixmap(0, 0, strip)
        for way, at in self._lines(canvas):
            painter.fillRect(_end(way, at, viewport), QColor(_COLOUR))

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


def _end(way: Way, at: int, viewport: Viewport) -> QRect:
    """What shows in the ruler where a guide can be taken up."""
    there = viewport.point_on_widget(QPointF(at, at)).toPoint()
    if way is Way.ACROSS:
        return QRect(0, there.y() - 1, BREADTH, 3)
    return QRect(there.x() - 1, 0, 3, BREADTH)


def _strip(viewport: Viewport, widget: QSize, ratio: float, measured: Way) -> QPixmap:
    """A ruler: along the top where it measures guides that run down, else along the left."""
    flat = measured is Way.DOWN
    size = QSize(widget.width(), BREADTH) if flat else QSize(BREADTH, widget.height())
    strip = QPixmap(size * ratio)
    strip.setDevicePixelRatio(ratio)
    strip.fill(QColor(palette.PANEL))
    length = widget.width() if flat else widget.height()
    step = step_for(viewport.scale)
    mark = step / _MARKS
    ends = viewport.to_document(QPointF(0, 0)), viewport.to_document(QPointF(length, length))
    start, end = sorted(place.x() if flat else place.y() for place in ends)
    font = QFont()
    font.setPixelSize(9)
    with QPainter(strip) as painter:
        painter.setFont(font)
        painter.setPen(QColor(palette.FAINT))
        for number in range(math.floor(start / mark), math.ceil(end / mark) + 1):
            place = viewport.point_on_widget(QPointF(number * mark, number * mark))
            at = round(place.x() if flat else place.y())
            counted = number % _MARKS == 0
            foot = 0 if counted else BREADTH - 5
            painter.drawLine(*((at, foot, at, BREADTH) if flat else (foot, at, BREADTH, at)))
            if counted:
                _number(painter, str(round(number * mark)), at, flat)
    return strip


def _number(painter: QPainter, digits: str, at: int, flat: bool) -> None:
    painter.save()
    if flat:
        painter.drawText(at + 2, 9, digits)
    else:
        painter.translate(9, at - 2)
        painter.rotate(-90)
        painter.drawText(0, 0, digits)
    painter.restore()


def step_for(scale: float) -> float:
    """Document pixels between two numbers: 5, 10, 20, 50, and so on."""
    least = _APART / scale
    power = 10.0 ** math.floor(math.log10(max(5.0, least)))
    return max(5.0, next(power * times for times in (1, 2, 5, 10) if power * times >= least))


def snapped(point: QPointF, canvas: Canvas, viewport: Viewport) -> QPointF:
    """A document point, drawn to the guides that are near it in the view."""
    return canvas.guides.value.snapped(point, _NEAR / viewport.scale)
