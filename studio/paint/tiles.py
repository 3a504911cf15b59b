"""Sparse pixels: a layer's image cut into squares, of which only the used ones exist."""

from collections.abc import Iterable, Iterator, KeysView, Mapping
from typing import Self

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QRegion, QTransform

TILE = 256
"""Pixels on each side of a tile."""

TILE_BYTES = 4 * TILE * TILE

TILE_FORMAT = QImage.Format.Format_ARGB32_Premultiplied

TileKey = tuple[int, int]
"""Column and row; (0, 0) has its top left corner at the document's."""


class Tiles:
    """TileKey -> QImage of TILE x TILE pixels, 8-bit ARGB premultiplied; missing is transparent.

    A tile is never painted on once it is in here, only replaced: whoever holds one (an undo step,
    a file being saved) holds pixels that stay as they are.
    """

    def __init__(self) -> None:
        self._tiles: dict[TileKey, QImage] = {}

    @classmethod
    def from_image(cls, image: QImage, offset: QPoint) -> Self:
        """Cut up an image of any format whose top left pixel lies at `offset`."""
        tiles = cls()
        pixels = image.convertToFormat(TILE_FORMAT)
        pixels.setDevicePixelRatio(1.0)
        blank = blank_tile()
        for key in keys_in(QRect(offset, image.size())):
            # Outside of the image, copy() gives transparent pixels.
            tile = pixels.copy(tile_rect(key).translated(-offset))
            if tile != blank:
                tiles._tiles[key] = tile
        return tiles

    @classmethod
    def filled(cls, rect: QRect, colour: QColor) -> Self:
        """One colour in `rect`. Tiles that are the same share their pixels."""
        tiles = cls()
        made: dict[tuple[int, int, int, int], QImage] = {}
        for key in keys_in(rect):
            part = in_tile(tile_rect(key).intersected(rect), key)
            geometry = part.x(), part.y(), part.width(), part.height()
            if geometry not in made:
                made[geometry] = blank_tile()
                with QPainter(made[geometry]) as painter:
                    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
                    painter.fillRect(part, colour)
            tiles._tiles[key] = made[geometry]
        return tiles

    def copy(self) -> Self:
        """The same tiles, shared, in a place of their own."""
        tiles = type(self)()
        tiles._tiles.update(self._tiles)
        return tiles

    def moved(self, by: QPoint) -> Self:
        """The same pixels in another place. By whole tiles, they are shared."""
        tiles = type(self)()
        if by.x() % TILE == 0 and by.y() % TILE == 0:
            columns, rows = by.x() // TILE, by.y() // TILE
            for (column, row), tile in self._tiles.items():
                tiles._tiles[column + columns, row + rows] = tile
            return tiles
        touched = {new for old in self._tiles for new in keys_in(tile_rect(old).translated(by))}
        blank = blank_tile()
        for key in touched:
            tile = self._cut_out(tile_rect(key).translated(-by))
            if tile != blank:
                tiles._tiles[key] = tile
        return tiles

    def turned(self, quarters: int, mirrored: bool) -> Self:
        """Turned about the document's corner by right angles clockwise.

        What is `mirrored` is mirrored left to right first, about the corner, too. Tiles that are
        the same stay shared.
        """
        tiles, turn = type(self)(), QTransform().rotate(90.0 * quarters)
        made: dict[int, QImage] = {}
        for (column, row), tile in self._tiles.items():
            if mirrored:
                column = -column - 1
            for _ in range(quarters):
                column, row = -row - 1, column
            pixels = tile.cacheKey()
            if pixels not in made:
                facing = tile.flipped(Qt.Orientation.Horizontal) if mirrored else tile
                made[pixels] = facing.transformed(turn)
            tiles._tiles[column, row] = made[pixels]
        return tiles

    def _cut_out(self, rect: QRect) -> QImage:
        """A rectangle of the size of a tile."""
        cut = blank_tile()
        with QPainter(cut) as painter:
            painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
            for key in keys_in(rect):
                if key in self._tiles:
                    painter.drawImage(tile_rect(key).topLeft() - rect.topLeft(), self._tiles[key])
        return cut

    def get(self, key: TileKey) -> QImage | None:
        """The tile, or None where everything is transparent."""
        return self._tiles.get(key)

    def keys(self) -> KeysView[TileKey]:
        """The places of the tiles that exist, in no particular order."""
        return self._tiles.keys()

    def within(self, area: QRect | None) -> list[tuple[TileKey, QImage]]:
        """The tiles that touch `area`, document coordinates, or all without one."""
        keys = self._tiles.keys() if area is None else self._touching(area)
        return [(key, self._tiles[key]) for key in keys]

    def swap(self, tiles: Mapping[TileKey, QImage | None]) -> None:
        """Put other tiles in the places of these; None takes a tile away."""
        for key, tile in tiles.items():
            if tile is None:
                self._tiles.pop(key, None)
            else:
                self._tiles[key] = tile

    def draw(self, painter: QPainter, clip: QRect) -> None:
        """Draw what lies in `clip` (document coordinates) at its place, as the painter is set."""
        for key in self._touching(clip):
            part = tile_rect(key).intersected(clip)
            painter.drawImage(part, self._tiles[key], in_tile(part, key))

    @property
    def bounds(self) -> QRect:
        """The smallest rectangle of whole tiles around all that exist; null without any."""
        rect = QRect()
        for key in self._tiles:
            rect = rect.united(tile_rect(key))
        return rect

    @property
    def fingerprint(self) -> int:
        """Another number after any tile was swapped."""
        return hash(tuple((key, tile.cacheKey()) for key, tile in self._tiles.items()))

    @property
    def nbytes(self) -> int:
        """The memory that the tiles take, in bytes, whoever else shares them."""
        return TILE_BYTES * len(self._tiles)

    def _touching(self, clip: QRect) -> list[TileKey]:
        if clip.width() * clip.height() > len(self._tiles) * TILE * TILE:
            return [key for key in self._tiles if tile_rect(key).intersects(clip)]
        return [key for key in keys_in(clip) if key in self._tiles]


