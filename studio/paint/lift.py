"""Pixels taken up from a layer, to be moved, scaled, turned and set down again."""

from collections.abc import Callable, Collection

from PySide6.QtCore import QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QTransform

from studio.paint.commands import Command, PaintStroke
from studio.paint.document import Document
from studio.paint.layer import Layer
from studio.paint.lettering import transform_text
from studio.paint.selection import used_part
from studio.paint.surface import MODE, Mask
from studio.paint.tiles import TILE_FORMAT, TileKey, Tiles, blank_tile, in_tile, keys_in, tile_rect


class Lift:
    """What of a layer lies under `mask` (None: all of it), shown wherever `place` puts it.

    Pixels beyond the document's edge are kept while it lasts and cut off in the end. With
    `within` (document pixels), they are shown in the tiles that this touches, and nowhere else.
    """

    def __init__(
        self,
        document: Document,
        layer: Layer,
        mask: Mask | None = None,
        within: QRect | None = None,
    ) -> None:
        self._document = document
        self._seen = document.rect if within is None else within.intersected(document.rect)
        self._layer = layer
        self._text = layer.props.text
        self._before = {key: layer.tiles.get(key) for key in tuple(layer.tiles.keys())}
        lifted, rest = parted(layer.tiles, mask)
        self._rest = {key: rest.get(key) for key in lifted.keys()}  # noqa: SIM118
        self.bounds = bounds_of(lifted.keys(), lifted.get)
        """The document pixels that were taken up; null if that is nothing."""
        self._box = lifted.bounds
        self._image = _joined(lifted, self._box)
        self._shown = set(self._rest)
        self._start = dict(self._before)

    def place(self, transform: QTransform) -> None:
        """Show it there; `transform` maps document pixels to document pixels."""
        target = transform.mapRect(QRectF(self._box)).toAlignedRect().adjusted(-1, -1, 1, 1)
        reached = set(keys_in(target.intersected(self._seen)))
        self._document.swap_tiles(
            self._layer.id,
            {key: self._tile(key, transform, key in reached) for key in reached | self._shown},
        )
        self._shown = reached | set(self._rest)

    def end(self, label: str) -> PaintStroke | None:
        """What was done since the last step, as a step that is done already.

        None if nothing was taken up or moved. More may follow, from the same pixels.
        """
        after = {key: self._layer.tiles.get(key) for key in self._shown | self._start.keys()}
        before = {key: self._start.get(key, self._before.get(key)) for key in after}
        changed = {key for key in after if after[key] is not before[key]}
        if not changed:
            return None
        self._start = after
        return PaintStroke(
            self._layer.id,
            {key: before[key] for key in changed},
            {key: after[key] for key in changed},
            label,
        )

    def set_down(self, transform: QTransform, label: str) -> Command | None:
        """Show it there, and what that does as a step that is done already.

        Letters are drawn anew where a layer of text was taken up.
        """
        self.place(transform)
        stroke = self.end(label)
        if stroke is None or self._text is None:
            return stroke
        step = transform_text(self._document, stroke, self._text, transform)
        self._shown |= self._layer.tiles.keys()
        keys = self._shown | self._start.keys()
        self._start = {key: self._layer.tiles.get(key) for key in keys}
        return step

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


def parted(tiles: Tiles, mask: Mask | None) -> tuple[Tiles, Tiles]:
    """What lies under `mask` (None: all of it), and what is left without that."""
    lifted, rest = Tiles(), tiles.copy()
    for key, tile in tiles.within(None):
        cover = None if mask is None else mask.tile(key)
        if mask is None:
            lifted.swap({key: tile})
            rest.swap({key: None})
        elif cover is not None:
            lifted.swap({key: cut_by(tile, cover, IN)})
            rest.swap({key: cut_by(tile, cover, OUT)})
    return lifted, rest


def liftable(layer: Layer, mask: Mask | None) -> QRect:
    """The document pixels that a lift would take up; null if that is nothing."""

    def part(key: TileKey) -> QImage | None:
        tile, cover = layer.tiles.get(key), None if mask is None else mask.tile(key)
        return tile if tile is None or cover is None else cut_by(tile, cover, IN)

    keys = (key for key in layer.tiles.keys() if mask is None or mask.tile(key) is not None)  # noqa: SIM118
    return bounds_of(tuple(keys), part)


def bounds_of(keys: Collection[TileKey], tile: Callable[[TileKey], QImage | None]) -> QRect:
    """Around all pixels that are not transparent; looks only at the tiles nearest to its edges."""
    known: dict[TileKey, QRect] = {}

    def used(key: TileKey) -> QRect:
        if key not in known:
            image = tile(key)
            known[key] = QRect() if image is None else used_part(image, key)
        return known[key]

    def outermost(axis: int, sign: int) -> QRect:
        """What is used of the first line of tiles, from one side, in which anything is."""
        for line in sorted({key[axis] for key in keys}, key=sign.__mul__):
            found = QRect()
            for key in keys:
                if key[axis] == line:
                    found = found.united(used(key))
            if not found.isNull():
                return found
        return QRect()

    left, right, top, bottom = (outermost(axis, sign) for axis in (0, 1) for sign in (1, -1))
    if left.isNull():
        return QRect()
    return QRect(QPoint(left.left(), top.top()), QPoint(right.right(), bottom.bottom()))


IN = MODE.CompositionMode_DestinationIn
OUT = MODE.CompositionMode_DestinationOut


def cut_by(tile: QImage, cover: QImage, mode: QPainter.CompositionMode) -> QImage:
    """A tile's part that lies in (`IN`) or beside (`OUT`) a mask of the same size."""
    part = QImage(tile)
    with QPainter(part) as painter:
        painter.setCompositionMode(mode)
        painter.drawImage(0, 0, cover)
    return part


def _joined(tiles: Tiles, box: QRect) -> QImage:
    """Tile by tile, for to fill all of a large image first would hold the interpreter's lock."""
    image = QImage(box.size(), TILE_FORMAT)
    if not box.isEmpty():
        with QPainter(image) as painter:
            painter.setCompositionMode(MODE.CompositionMode_Source)
            for key in keys_in(box):
                place = tile_rect(key).translated(-box.topLeft())
                if (tile := tiles.get(key)) is not None:
                    painter.drawImage(place.topLeft(), tile)
                else:
                    painter.fillRect(place, Qt.GlobalColor.transparent)
    return image
