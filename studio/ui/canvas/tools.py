"""What the pointer does to the document: the tools' common shape, and the simplest of them."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from PySide6.QtCore import QPointF, QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter

from studio.core.errors import UserError
from studio.core.observed import Observed
from studio.core.settings import BrushState, Smoothing
from studio.core.signal import Signal
from studio.paint.brush import Blend, Brush
from studio.paint.canvas import Canvas
from studio.paint.commands import Command, PaintStroke
from studio.paint.curve import LINEAR
from studio.paint.document import Document
from studio.paint.layer import Layer
from studio.paint.sheets import TINT, OnSheet
from studio.paint.shelf import BrushShelf
from studio.paint.stroke import Stroke, StrokePoint
from studio.paint.symmetry import Symmetry
from studio.paint.tip import BrushTip
from studio.ui.canvas.pointer import PointerSample, pixel_at
from studio.ui.canvas.viewport import Viewport


class Tool:
    """Follows one press of the pointer at a time. `refused` tells why nothing can be done."""

    outlined = False
    """Whether the brush's outline is the cursor."""

    measures = False
    """Whether its points are drawn to guides, where the person wants that."""

    def __init__(self) -> None:
        self.refused: Signal[str] = Signal()

    def take_up(self, canvas: Canvas) -> None:
        """It is in hand from now on, over this painting."""

    def press(self, canvas: Canvas, sample: PointerSample) -> None:
        """The pointer went down."""

    def move(self, sample: PointerSample) -> None:
        """It moved while down."""

    def follow(self, samples: Sequence[PointerSample]) -> None:
        """All its moves since the last frame, in order."""
        for sample in samples:
            self.move(sample)

    def release(self) -> None:
        """It went up: what was done becomes one undo step."""

    def cursor_at(self, at: QPointF) -> Qt.CursorShape:
        """What the pointer looks like over a document point, while it is up."""
        return Qt.CursorShape.CrossCursor

    def draw(self, painter: QPainter, viewport: Viewport) -> None:
        """Draw, in widget pixels, what helps to aim; the view repaints whole while pressed."""

    def paintable(self, canvas: Canvas, as_text: bool = False) -> Layer | None:
        """The layer as `paintable_layer` gives it; None, with the reason told, where it raises."""
        try:
            return paintable_layer(canvas.document, as_text)
        except UserError as error:
            self.refused.emit(str(error))
            return None


def paintable_layer(document: Document, as_text: bool = False) -> Layer:
    """The active layer; raises UserError where painting on it makes no sense.

    `as_text`: what shall be done can be done to text, too.
    """
    layer = document.active
    if layer is None:
        raise UserError("There is no layer to paint on.", "Add one first.")
    if layer.is_group:
        raise UserError(f"'{layer.name}' is a group.", "Choose a layer in it to paint on.")
    if document.is_locked(layer.id):
        raise UserError(f"'{layer.name}' is locked.", "Unlock it to paint on it.")
    if not document.is_shown(layer.id):
        raise UserError(f"'{layer.name}' is hidden.", "Show it to paint on it.")
    if layer.props.text is not None and not as_text:
        raise UserError(
            f"'{layer.name}' is text.", "Rasterise it (in the Layer menu) to paint on it."
        )
    return layer


