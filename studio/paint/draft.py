"""A painting made smaller, to show at once what pixels would look like in another place."""

from collections.abc import Iterable

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QImage, QPainter, QTransform

from studio.core.picture import Size
from studio.paint.compositor import Compositor, halved
from studio.paint.document import Document
from studio.paint.layer import LayerId, walk
from studio.paint.lift import Lift
from studio.paint.selection import Selection
from studio.paint.tiles import TILE, TileKey, Tiles, blank_tile

_ROUGH = Qt.TransformationMode.FastTransformation
_SMOOTH = Qt.TransformationMode.SmoothTransformation
_SOURCE = QPainter.CompositionMode.CompositionMode_Source


class Draft:
    """What is under `mask` of a layer, taken up from a painting at 1 / 2**level of its size.

    Takes a document that nobody else changes, and changes it. Right within `area` (pixels of the
    painting). To make one takes a while, a `rough` one less: it shows some pixels and leaves out
    the rest. It may be made on any thread, and used on one.
    """

    def __init__(
        self,
        document: Document,
        layer: LayerId,
        mask: Selection | None,
        level: int,
        area: QRect,
        rough: bool = False,
    ) -> None:
        self.level = level
        self.area = area
        self.rough = rough and level > 0
        self.landed = False
        """Whether the painting itself shows, as soon as it is composed, what this shows."""
        small = halved(area, level).adjusted(-2, -2, 2, 2)
        if level:
            way = _ROUGH if rough else _SMOOTH
            _shrink(document, layer, level, area, way)
            mask = mask and Selection(_reduced(mask.tiles.items(), level, way))
        self.compositor = Compositor(document)
        self._lift = Lift(document, document.layer(layer), mask, small)
        self.compositor.image(0, small)

    def place(self, transform: QTransform) -> None:
        """Show it there; `transform` maps pixels of the painting to pixels of the painting."""
        times = 2**self.level
        grown = QTransform.fromScale(times, times)
        self._lift.place(grown * transform * QTransform.fromScale(1 / times, 1 / times))


def _shrink(
    document: Document, taken: LayerId, level: int, area: QRect, way: Qt.TransformationMode
) -> None:
    """Of the layers that are not taken up, only what lies in `area`."""
    near = area.adjusted(-TILE, -TILE, TILE, TILE)
    size = document.size
    document.resize(Size(-(-size.width() >> level), -(-size.height() >> level)))
    for layer in walk(document.tree):
        for each in (layer, layer.mask):
            if each is not None:
                small = Tiles()
                small.swap(
                    _reduced(each.tiles.within(near if each.id != taken else None), level, way)
                )
                each.tiles = small


def _reduced(
    tiles: Iterable[tuple[TileKey, QImage]], level: int, way: Qt.TransformationMode
) -> dict[TileKey, QImage]:
    """Tiles at 1 / 2**level of their size; those that are the same are reduced once."""
    side, mask = TILE >> level, 2**level - 1
    known: dict[int, QImage] = {}
    made: dict[TileKey, QImage] = {}
    for (column, row), tile in tiles:
        key = column >> level, row >> level
        if key not in made:
            made[key] = blank_tile(tile.format())
        if tile.cacheKey() not in known:
            stretched = Qt.AspectRatioMode.IgnoreAspectRatio
            known[tile.cacheKey()] = tile.scaled(side, side, stretched, way)
        with QPainter(made[key]) as painter:
            painter.setCompositionMode(_SOURCE)
            place = QPoint((column & mask) * side, (row & mask) * side)
            painter.drawImage(place, known[tile.cacheKey()])
    return made
