"""What the pen does to the document."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import QPoint, QPointF
from PySide6.QtGui import QColor

from studio.core.observed import Observed
from studio.core.settings import BrushState
from studio.core.signal import Signal
from studio.paint.brush import Brush
from studio.paint.canvas import Canvas
from studio.paint.stroke import Stroke


@dataclass(frozen=True, slots=True)
class PointerSample:
    """One report of pen or mouse: document pixels, pressure 0 .. 1, and which end is down."""

    at: QPointF
    pressure: float = 1.0
    eraser: bool = False


class Tool(Protocol):
    """Follows one press of the pointer at a time."""

    outlined: bool  # whether the brush's outline is the cursor

    def press(self, canvas: Canvas, sample: PointerSample) -> None:
        """The pointer went down."""
        ...

    def move(self, sample: PointerSample) -> None:
        """It moved while down."""
        ...

    def release(self) -> None:
        """It went up: what was done becomes one undo step."""
        ...


class BrushTool:
    """Paints or erases strokes on the active layer."""

    outlined = True

    def __init__(self, state: Observed[BrushState], erases: bool) -> None:
        self._state = state
        self._erases = erases
        self._stroke: Stroke | None = None
        self._canvas: Canvas | None = None
        self.refused: Signal[str] = Signal()

    def press(self, canvas: Canvas, sample: PointerSample) -> None:
        """Start a stroke; refused, with the reason, where it could not be seen."""
        layer = canvas.document.active
        if layer is None:
            self.refused.emit("There is no layer to paint on: add one first.")
        elif not layer.visible:
            self.refused.emit(f"'{layer.name}' is hidden: show it to paint on it.")
        else:
            brush = brush_from(self._state.value, self._erases or sample.eraser)
            self._canvas = canvas
            self._stroke = Stroke(canvas.document, layer.id, brush)
            self.move(sample)

    def move(self, sample: PointerSample) -> None:
        """Carry the stroke on."""
        if self._stroke is not None:
            self._stroke.add(sample.at.x(), sample.at.y(), sample.pressure)

    def release(self) -> None:
        """End the stroke and remember it as one step."""
        stroke, canvas = self._stroke, self._canvas
        self._stroke = self._canvas = None
        if stroke is not None and canvas is not None and (command := stroke.end()) is not None:
            canvas.undo.push_done(command)


class PickTool:
    """Takes the colour under the pointer from the whole picture."""

    outlined = False

    def __init__(self, picked: Callable[[QColor], None]) -> None:
        self._picked = picked
        self._canvas: Canvas | None = None

    def press(self, canvas: Canvas, sample: PointerSample) -> None:
        """Pick, and go on picking while the pointer is down."""
        self._canvas = canvas
        self.move(sample)

    def move(self, sample: PointerSample) -> None:
        """Pick what is there, if it is on the paper and not transparent."""
        if self._canvas is None:
            return
        at = QPoint(int(sample.at.x()), int(sample.at.y()))
        image = self._canvas.compositor.image(0)
        if image.rect().contains(at) and (colour := image.pixelColor(at)).alpha():
            self._picked(colour)

    def release(self) -> None:
        """Nothing to finish."""
        self._canvas = None


def brush_from(state: BrushState, eraser: bool) -> Brush:
    """The brush that the settings describe."""
    return Brush(
        size=state.size,
        hardness=state.hardness,
        opacity=state.opacity,
        colour=QColor(state.colour),
        eraser=eraser,
    )
