"""Pixels taken up from a layer, to be moved, scaled, turned and set down again."""

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QTransform

from studio.paint.commands import PaintStroke
from studio.paint.document import Document
from studio.paint.layer import Layer
from studio.paint.selection import used_part
from studio.paint.surface import MODE, Mask
from studio.paint.tiles import TILE_FORMAT, TileKey, blank_tile, in_tile, keys_in, tile_rect


class Lift:
    """What of a layer lies under `mask` (None: all of it), shown wherever `place` puts it.

    Pixels beyond the document's edge are kept while it lasts and cut off in the end.
    """

    def __init__(self, document: Document, layer: Layer, mask: Mask | None = None) -> None:
        self._document = document
        self._layer = layer
        self._before = {key: layer.tiles.get(key) for key in tuple(layer.tiles.keys())}
        self._rest: dict[TileKey, QImage | None] = {}
        box, tight = QRect(), QRect()
        lifted: dict[TileKey, QImage] = {}
        for key, tile in self._before.items():
            cover = mask.tile(key) if mask is not None else None
            if tile is None or (mask is not None and cover is None):
                continue
            lifted[key] = tile if cover is None else _cut(tile, cover, _IN)
            tight = tight.united(used_part(lifted[key], key))
            self._rest[key] = None if cover is None else _cut(tile, cover, _OUT)
            box = box.united(tile_rect(key))
        self.bounds = tight
        """The document pixels that were taken up; null if that is nothing."""
        self._box = box
        self._image = _joined(lifted, box)
        self._shown = set(self._rest)
        self._start = dict(self._before)
        self._left: dict[TileKey, QImage | None] = {}

    @property
    def untouched(self) -> bool:
        """Whether the layer is as the last step left it, so that another can follow."""
        return bool(self._left) and all(
            self._layer.tiles.get(key) is tile for key, tile in self._left.items()
        )

    def place(self, transform: QTransform) -> None:
        """Show it there; `transform` maps document pixels to document pixels."""
        target = transform.mapRect(QRectF(self._box)).toAlignedRect().adjusted(-1, -1, 1, 1)
        reached = set(keys_in(target.intersected(self._document.rect)))
        self._document.swap_tiles(
            self._layer.id,
            {key: self._tile(key, transform, key in reached) for key in reached | self._shown},
        )
        self._shown = reached | set(self._rest)

    def end(self, label: str) -> PaintStroke | None:
        """What was done since the last step, as a step that is done already.

        None if nothing was taken up or moved. More may follow, from the same pixels, while the
        layer is `untouched`.
        """
        after = {key: self._layer.tiles.get(key) for key in self._shown | self._start.keys()}
        before = {key: self._start.get(key, self._before.get(key)) for key in after}
        changed = {key for key in after if after[key] is not before[key]}
        if not changed:
            return None
        self._start, self._left = after, after
        return PaintStroke(
            self._layer.id,
            {key: before[key] for key in changed},
            {key: after[key] for key in changed},
            label,
        )

    def cancel(self) -> None:
        """Set everything down where it was in the beginning."""
        self._document.swap_tiles(
            self._layer.id, {key: self._before.get(key) for key in self._shown}
        )
        self._shown = set(self._rest)

    def _tile(self, key: TileKey, transform: QTransform, reached: bool) -> QImage | None:
        rest = self._rest[key] if key in self._rest else self._before.get(key)
        if not reached:
            return rest
        tile = QImage(rest) if rest is not None else blank_tile()
        with QPainter(tile) as painter:
            painter.setClipRect(in_tile(self._document.rect, key))
            straight = not (transform.isScaling() or transform.isRotating())
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, not straight)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, not straight)
            corner = tile_rect(key).topLeft()
            painter.setTransform(transform * QTransform.fromTranslate(-corner.x(), -corner.y()))
            painter.drawImage(self._box.topLeft(), self._image)
        return tile


_IN = MODE.CompositionMode_DestinationIn
_OUT = MODE.CompositionMode_DestinationOut


def _cut(tile: QImage, cover: QImage, mode: QPainter.CompositionMode) -> QImage:
    part = QImage(tile)
    with QPainter(part) as painter:
        painter.setCompositionMode(mode)
        painter.drawImage(0, 0, cover)
    return part


def _joined(tiles: dict[TileKey, QImage], box: QRect) -> QImage:
    image = QImage(box.size(), TILE_FORMAT)
    image.fill(Qt.GlobalColor.transparent)
    if tiles:
        with QPainter(image) as painter:
            for key, tile in tiles.items():
                painter.drawImage(tile_rect(key).topLeft() - box.topLeft(), tile)
    return image
