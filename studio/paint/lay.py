"""Lays something over a layer at once: fills, gradients, shapes, letters."""

from collections.abc import Callable, Iterable

from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QImage, QPainter

from studio.paint.canvas import Canvas
from studio.paint.commands import PaintStroke
from studio.paint.document import Document
from studio.paint.layer import Layer, LayerId
from studio.paint.plan import Plan
from studio.paint.surface import MODE, Mask
from studio.paint.tiles import TileKey, blank_tile, keys_in, tile_rect

Draw = Callable[[QPainter], None]


def lay(
    document: Document, layer: Layer, area: QRect, draw: Draw, label: str, mask: Mask | None = None
) -> PaintStroke | None:
    """Draw on a layer, within `area` and `mask` (None: everywhere); the change is shown at once.

    `draw` paints in document coordinates, once for each tile. Where the layer's alpha is locked
    only colours change. None if there is nothing in reach.
    """
    before: dict[TileKey, QImage | None] = {}
    after: dict[TileKey, QImage | None] = {}
    locked = layer.alpha_locked
    for key in _reached(document, layer, area, mask, locked):
        before[key] = now = layer.tiles.get(key)
        paint = _painted(key, draw, mask)
        tile = QImage(now) if now is not None else blank_tile()
        with QPainter(tile) as painter:
            painter.setClipRect(document.rect.translated(-tile_rect(key).topLeft()))
            if locked:
                painter.setCompositionMode(MODE.CompositionMode_SourceAtop)
            painter.drawImage(0, 0, paint)
        after[key] = tile
    if not after:
        return None
    document.swap_tiles(layer.id, after)
    return PaintStroke(layer.id, before, after, label)


def laying(
    canvas: Canvas, layer: LayerId, area: QRect, draw: Draw, label: str
) -> Plan[PaintStroke | None] | None:
    """The plan of the same within what is selected; `draw` may be called on any thread.

    None if the layer is gone or locked.
    """
    document, mask = canvas.document, canvas.selection.value
    if not document.has(layer) or document.is_locked(layer):
        return None
    copy = document.copy()
    return Plan(lambda: lay(copy, copy.layer(layer), area, draw, label, mask), lambda step: step)


def _reached(
    document: Document, layer: Layer, area: QRect, mask: Mask | None, locked: bool
) -> Iterable[TileKey]:
    for key in keys_in(area.intersected(document.rect)):
        wanted = mask is None or mask.tile(key) is not None
        if wanted and not (locked and layer.tiles.get(key) is None):
            yield key


def _painted(key: TileKey, draw: Draw, mask: Mask | None) -> QImage:
    paint = blank_tile()
    with QPainter(paint) as painter:
        painter.save()
        painter.translate(QPoint() - tile_rect(key).topLeft())
        draw(painter)
        painter.restore()
        cover = mask.tile(key) if mask is not None else None
        if cover is not None:
            painter.resetTransform()
            painter.setOpacity(1.0)
            painter.setCompositionMode(MODE.CompositionMode_DestinationIn)
            painter.drawImage(0, 0, cover)
    return paint
