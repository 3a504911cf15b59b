"""Lines, rectangles and ellipses, drawn with the brush's size and colour."""

import math
from dataclasses import dataclass
from enum import Enum

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from studio.core.observed import Observed
from studio.core.settings import BrushState
from studio.paint.canvas import Canvas
from studio.paint.lay import laying
from studio.ui.canvas.aside import Aside, do_aside
from studio.ui.canvas.pointer import PointerSample
from studio.ui.canvas.tools import Tool
from studio.ui.canvas.viewport import Viewport

_FAR = 1e6  # pixels; nothing beyond is drawn to


class Shape(Enum):
    """What is drawn between two points."""

    LINE = "Line"
    RECTANGLE = "Rectangle"
    ELLIPSE = "Ellipse"


class ShapeLook(Enum):
    """What of a rectangle or ellipse is painted."""

    OUTLINE = "Outline"
    FILLED = "Filled"
    BOTH = "Filled, with an outline"


@dataclass(frozen=True, slots=True)
class ShapeStyle:
    """How rectangles and ellipses look. What has no outline is filled in the brush's colour."""

    look: ShapeLook = ShapeLook.OUTLINE
    inside: str = "#ffffff"  # the colour within an outline, #rrggbb


class ShapeTool(Tool):
    """Drag from one point to the other; Shift keeps angles, squares and circles."""

    measures = True

    def __init__(
        self,
        shape: Shape,
        brush: Observed[BrushState],
        style: Observed[ShapeStyle],
        aside: Aside,
    ) -> None:
        super().__init__()
        self._aside = aside
        self._style = style
        self._shape = shape
        self._brush = brush
        self._canvas: Canvas | None = None
        self._path: QPainterPath | None = None
        self._start = QPointF()

    def press(self, canvas: Canvas, sample: PointerSample) -> None:
        """One point."""
        self._canvas = canvas if self.paintable(canvas) is not None else None
        self._start, self._path = sample.at, None

    def move(self, sample: PointerSample) -> None:
        """The other."""
        if self._canvas is not None:
            self._path = path_of(self._shape, self._start, sample.at, sample.shift)

    def release(self) -> None:
        """Draw it as one step that follows; a click alone draws nothing."""
        canvas, path, self._canvas = self._canvas, self._path, None
        layer = canvas.document.active if canvas is not None else None
        if canvas is None or layer is None or path is None:
            return
        brush, style, target = self._brush.value, self._style.value, layer.id
        reach = brush.size
        area = path.boundingRect().adjusted(-reach, -reach, reach, reach).toAlignedRect()

        def draw(painter: QPainter) -> None:
            self._paint(painter, path, brush, style)
            # As a whole, or the inside would be seen through the outline.
            painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_DestinationIn)
            painter.fillRect(area, QColor.fromRgbF(0, 0, 0, brush.opacity))

        def over() -> None:
            self._path = None if self._path is path else self._path

        label = self._shape.value
        do_aside(self._aside, canvas, lambda: laying(canvas, target, area, draw, label), over)

    def draw(self, painter: QPainter, viewport: Viewport) -> None:
        """The shape as it will be, until it is there."""
        if self._path is not None:
            painter.save()
            painter.setTransform(viewport.transform, True)
            painter.setOpacity(self._brush.value.opacity)
            self._paint(painter, self._path, self._brush.value, self._style.value)
            painter.restore()

    def _paint(
        self, painter: QPainter, path: QPainterPath, brush: BrushState, style: ShapeStyle
    ) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        look = ShapeLook.OUTLINE if self._shape is Shape.LINE else style.look
        if look is not ShapeLook.OUTLINE:
            alone = look is ShapeLook.FILLED
            painter.fillPath(path, QColor(brush.colour if alone else style.inside))
        if look is not ShapeLook.FILLED:
            painter.strokePath(path, self._pen(brush))

    def _pen(self, brush: BrushState) -> QPen:
        round_cap, round_join = Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin
        join = Qt.PenJoinStyle.MiterJoin if self._shape is Shape.RECTANGLE else round_join
        return QPen(QColor(brush.colour), brush.size, Qt.PenStyle.SolidLine, round_cap, join)


def path_of(shape: Shape, start: QPointF, end: QPointF, regular: bool) -> QPainterPath:
    """The shape between two document points; `regular` keeps angles of 15 degrees, and squares."""
    start, end = _near(start), _near(end)
    way = end - start
    if regular and shape is Shape.LINE:
        length, step = math.hypot(way.x(), way.y()), math.pi / 12
        angle = round(math.atan2(way.y(), way.x()) / step) * step
        way = QPointF(length * math.cos(angle), length * math.sin(angle))
    elif regular:
        side = max(abs(way.x()), abs(way.y()))
        way = QPointF(math.copysign(side, way.x()), math.copysign(side, way.y()))
    path = QPainterPath(start)
    box = QRectF(start, start + way).normalized()
    if shape is Shape.LINE:
        path.lineTo(start + way)
    elif shape is Shape.RECTANGLE:
        path = QPainterPath()
        path.addRect(box)
    else:
        path = QPainterPath()
        path.addEllipse(box)
    return path


def _near(point: QPointF) -> QPointF:
    return QPointF(min(_FAR, max(-_FAR, point.x())), min(_FAR, max(-_FAR, point.y())))
