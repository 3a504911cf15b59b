"""The bucket and the gradient."""

import math
from enum import Enum

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QGradient, QLinearGradient, QPainter, QPen, QRadialGradient

from studio.core.observed import Observed
from studio.core.settings import BrushState
from studio.paint.canvas import Canvas
from studio.paint.fill import Bucket, Look, Poured, show_poured
from studio.paint.lay import laying
from studio.paint.region import Likeness
from studio.ui import palette
from studio.ui.canvas.aside import Aside, do_aside
from studio.ui.canvas.pointer import PointerSample, pixel_at
from studio.ui.canvas.tools import Tool
from studio.ui.canvas.viewport import Viewport


class FillTool(Tool):
    """Fills the region under a click with the brush's colour and opacity."""

    def __init__(
        self, brush: Observed[BrushState], likeness: Observed[Likeness], aside: Aside
    ) -> None:
        super().__init__()
        self._brush = brush
        self._likeness = likeness
        self._aside = aside

    def press(self, canvas: Canvas, sample: PointerSample) -> None:
        """Fill, as one step that follows once the region is found."""
        layer = self.paintable(canvas)
        look = Look.at(canvas, pixel_at(sample.at), self._likeness.value)
        if layer is None or look is None:
            return
        colour = QColor(self._brush.value.colour)
        colour.setAlphaF(self._brush.value.opacity)
        bucket = Bucket.over(look, canvas, layer.id, colour)

        def show(poured: Poured | None) -> None:
            if poured is not None:
                show_poured(canvas, poured)

        self._aside.run(bucket.pour, show)


class GradientForm(Enum):
    """Which points have the same colour: those on a line across the drag, or on a circle."""

    LINEAR = "Linear"
    RADIAL = "Radial"


class GradientTool(Tool):
    """From the brush's colour, where the drag begins, to nothing, where it ends."""

    measures = True

    def __init__(
        self, brush: Observed[BrushState], form: Observed[GradientForm], aside: Aside
    ) -> None:
        super().__init__()
        self._brush = brush
        self._form = form
        self._aside = aside
        self._canvas: Canvas | None = None
        self._line: tuple[QPointF, QPointF] | None = None

    def press(self, canvas: Canvas, sample: PointerSample) -> None:
        """The colour is full here."""
        self._canvas = canvas if self.paintable(canvas) is not None else None
        self._line = (sample.at, sample.at) if self._canvas is not None else None

    def move(self, sample: PointerSample) -> None:
        """And gone there."""
        if self._line is not None:
            self._line = (self._line[0], sample.at)

    def release(self) -> None:
        """Lay it over the selection, or everything, as one step that follows."""
        canvas, line, self._line = self._canvas, self._line, None
        layer = canvas.document.active if canvas is not None else None
        if canvas is None or layer is None or line is None or line[0] == line[1]:
            return
        gradient = self._gradient(*line)
        colour = QColor(self._brush.value.colour)
        for place, alpha in ((0.0, self._brush.value.opacity), (1.0, 0.0)):
            colour.setAlphaF(alpha)
            gradient.setColorAt(place, colour)
        rect, target = canvas.document.rect, layer.id

        def draw(painter: QPainter) -> None:
            painter.fillRect(rect, gradient)

        do_aside(self._aside, canvas, lambda: laying(canvas, target, rect, draw, "Gradient"))

    def _gradient(self, start: QPointF, end: QPointF) -> QGradient:
        if self._form.value is GradientForm.RADIAL:
            return QRadialGradient(start, _length(start, end))
        return QLinearGradient(start, end)

    def draw(self, painter: QPainter, viewport: Viewport) -> None:
        """The way of the gradient, and the circle on which a radial one ends."""
        if self._line is not None:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            start, end = map(viewport.point_on_widget, self._line)
            painter.setPen(QPen(QColor(palette.ACCENT), 2))
            painter.drawLine(start, end)
            if self._form.value is GradientForm.RADIAL:
                radius = _length(start, end)
                painter.drawEllipse(start, radius, radius)
            painter.setBrush(QColor(self._brush.value.colour))
            painter.drawEllipse(start, 5, 5)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(end, 5, 5)


def _length(start: QPointF, end: QPointF) -> float:
    return math.hypot(end.x() - start.x(), end.y() - start.y())