def over(below: Tiles, above: Tiles) -> Tiles:
    """Both, the one painted over the other."""
    both = below.copy()
    for key, tile in above.within(None):
        ground = below.get(key)
        both.swap({key: tile if ground is None else _painted(ground, tile)})
    return both


def blank_tile(form: QImage.Format = TILE_FORMAT) -> QImage:
    """A new tile, fully transparent."""
    tile = QImage(TILE, TILE, form)
    tile.fill(0)
    return tile


def _painted(ground: QImage, tile: QImage) -> QImage:
    both = QImage(ground)
    with QPainter(both) as painter:
        painter.drawImage(0, 0, tile)
    return both


def tile_rect(key: TileKey) -> QRect:
    """Where a tile lies, in document coordinates."""
    return QRect(key[0] * TILE, key[1] * TILE, TILE, TILE)


def in_tile(rect: QRect, key: TileKey) -> QRect:
    """A rectangle in document coordinates, as the tile's own coordinates."""
    return rect.translated(-key[0] * TILE, -key[1] * TILE)


def keys_in(rect: QRect) -> Iterator[TileKey]:
    """The keys of all tiles that a rectangle touches, row by row; none if it is empty."""
    if rect.isEmpty():
        return
    for row in range(rect.top() // TILE, rect.bottom() // TILE + 1):
        for column in range(rect.left() // TILE, rect.right() // TILE + 1):
            yield column, row


def areas_of(keys: Iterable[TileKey]) -> list[QRect]:
    """What tiles cover together, in as few rectangles as that takes; none overlap."""
    places = set(keys)
    columns, rows = {key[0] for key in places}, {key[1] for key in places}
    if places and len(places) == len(columns) * len(rows) == _span(columns) * _span(rows):
        corner = tile_rect((min(columns), min(rows))).topLeft()
        return [QRect(corner, QSize(len(columns) * TILE, len(rows) * TILE))]
    region = QRegion()
    for key in places:
        region += tile_rect(key)
    return rects_of(region)


def _span(numbers: set[int]) -> int:
    return max(numbers) - min(numbers) + 1


def rects_of(region: QRegion) -> list[QRect]:
    """The rectangles that a region consists of; none overlap."""
    # It can be iterated, but the stubs don't know.
    return [QRect(rect) for rect in region]  # type: ignore[attr-defined]
