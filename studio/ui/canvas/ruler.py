"""One ruler at an edge of the view: what it measures, and how it looks."""

import math
from dataclasses import dataclass
from typing import Self

from PySide6.QtCore import QPointF, QRect, QSize
from PySide6.QtGui import QColor, QFont, QPainter, QPixmap

from studio.paint.guides import Way
from studio.ui import palette
from studio.ui.canvas.viewport import Viewport

BREADTH = 18
"""Widget pixels of a ruler."""

_APART = 60.0  # widget pixels between two numbers, at least
_MARKS = 5  # from one number to the next


@dataclass(frozen=True, slots=True)
class Ruler:
    """Along the top of the widget, if `flat`, or along its left.

    It measures the document's axis that runs the more along it, where that axis's lines meet its
    inner edge: `start` document pixels at the widget's corner, and `per_pixel` more with each of
    the widget's.
    """

    flat: bool
    measured: Way  # guides that end at it
    start: float
    per_pixel: float

    @classmethod
    def of(cls, viewport: Viewport, flat: bool) -> Self:
        """The ruler of a view, whatever its turn."""
        corner = QPointF(0, BREADTH) if flat else QPointF(BREADTH, 0)
        along = QPointF(1, 0) if flat else QPointF(0, 1)
        start = viewport.to_document(corner)
        step = viewport.to_document(corner + along) - start
        if abs(step.x()) > abs(step.y()):
            return cls(flat, Way.DOWN, start.x(), step.x())
        return cls(flat, Way.ACROSS, start.y(), step.y())

    @property
    def new(self) -> Way:
        """How a guide runs that is dragged out of it."""
        return Way.ACROSS if self.measured is Way.DOWN else Way.DOWN

    def value(self, place: float) -> float:
        """The document's pixel at a widget's pixel along it."""
        return self.start + place * self.per_pixel

    def place(self, value: float) -> float:
        """And the other way round."""
        return (value - self.start) / self.per_pixel

    def end_of(self, at: int) -> QRect:
        """What shows in it where a guide can be taken up."""
        place = round(self.place(at))
        return QRect(place - 1, 0, 3, BREADTH) if self.flat else QRect(0, place - 1, BREADTH, 3)

    def strip(self, widget: QSize, ratio: float) -> QPixmap:
        """Its picture, `ratio` screen pixels for a widget's."""
        length = widget.width() if self.flat else widget.height()
        size = QSize(length, BREADTH) if self.flat else QSize(BREADTH, length)
        strip = QPixmap(size * ratio)
        strip.setDevicePixelRatio(ratio)
        strip.fill(QColor(palette.PANEL))
        font = QFont()
        font.setPixelSize(9)
        with QPainter(strip) as painter:
            painter.setFont(font)
            painter.setPen(QColor(palette.FAINT))
            self._mark(painter, length)
        return strip

    def _mark(self, painter: QPainter, length: int) -> None:
        mark = step_for(1 / abs(self.per_pixel)) / _MARKS
        first, last = sorted((self.value(0), self.value(length)))
        for number in range(math.floor(first / mark), math.ceil(last / mark) + 1):
            at = round(self.place(number * mark))
            counted = number % _MARKS == 0
            foot = 0 if counted else BREADTH - 5
            painter.drawLine(*((at, foot, at, BREADTH) if self.flat else (foot, at, BREADTH, at)))
            if counted:
                _number(painter, str(round(number * mark)), at, self.flat)


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
