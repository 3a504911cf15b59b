"""Composes the items of a scene, one tile at a time, and keeps what is likely to be used again."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QImage

from studio.paint.blend import Coat, blend_tile, lay_coats, replace_tile
from studio.paint.modes import BlendMode
from studio.paint.scene import Item
from studio.paint.tiles import TILE, TileKey, blank_tile

CACHE = 256 * 2**20
"""Bytes of composed tiles that are kept."""

FILLS = 1
"""Tiles that are composed whole in one go, though only a part of them was asked for."""

AHEAD = CACHE // (8 * TILE * TILE)
"""Tiles that are made ready for later at the most: half of what can be kept."""

_WHOLE = QRect(0, 0, TILE, TILE)
_PIXEL = QRect(0, 0, 1, 1)
_Slot = tuple[int, str, TileKey]  # the layer that it belongs to, what it is of it, and where


class Mixer:
    """Lays items over each other. What was kept and what was not never shows in the pixels.

    Kept is what lies below the item that is worked on, and each group, mask or clipping that is
    not: as long as the tiles are the same that it was made of.
    """

    def __init__(self, budget: int = CACHE) -> None:
        self._budget = budget
        self._kept: OrderedDict[_Slot, tuple[Any, QImage | None]] = OrderedDict()
        self._nbytes = 0
        self._fills = FILLS

    def begin(self) -> None:
        """A new go: some tiles may be composed whole again."""
        self._fills = FILLS

    def prepare(self, items: tuple[Item, ...], key: TileKey) -> bool:
        """Make one of the things that will be kept for a tile; False if there is none left."""
        self._fills = 1
        self.coats(items, key, _PIXEL)
        return self._fills < 1

    def coats(
        self, items: tuple[Item, ...], key: TileKey, clip: QRect, owner: int = 0
    ) -> list[Coat]:
        """What to lay over each other so that a tile shows the items together.

        It is right within `clip` (the tile's coordinates); empty where all is transparent. `owner`
        is the group that the items lie in. The tiles may be shared: none must be painted on.
        """
        hot = next((place for place, item in enumerate(items) if item.hot), 0)
        if hot < 2:
            return self._stacked([], items, key, clip)
        below = items[:hot]
        made_of = _signature(below, key)
        ground = self._keep(
            (owner, "below", key),
            made_of,
            clip,
            lambda part: _flat(self._stacked([], below, key, part), part),
        )
        return self._stacked([] if ground is None else [Coat(ground)], items[hot:], key, clip)

    def mix(
        self, items: tuple[Item, ...], key: TileKey, clip: QRect, owner: int = 0
    ) -> QImage | None:
        """The same as one tile, or None. It may be shared: it must not be painted on."""
        return _flat(self.coats(items, key, clip, owner), clip)

    def _stacked(
        self, coats: list[Coat], items: tuple[Item, ...], key: TileKey, clip: QRect
    ) -> list[Coat]:
        """These coats and the items over them."""
        coats = list(coats)
        for item in items:
            tile = self._content(item, key, clip)
            if tile is None:
                if item.mode.reaches_out:
                    coats.clear()
            elif coats or item.mode not in _SHOW_NOTHING_ALONE:
                coats.append(Coat(tile, item.mode, item.opacity))
        return coats

    def _content(self, item: Item, key: TileKey, clip: QRect) -> QImage | None:
        """What the item itself shows, before its mode and opacity."""
        if item.is_plain:
            return item.tiles.get(key)
        if item.hot:
            return self._make(item, key, clip)
        made_of = _signature((item,), key)
        return self._keep(
            (item.layer, "content", key), made_of, clip, lambda part: self._make(item, key, part)
        )

    def _make(self, item: Item, key: TileKey, clip: QRect) -> QImage | None:
        if item.items is None:
            tile = item.tiles.get(key)
        else:
            tile = self.mix(item.items, key, clip, item.layer)
        if tile is not None and item.mask is not None:
            tile = _masked(tile, item.mask.get(key), clip)
        if tile is None or not item.clipped:
            return tile
        shown = QImage(tile)
        for each in item.clipped:
            above = self._content(each, key, clip)
            if above is not None or each.mode.reaches_out:
                _lay_inside(shown, above or blank_tile(), each, clip)
        return shown

    def _keep(
        self, slot: _Slot, made_of: Any, clip: QRect, make: Callable[[QRect], QImage | None]
    ) -> QImage | None:
        kept = self._kept.get(slot)
        if kept is not None and kept[0] == made_of:
            self._kept.move_to_end(slot)
            return kept[1]
        if clip != _WHOLE and self._fills <= 0:
            return make(clip)
        if clip != _WHOLE:
            self._fills -= 1
        tile = make(_WHOLE)
        self._drop(slot)
        self._kept[slot] = made_of, tile
        self._nbytes += _nbytes(tile)
        while self._nbytes > self._budget:
            self._drop(next(iter(self._kept)))
        return tile

    def _drop(self, slot: _Slot) -> None:
        if slot in self._kept:
            self._nbytes -= _nbytes(self._kept.pop(slot)[1])


_SHOW_NOTHING_ALONE = (
    BlendMode.SOURCE_ATOP,
    BlendMode.DESTINATION_IN,
    BlendMode.DESTINATION_OUT,
)


def _signature(items: tuple[Item, ...], key: TileKey) -> tuple[Any, ...]:
    """Equal only for items that look the same in this tile."""
    found: list[Any] = []
    for item in items:
        tile = item.tiles.get(key)
        if item.is_plain and tile is None and not item.mode.reaches_out:
            continue
        found += item.mode, item.opacity, 0 if tile is None else tile.cacheKey()
        if not item.is_plain:
            mask = item.mask.get(key) if item.mask is not None else None
            found.append(0 if mask is None else mask.cacheKey())
            found.append(_signature(item.clipped, key))
            found.append(None if item.items is None else _signature(item.items, key))
    return tuple(found)


def _flat(coats: list[Coat], clip: QRect) -> QImage | None:
    if not coats:
        return None
    if len(coats) == 1 and coats[0].opacity == 255:
        return coats[0].tile
    tile = blank_tile()
    lay_coats(tile, QPoint(), clip, coats)
    return tile


def _masked(tile: QImage, mask: QImage | None, clip: QRect) -> QImage:
    """What the mask leaves of the tile."""
    if mask is None:
        return tile
    left = QImage(tile)
    blend_tile(left, mask, clip, BlendMode.DESTINATION_OUT)
    return left


def _lay_inside(base: QImage, tile: QImage, item: Item, clip: QRect) -> None:
    """Blend with the base's colours as if it were opaque, and keep its shape."""
    if item.mode is BlendMode.NORMAL:
        blend_tile(base, tile, clip, BlendMode.SOURCE_ATOP, item.opacity)
        return
    # Of a format without alpha Qt gives the colours as they were before they were multiplied.
    colours = base.convertToFormat(QImage.Format.Format_RGB32)
    opaque = colours.convertToFormat(base.format())
    blend_tile(opaque, tile, clip, item.mode, item.opacity)
    blend_tile(opaque, base, clip, BlendMode.DESTINATION_IN)
    replace_tile(base, opaque, clip)


def _nbytes(tile: QImage | None) -> int:
    return 0 if tile is None else tile.sizeInBytes()
