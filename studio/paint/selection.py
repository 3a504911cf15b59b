"""Which pixels are selected, and how much: sparse tiles of 8-bit alpha."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QImage, QPainter, QPainterPath

from studio.paint.noise import MASK_FORMAT
from studio.paint.tiles import (
    TILE,
    TILE_FORMAT,
    TileKey,
    Tiles,
    blank_tile,
    in_tile,
    keys_in,
    tile_rect,
)

_MODE = QPainter.CompositionMode


class Combine(Enum):
    """What a new selection does to the one that is there."""

    REPLACE = "replace"
    ADD = "add"
    SUBTRACT = "subtract"
    INTERSECT = "intersect"


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """TileKey -> Alpha8 image of TILE x TILE; nobody paints on them. A missing one is empty."""

    tiles: Mapping[TileKey, QImage] = field(default_factory=dict)

    @classmethod
    def of_path(cls, path: QPainterPath, area: QRect) -> "Selection":
        """What lies inside a path, in document pixels, with soft edges; only inside `area`."""
        box = path.boundingRect().toAlignedRect().intersected(area)
        tiles = {}
        for key in keys_in(box):
            tile = blank_tile(MASK_FORMAT)
            with QPainter(tile) as painter:
                painter.setRenderHint(QPainter.RenderHint.Antialiasing)
                painter.translate(-tile_rect(key).topLeft())
                painter.setClipRect(area)
                painter.fillPath(path, Qt.GlobalColor.black)
            tiles[key] = tile
        return cls(_used(tiles))

    @classmethod
    def of_mask(cls, mask: QImage, offset: QPoint) -> "Selection":
        """An Alpha8 image whose top left pixel lies at `offset`."""
        tiles = {}
        for key in keys_in(QRect(offset, mask.size())):
            tiles[key] = mask.copy(tile_rect(key).translated(-offset))
        return cls(_used(tiles))

    @classmethod
    def of_tiles(cls, tiles: Tiles, area: QRect) -> "Selection":
        """As much of each pixel in `area` as it is opaque."""
        kept = {}
        for key in tiles.keys():  # noqa: SIM118
            tile, inside = tiles.get(key), in_tile(area.intersected(tile_rect(key)), key)
            if tile is not None and not inside.isEmpty():
                kept[key] = (
                    tile.convertedTo(MASK_FORMAT)
                    .copy(inside)
                    .copy(QRect(-inside.topLeft(), tile.size()))
                )
        return cls(_used(kept))

    def as_tiles(self) -> Tiles:
        """The same as black paint of that opacity."""
        tiles = Tiles()
        tiles.swap({key: tile.convertedTo(TILE_FORMAT) for key, tile in self.tiles.items()})
        return tiles

    @property
    def empty(self) -> bool:
        """Whether nothing is selected."""
        return not self.tiles

    @property
    def bounds(self) -> QRect:
        """The smallest rectangle around everything selected; null without any."""
        rect = QRect()
        for key, tile in self.tiles.items():
            rect = rect.united(used_part(tile, key))
        return rect

    def tile(self, key: TileKey) -> QImage | None:
        """The mask over one tile; None where nothing is selected."""
        return self.tiles.get(key)

    def at(self, point: QPoint) -> int:
        """How much of a pixel is selected, 0 .. 255."""
        tile = self.tiles.get((point.x() // TILE, point.y() // TILE))
        if tile is None:
            return 0
        return tile.pixelColor(point.x() % TILE, point.y() % TILE).alpha()

    def combined(self, other: "Selection", how: Combine) -> "Selection":
        """This selection changed by another."""
        if how is Combine.REPLACE:
            return other
        if how is Combine.SUBTRACT:
            return self._merged(other, _MODE.CompositionMode_DestinationOut)
        if how is Combine.ADD:
            both = Selection({**other.tiles, **self.tiles})
            return both._merged(other, _MODE.CompositionMode_SourceOver)
        shared = {key: tile for key, tile in self.tiles.items() if key in other.tiles}
        return Selection(shared)._merged(other, _MODE.CompositionMode_DestinationIn)

    def inverted(self, area: QRect) -> "Selection":
        """What of `area` is not selected."""
        path = QPainterPath()
        path.addRect(area)
        return Selection.of_path(path, area).combined(self, Combine.SUBTRACT)

    def grown(self, pixels: int, area: QRect) -> "Selection":
        """Wider by that many pixels all around, or narrower below 0; only inside `area`."""
        if pixels == 0 or self.empty:
            return self
        if pixels < 0:
            outside = self.inverted(area)
            return self.combined(outside.grown(-pixels, area), Combine.SUBTRACT)
        return self._reworked(pixels + 1, area, lambda mask: _dilated(mask, pixels))

    def feathered(self, pixels: int, area: QRect) -> "Selection":
        """With an edge that fades over about twice that many pixels; only inside `area`."""
        if pixels <= 0 or self.empty:
            return self
        return self._reworked(4 * pixels, area, lambda mask: _blurred(mask, pixels))

    def _reworked(self, reach: int, area: QRect, work: Callable[[QImage], QImage]) -> "Selection":
        """All tiles as one image with a margin, changed, and cut up again."""
        box = self.bounds.adjusted(-reach, -reach, reach, reach)
        mask = QImage(box.size(), MASK_FORMAT)
        mask.fill(0)
        with QPainter(mask) as painter:
            for key, tile in self.tiles.items():
                painter.drawImage(tile_rect(key).topLeft() - box.topLeft(), tile)
        mask = _continued(mask, area.translated(-box.topLeft()))
        inside = box.intersected(area)
        part = work(mask).copy(inside.translated(-box.topLeft()))
        return Selection.of_mask(part, inside.topLeft())

    def _merged(self, other: "Selection", mode: QPainter.CompositionMode) -> "Selection":
        """Tiles that both have, merged; others as they are here."""
        tiles = dict(self.tiles)
        for key in self.tiles.keys() & other.tiles.keys():
            tile = QImage(tiles[key])
            with QPainter(tile) as painter:
                painter.setCompositionMode(mode)
                painter.drawImage(0, 0, other.tiles[key])
            tiles[key] = tile
        return Selection(_used(tiles))


def _used(tiles: dict[TileKey, QImage]) -> dict[TileKey, QImage]:
    blank = blank_tile(MASK_FORMAT)
    return {key: tile for key, tile in tiles.items() if tile != blank}


def used_part(tile: QImage, key: TileKey) -> QRect:
    """The document pixels of a tile whose alpha is not 0; null if there are none."""
    alpha = tile.convertedTo(MASK_FORMAT)  # named, because its bits do not keep it alive
    data = bytes(alpha.constBits())
    if not data.strip(b"\0"):
        return QRect()
    top = (len(data) - len(data.lstrip(b"\0"))) // TILE
    bottom = (len(data.rstrip(b"\0")) - 1) // TILE
    columns, rows = int.from_bytes(data, "little"), TILE
    while rows > 1:  # laid over each other, half on half
        rows //= 2
        columns = (columns >> 8 * TILE * rows) | (columns & (1 << 8 * TILE * rows) - 1)
    used = columns.to_bytes(TILE, "little")
    left, right = TILE - len(used.lstrip(b"\0")), len(used.rstrip(b"\0")) - 1
    return QRect(QPoint(left, top), QPoint(right, bottom)).translated(tile_rect(key).topLeft())


def _continued(mask: QImage, inner: QRect) -> QImage:
    """With its values at the edges of `inner` carried on outwards: beyond is more of the same."""
    whole = mask.rect()
    wide = QImage(mask)
    for edge, beyond in (
        (QRect(inner.left(), 0, 1, whole.height()), QRect(0, 0, inner.left(), whole.height())),
        (
            QRect(inner.right(), 0, 1, whole.height()),
            QRect(inner.right() + 1, 0, whole.right() - inner.right(), whole.height()),
        ),
        (QRect(0, inner.top(), whole.width(), 1), QRect(0, 0, whole.width(), inner.top())),
        (
            QRect(0, inner.bottom(), whole.width(), 1),
            QRect(0, inner.bottom() + 1, whole.width(), whole.bottom() - inner.bottom()),
        ),
    ):
        if whole.contains(edge) and not beyond.isEmpty():
            line = wide.copy(edge)
            with QPainter(wide) as painter:
                painter.setCompositionMode(_MODE.CompositionMode_Source)
                painter.drawImage(beyond, line)
    return wide


def _dilated(mask: QImage, pixels: int) -> QImage:
    """Spread in discs, built of rings of eight whose radii double: each fills the one before."""
    done, step = 0, 1
    while done < pixels:
        radius = min(step, pixels - done)
        spread = QImage(mask)
        with QPainter(spread) as painter:
            for turn in range(8):
                angle = math.pi * turn / 4
                painter.drawImage(
                    round(radius * math.cos(angle)), round(radius * math.sin(angle)), mask
                )
        mask, done, step = spread, done + radius, step * 2
    return mask


def _blurred(mask: QImage, pixels: int) -> QImage:
    """Means of pixels farther and farther apart, there and back: a soft ramp."""
    for across in (True, False):
        for sign in (1, -1):
            step = 1
            while step <= pixels:
                shifted = QImage(mask)
                with QPainter(shifted) as painter:
                    painter.setCompositionMode(_MODE.CompositionMode_Source)
                    painter.setOpacity(0.5)
                    by = step * sign
                    painter.drawImage(by if across else 0, 0 if across else by, mask)
                mask, step = shifted, step * 2
    return mask
