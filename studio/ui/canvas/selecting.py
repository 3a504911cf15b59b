"""Tools that select, and the one that moves what is selected."""

from collections.abc import Callable

from PySide6.QtCore import QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QTransform

from studio.core.observed import Observed
from studio.paint.canvas import Canvas
from studio.paint.fill import Look
from studio.paint.layer import Layer
from studio.paint.lettering import transform_text
from studio.paint.lift import Lift
from studio.paint.region import Likeness
from studio.paint.selection import Combine, Selection
from studio.paint.sheets import Select
from studio.ui.canvas.aside import Aside, Soon
from studio.ui.canvas.pointer import PointerSample, pixel_at
from studio.ui.canvas.shapes import Shape, path_of
from studio.ui.canvas.tools import Tool
from studio.ui.canvas.viewport import Viewport


class SelectTool(Tool):
    """Selects inside a shape, or inside a drawn line without one; a click selects everything.

    With Shift it adds to the selection.
    """

    measures = True

    def __init__(self, shape: Shape | None) -> None:
        super().__init__()
        self._shape = shape
        self._canvas: Canvas | None = None
        self._adds = False
        self._start = QPointF()
        self._path = QPainterPath()

    def press(self, canvas: Canvas, sample: PointerSample) -> None:
        """Begin here."""
        self._canvas, self._adds, self._start = canvas, sample.shift, sample.at
        self._path = QPainterPath(sample.at)

    def move(self, sample: PointerSample) -> None:
        """Go on."""
        if self._shape is not None:
            self._path = path_of(self._shape, self._start, sample.at, regular=False)
        else:
            self._path.lineTo(sample.at)

    def release(self) -> None:
        """Select what is inside."""
        canvas, self._canvas = self._canvas, None
        if canvas is None:
            return
        path, self._path = self._path, QPainterPath()
        path.closeSubpath()
        found = Selection.of_path(path, canvas.document.rect)
        choose(canvas, found, Combine.ADD if self._adds else Combine.REPLACE)

    def draw(self, painter: QPainter, viewport: Viewport) -> None:
        """The line so far, in black and white."""
        if self._canvas is None:
            return
        line = viewport.transform.map(self._path)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for colour, style in (("white", Qt.PenStyle.SolidLine), ("black", Qt.PenStyle.DashLine)):
            painter.setPen(QPen(QColor(colour), 1, style))
            painter.drawPath(line)


class WandTool(Tool):
    """Selects the region under a click; with Shift it adds to the selection."""

    def __init__(self, likeness: Observed[Likeness], aside: Aside) -> None:
        super().__init__()
        self._likeness = likeness
        self._aside = aside

    def press(self, canvas: Canvas, sample: PointerSample) -> None:
        """Select, as one step that follows once the region is found."""
        look = Look.at(canvas, pixel_at(sample.at), self._likeness.value)
        how = Combine.ADD if sample.shift else Combine.REPLACE
        if look is not None:
            self._aside.run(look.region, lambda region: choose(canvas, region, how))


class MoveTool(Tool):
    """Drags the active layer's pixels, or what of them is selected. Text stays text."""

    def __init__(self) -> None:
        super().__init__()
        self._canvas: Canvas | None = None
        self._lift: Lift | None = None
        self._layer: Layer | None = None
        self._start = QPointF()
        self._by = QPoint()
        self._soon = Soon()

    def press(self, canvas: Canvas, sample: PointerSample) -> None:
        """Take the pixels up."""
        self._layer = self.paintable(canvas, as_text=canvas.selection.value is None)
        if self._layer is not None:
            self._canvas = canvas
            self._lift = Lift(canvas.document, self._layer, canvas.selection.value)
            self._start, self._by = sample.at, QPoint()

    def move(self, sample: PointerSample) -> None:
        """Show them there, on whole pixels."""
        if self._lift is not None and abs(sample.at.x()) + abs(sample.at.y()) < 1e6:
            self._by = (sample.at - self._start).toPoint()
            lift, there = self._lift, QTransform.fromTranslate(self._by.x(), self._by.y())
            self._soon.run(lambda: lift.place(there))

    def release(self) -> None:
        """Set them down, as one step."""
        self._soon.now()
        lift, self._lift = self._lift, None
        if lift is None or self._canvas is None or self._layer is None:
            return
        stroke = lift.end("Move")
        text = self._layer.props.text
        if stroke is not None and text is not None:
            by = QTransform.fromTranslate(self._by.x(), self._by.y())
            self._canvas.undo.push_done(transform_text(self._canvas.document, stroke, text, by))
        elif stroke is not None:
            self._canvas.undo.push_done(stroke)


def choose(canvas: Canvas, found: Selection, how: Combine) -> None:
    """Change the selection by another, undoable; an empty one means everything."""
    before = canvas.selection.value
    after = found if before is None else before.combined(found, how)
    change_selection(canvas, None if after.empty else after)


Reshape = Callable[[Selection, QRect], Selection]


def reshape(canvas: Canvas, how: Reshape, aside: Aside) -> None:
    """Change the selection's shape, as one step that follows once it is worked out.

    If the selection is another one by then, that one is changed. An empty one means everything.
    """
    before, area = canvas.selection.value, canvas.document.rect

    def show(after: Selection) -> None:
        if canvas.selection.value is before and canvas.document.rect == area:
            change_selection(canvas, None if after.empty else after)
        else:
            reshape(canvas, how, aside)

    if before is not None:
        aside.run(lambda: how(before, area), show)


def change_selection(canvas: Canvas, after: Selection | None) -> None:
    """Select something else, undoable."""
    before = canvas.selection.value
    if after is not before:
        canvas.do(Select(canvas.selection, before, after))
