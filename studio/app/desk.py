"""The painting that is open, and what it is called."""

from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QColor, QImage

from studio.core.picture import Picture, Size
from studio.core.signal import Signal
from studio.paint.canvas import Canvas
from studio.paint.commands import InsertLayer
from studio.paint.pictures import picture_layer, picture_to_image
from studio.paint.tiles import Tiles

NEW = Size(1024, 768)
"""Pixels of a new painting."""


class Desk:
    """Holds exactly one canvas. `replaced` carries a new one; `touched`: name or state changed."""

    def __init__(self, canvas: Canvas) -> None:
        self.replaced: Signal[Canvas] = Signal()
        self.touched: Signal[None] = Signal()
        self.saved_as = ""  # a path, once the person has chosen one
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

    def put(self, canvas: Canvas) -> None:
        """Open another painting in place of this one."""
        self._unhook()
        self._canvas = canvas
        self.saved_as = ""
        self._unhook = canvas.undo.changed.connect(self._touch)
        self.replaced.emit(canvas)
        self.touched.emit(None)

    def saved(self, path: str) -> None:
        """Note that the painting as it is lies at `path`."""
        self.saved_as = path
        self._canvas.undo.mark_clean()
        self.touched.emit(None)

    def _touch(self, _: None) -> None:
        self.touched.emit(None)


def blank_canvas(size: Size = NEW) -> Canvas:
    """White paper with an empty layer on it."""
    paper = QImage(size.width, size.height, QImage.Format.Format_ARGB32_Premultiplied)
    paper.fill(QColor("white"))
    canvas = picture_canvas(size, Tiles.from_image(paper, QPoint()), "Paper")
    canvas.document.insert_layer(1, canvas.document.new_layer("Layer 1"))
    return canvas


def picture_canvas(size: Size, tiles: Tiles, name: str) -> Canvas:
    """A painting that begins with one layer."""
    canvas = Canvas(size)
    layer = canvas.document.new_layer(name)
    layer.tiles = tiles
    canvas.document.insert_layer(0, layer)
    return canvas


def tiles_of(picture: Picture) -> Tiles:
    """The picture cut into tiles; safe on any thread."""
    return Tiles.from_image(picture_to_image(picture), QPoint())


def put_picture(canvas: Canvas, picture: Picture, frame: QRect, name: str) -> None:
    """Lay a picture over `frame` (document pixels) as a new layer on top, undoable."""
    document = canvas.document
    layer = picture_layer(document, picture, frame, name)
    canvas.do(InsertLayer(len(document.layers), layer))
