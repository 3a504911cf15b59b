"""The painting that is open, and what it is called."""

from dataclasses import replace

from PySide6.QtCore import QRect
from PySide6.QtGui import QColor

from studio.core.blank import DPI
from studio.core.picture import Picture, Size
from studio.core.signal import Signal
from studio.paint.canvas import Canvas
from studio.paint.commands import InsertLayer
from studio.paint.document import Document
from studio.paint.layer import Layer
from studio.paint.pictures import placed_tiles
from studio.paint.tiles import Tiles

NEW = Size(1024, 768)
"""Pixels of a new painting."""


class Desk:
    """Holds exactly one canvas. `replaced` carries a new one; `touched`: name or state changed."""

    def __init__(self, canvas: Canvas) -> None:
        self.replaced: Signal[Canvas] = Signal()
        self.touched: Signal[None] = Signal()
        self.saved_as = ""  # the path of the painting with its layers, once there is one
        self.dpi = DPI  # pixels to an inch, for print
        self.recovered = False  # after a crash, and not saved since
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

    def put(
        self, canvas: Canvas, saved_as: str = "", *, dpi: float = DPI, recovered: bool = False
    ) -> None:
        """Open another painting in place of this one, which lies at `saved_as`, if anywhere."""
        self._unhook()
        self._canvas = canvas
        self.saved_as = saved_as
        self.dpi = dpi
        self.recovered = recovered
        self._unhook = canvas.undo.changed.connect(self._touch)
        self.replaced.emit(canvas)
        self.touched.emit(None)

    def saved(self, path: str, state: int) -> None:
        """Note that the painting as it was in `state` of its undo stack lies at `path`."""
        self.saved_as = path
        self.recovered = False
        self._canvas.undo.mark_clean(state)
        self.touched.emit(None)

    def _touch(self, _: None) -> None:
        self.touched.emit(None)


def blank_canvas(size: Size = NEW, paper: str = "#ffffff") -> Canvas:
    """Paper of a colour (#rrggbb), or none, with an empty layer on it."""
    canvas = Canvas(size)
    if paper:
        tiles = Tiles.filled(QRect(0, 0, size.width, size.height), QColor(paper))
        canvas = picture_canvas(size, tiles, "Paper")
    above = len(canvas.document.tree)
    canvas.document.insert_layer(above, canvas.document.new_layer("Layer 1"))
    return canvas


def picture_canvas(size: Size, tiles: Tiles, name: str) -> Canvas:
    """A painting that begins with one layer."""
    canvas = Canvas(size)
    layer = canvas.document.new_layer(name)
    layer.tiles = tiles
    canvas.document.insert_layer(0, layer)
    return canvas


def above_active(document: Document, layer: Layer, label: str) -> InsertLayer:
    """The step that puts a layer above the active one, in the same group."""
    if document.active is None:
        return InsertLayer(0, layer, label)
    below = document.owner(document.active.id).id
    return InsertLayer(document.index(below) + 1, layer, label, document.group_of(below))


def add_pixels(
    canvas: Canvas, tiles: Tiles, name: str, *, generated: bool = False, pristine: str = ""
) -> None:
    """Put pixels on a new layer above the active one, undoable.

    `generated`: a model made them; `pristine`: as in LayerProps.
    """
    layer = canvas.document.new_layer(name)
    layer.tiles = tiles
    layer.props = replace(layer.props, generated=generated, pristine=pristine)
    canvas.do(above_active(canvas.document, layer, "Paste"))


def put_picture(
    canvas: Canvas,
    picture: Picture,
    frame: QRect,
    name: str,
    *,
    generated: bool = False,
    pristine: str = "",
) -> None:
    """Lay a picture over `frame` (document pixels) as a new layer on top, undoable.

    `generated`: a model made it; `pristine`: as in LayerProps.
    """
    tiles = placed_tiles(picture, frame, canvas.document.rect)
    put_tiles(canvas, tiles, name, generated=generated, pristine=pristine)


def put_tiles(
    canvas: Canvas, tiles: Tiles, name: str, *, generated: bool = False, pristine: str = ""
) -> None:
    """Put pixels on a new layer on top, undoable.

    `generated`: a model made them; `pristine`: as in LayerProps.
    """
    layer = canvas.document.new_layer(name)
    layer.tiles = tiles
    layer.props = replace(layer.props, generated=generated, pristine=pristine)
    canvas.do(InsertLayer(len(canvas.document.tree), layer))
