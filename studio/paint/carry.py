"""Pixels that a hand carries about: set down beside the window, as often as it likes."""

from typing import Self

from PySide6.QtCore import QRect
from PySide6.QtGui import QTransform

from studio.paint.canvas import Canvas
from studio.paint.commands import Command
from studio.paint.document import Document
from studio.paint.draft import Draft
from studio.paint.layer import Layer
from studio.paint.lift import Lift, liftable


class Carried:
    """What of a layer is selected, taken up from a painting as it is now.

    However often it is set down, that is done with the pixels as they were first, so that nothing
    blurs. UI thread only, but for `set_down`.
    """

    def __init__(self, canvas: Canvas, layer: Layer) -> None:
        self.canvas = canvas
        self.done = QTransform()
        """Where it was set down last."""
        self._layer = layer.id
        self._selection = canvas.selection.value
        self.bounds = liftable(layer, self._selection)
        """The document pixels that were taken up; null if that is nothing."""
        self._tiles = layer.tiles.copy()
        self._copy = canvas.document.copy()  # on which `set_down` works
        self._lift: Lift | None = None
        self._left = _state(layer)

    def goes_on(self, canvas: Canvas, layer: Layer) -> bool:
        """Whether that is the same layer, as it was left, with the same selection."""
        same = canvas is self.canvas and layer.id == self._layer
        return same and canvas.selection.value is self._selection and _state(layer) == self._left

    def drafting(self) -> Document:
        """The painting as it is now, but with this where it was first; of `draft`, the ground."""
        document = self.canvas.document.copy()
        document.layer(self._layer).tiles = self._tiles.copy()
        return document

    def draft(self, ground: Document, level: int, area: QRect, rough: bool) -> Draft:
        """To show it at 1 / 2**level of the size, in `area` (document pixels). On any thread."""
        return Draft(ground, self._layer, self._selection, level, area, rough)

    def set_down(self, transform: QTransform, label: str) -> Command | None:
        """The step that puts it there; None if that is no change. On one thread, any, in order."""
        if self._lift is None:
            self._lift = Lift(self._copy, self._copy.layer(self._layer), self._selection)
        return self._lift.set_down(transform, label)

    def land(self, step: Command | None) -> bool:
        """Do the step on the painting; False if the layer is another one by now, or locked."""
        document = self.canvas.document
        if not document.has(self._layer) or document.is_locked(self._layer):
            return False
        if _state(document.layer(self._layer)) != self._left:
            return False
        if step is not None:
            self.canvas.do(step)
            self._left = _state(document.layer(self._layer))
        return True

    def again(self) -> Self | None:
        """The same of the painting as it is now; None where the layer is gone or locked."""
        document = self.canvas.document
        if not document.has(self._layer) or document.is_locked(self._layer):
            return None
        return type(self)(self.canvas, document.layer(self._layer))


def _state(layer: Layer) -> tuple[object, ...]:
    """Of text the name, too: a step that changes the words sets all there is to set."""
    return layer.tiles.fingerprint, layer.props if layer.props.text is not None else None
