"""The painting that is open, and what it is called."""

from PySide6.QtCore import QRect
from PySide6.QtGui import QColor

from studio.core.picture import Picture, Size
from studio.core.signal import Signal
from studio.paint.canvas import Canvas
from studio.paint.commands import InsertLayer
from studio.paint.pictures import picture_layer
from studio.paint.tiles import Tiles

NEW = Size(1024, 768)
"""Pixels of a new painting."""


class Desk:
    """Holds exactly one canvas. `replaced` carries a new one; `touched`: name or state changed."""

    def __init__(self, canvas: Canvas) -> None:
        self.replaced: Signal[Canvas] = Signal()
        self.touched: Signal[None] = Signal()
        self.saved_as = ""  # the path of the painting with its layers, once there is one
        self._canvas = canvas
        self._unhook = canvas.undo.changed.connect(self._touch)

    @property
    def canvas(self) -> Canvas:
        """The open painting."""
        return self._canvas

    @property
    def unsaved(self) -> bool:
        """Whether closing would lose painting."""
        return not self._canvas.undo.is_clean

    def put(self, canvas: Canvas, saved_as: str = "") -> None:
        """Open another painting in place of this one, which lies at `saved_as`, if anywhere."""
        self._unhook()
        self._canvas = canvas
        self.saved_as = saved_as
        self._unhook = canvas.undo.changed.connect(self._touch)
        self.replaced.emit(canvas)
        self.touched.emit(None)

    def saved(self, path: str, state: int) -> None:
        """Note that the painting as it was in `state` of its undo stack lies at `path`."""
        self.saved_as = path
        self._canvas.undo.mark_clean(state)
        self.touched.emit(None)

    def _touch(self, _: None) -> None:
        self.touched.emit(None)


def blank_canvas(size: Size = NEW) -> Canvas:
    """White paper with an empty layer on it."""
    paper = Tiles.filled(QRect(0, 0, size.width, size.height), QColor("white"))
    canvas = picture_canvas(size, paper, "Paper")
    canvas.document.insert_layer(1, canvas.document.new_layer("Layer 1"))
    return canvas


def picture_canvas(size: Size, tiles: Tiles, name: str) -> Canvas:
    """A painting that begins with one layer."""
    canvas = Canvas(size)
    layer = canvas.document.new_layer(name)
    layer.tiles = tiles
    canvas.document.insert_layer(0, layer)
    return canvas


def put_picture(canvas: Canvas, picture: Picture, frame: QRect, name: str) -> None:
    """Lay a picture over `frame` (document pixels) as a new layer on top, undoable."""
    document = canvas.document
    layer = picture_layer(document, picture, frame, name)
    canvas.do(InsertLayer(len(document.tree), layer))
