"""Tools that select, and the one that moves what is selected."""

from collections.abc import Callable

from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QTransform

from studio.core.observed import Observed
from studio.paint.canvas import Canvas
from studio.paint.fill import Look
from studio.paint.region import Likeness
from studio.paint.selection import Combine, Selection
from studio.paint.sheets import Select
from studio.ui.canvas.aside import Aside
from studio.ui.canvas.carrying import CarryTool
from studio.ui.canvas.pointer import PointerSample, pixel_at
from studio.ui.canvas.shapes import Shape, path_of
from studio.ui.canvas.tools import Tool
from studio.ui.canvas.viewport import Viewport

_FAR = 1e6  # document pixels


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


class MoveTool(CarryTool):
    """Drags the active layer's pixels, or what of them is selected, on whole pixels."""

    def __init__(self, aside: Aside) -> None:
        super().__init__(aside)
        self._start = QPointF()

    def press(self, canvas: Canvas, sample: PointerSample) -> None:
        """Take the pixels up."""
        if not self._landing:  # what lies beyond the edge since is cut off
            self._forget()
        super().press(canvas, sample)
        self._start = sample.at

    def move(self, sample: PointerSample) -> None:
        """Show them there."""
        carried = self._carried
        near = abs(sample.at.x()) + abs(sample.at.y()) < _FAR
        if self._canvas is not None and carried is not None and near:
            by = (sample.at - self._start).toPoint()
            self._now = carried.done * QTransform.fromTranslate(by.x(), by.y())
            self._show()


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