class BrushTool(Tool):
    """Paints strokes on the active layer; `blend` overrules what the preset does.

    A press with Shift goes on in a straight line from where the last stroke ended.
    """

    outlined = True

    def __init__(
        self,
        state: Observed[BrushState],
        shelf: BrushShelf,
        symmetry: Observed[Symmetry],
        blend: Blend | None = None,
    ) -> None:
        super().__init__()
        self._state = state
        self._shelf = shelf
        self._symmetry = symmetry
        self._blend = blend
        self._tip = BrushTip(brush_from(state.value, shelf, blend))
        self._stroke: Stroke | None = None
        self._canvas: Canvas | None = None
        self._last: PointerSample | None = None  # on the canvas of the last stroke

    def press(self, canvas: Canvas, sample: PointerSample) -> None:
        """Start a stroke; refused, with the reason, where it could not be seen."""
        target = self._target(canvas)
        if target is None:
            return
        document, layer = target
        blend = Blend.ERASE if sample.eraser else self._blend
        brush = self._dressed(brush_from(self._state.value, self._shelf, blend))
        size = document.size
        symmetry = replace(self._symmetry.value, x=size.width() / 2, y=size.height() / 2)
        goes_on = sample.shift and canvas is self._canvas and self._last is not None
        self._canvas = canvas
        self._tip = self._tip if self._tip.brush == brush else BrushTip(brush)
        mask = canvas.selection.value
        self._stroke = Stroke(document, layer.id, brush, symmetry, mask, self._tip, canvas.spares)
        if goes_on and self._last is not None:
            self.move(self._last)
        self.move(sample)

    def move(self, sample: PointerSample) -> None:
        """Carry the stroke on."""
        self.follow([sample])

    def follow(self, samples: Sequence[PointerSample]) -> None:
        """Carry the stroke on, and show it once."""
        if self._stroke is not None and samples:
            self._stroke.extend([_point(sample) for sample in samples])
            self._last = samples[-1]

    def release(self) -> None:
        """End the stroke and remember it as one step."""
        stroke, self._stroke = self._stroke, None
        if stroke is not None and self._canvas is not None and (command := stroke.end()):
            self._canvas.undo.push_done(self._step(self._canvas, command))

    def _target(self, canvas: Canvas) -> tuple[Document, Layer] | None:
        layer = self.paintable(canvas)
        return None if layer is None else (canvas.document, layer)

    def _dressed(self, brush: Brush) -> Brush:
        return brush

    def _step(self, canvas: Canvas, command: PaintStroke) -> Command:
        return command


def _point(sample: PointerSample) -> StrokePoint:
    said = sample.pressure, sample.time, sample.tilt, sample.turn
    return StrokePoint(sample.at.x(), sample.at.y(), *said)


class StrengthTool(BrushTool):
    """Paints where the model may change the picture, and by pressure how much."""

    def _target(self, canvas: Canvas) -> tuple[Document, Layer] | None:
        return canvas.strength.document, canvas.strength.layer

    def _dressed(self, brush: Brush) -> Brush:
        blend = Blend.PAINT if brush.blend is Blend.SMUDGE else brush.blend
        curve = brush.opacity_curve or LINEAR
        return replace(brush, colour=TINT, blend=blend, opacity_curve=curve)

    def _step(self, canvas: Canvas, command: PaintStroke) -> Command:
        return OnSheet(canvas.strength.document, command)


class PickTool(Tool):
    """Takes the colour under the pointer from the whole picture."""

    def __init__(self, picked: Callable[[QColor], None]) -> None:
        super().__init__()
        self._picked = picked
        self._canvas: Canvas | None = None

    def press(self, canvas: Canvas, sample: PointerSample) -> None:
        """Pick, and go on picking while the pointer is down."""
        self._canvas = canvas
        self.move(sample)

    def move(self, sample: PointerSample) -> None:
        """Pick what is there, if it is on the paper and not transparent."""
        at = pixel_at(sample.at)
        if self._canvas is None or not self._canvas.document.rect.contains(at):
            return
        pixel = self._canvas.compositor.flatten(QRect(at, QSize(1, 1)))
        if (colour := pixel.pixelColor(0, 0)).alpha():
            self._picked(colour)

    def release(self) -> None:
        """Nothing to finish."""
        self._canvas = None


def brush_from(state: BrushState, shelf: BrushShelf, blend: Blend | None = None) -> Brush:
    """The brush that the settings describe; `blend` overrules the preset's."""
    base = shelf.find(state.preset)
    return replace(
        base,
        size=state.size,
        hardness=state.hardness,
        opacity=state.opacity,
        flow=state.flow,
        spacing=state.spacing,
        smoothing=Smoothing(state.smoothing),
        smoothness=state.smoothness,
        blend=blend or base.blend,
        colour=QColor(state.colour),
    )
