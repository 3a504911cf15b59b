"""The picture that the layers make together, kept up to date where they change."""

from dataclasses import dataclass

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QRegion

from studio.core.signal import Signal
from studio.paint.document import Document
from studio.paint.layer import Layer
from studio.paint.tiles import TILE_FORMAT, TileKey, blank_tile, keys_in, tile_rect

MAX_DIRTY_RECTS = 64
"""A region of more rectangles than this is slower to keep than to repaint whole."""

_MODE = QPainter.CompositionMode


@dataclass(slots=True)
class _Level:
    image: QImage
    dirty: QRegion

    def spoil(self, rect: QRect) -> None:
        self.dirty = self.dirty.united(rect.intersected(self.image.rect()))
        if self.dirty.rectCount() > MAX_DIRTY_RECTS:
            self.dirty = QRegion(self.dirty.boundingRect())


class Compositor:
    """The composite of a document at full size and at halved sizes.

    Nothing is computed before it is asked for, and then only where something changed; the result
    is the same, to the bit, as if all of it had been computed anew.
    """

    def __init__(self, document: Document) -> None:
        self._document = document
        self._below = _Below(document)
        self._levels = [_new_level(document.size)]
        self.updated: Signal[QRect] = Signal()  # after the document changed there
        document.changed.connect(self._spoil)

    def image(self, level: int = 0) -> QImage:
        """The whole document at 1 / 2**level, its sides rounded up; 8-bit ARGB premultiplied.

        The image goes on changing with the document: draw it, and copy it to keep it. Raises
        ValueError for a negative level.
        """
        if level < 0:
            raise ValueError(f"{level} is not a level")
        while len(self._levels) <= level:
            self._levels.append(_new_level(_half(self._levels[-1].image.size())))
        for each in range(level + 1):
            self._refresh(each)
        return self._levels[level].image

    def flatten(self) -> QImage:
        """A copy of the document's pixels as they are now, at full size."""
        return self.image().copy()

    def _spoil(self, rect: QRect) -> None:
        self._levels[0].spoil(rect)
        self.updated.emit(rect)

    def _refresh(self, index: int) -> None:
        level = self._levels[index]
        for rect in _rects(level.dirty):
            if index == 0:
                self._compose(level.image, rect)
            else:
                _shrink(self._levels[index - 1].image, level.image, rect)
            if index + 1 < len(self._levels):
                self._levels[index + 1].spoil(_halved(rect))
        level.dirty = QRegion()

    def _compose(self, image: QImage, rect: QRect) -> None:
        layers = self._document.layers[self._below.count :]
        with QPainter(image) as painter:
            for key in keys_in(rect):
                place = tile_rect(key)
                # Clipped, for Qt rounds otherwise where the part of an image is a single pixel.
                painter.setClipRect(place.intersected(rect))
                painter.setOpacity(1.0)
                painter.setCompositionMode(_MODE.CompositionMode_Source)
                ground = self._below.tile(key)
                if ground is None:
                    painter.fillRect(place, Qt.GlobalColor.transparent)
                else:
                    painter.drawImage(place.topLeft(), ground)
                painter.setCompositionMode(_MODE.CompositionMode_SourceOver)
                for layer, tile in _seen(layers, key):
                    painter.setOpacity(_painter_opacity(layer.opacity))
                    painter.drawImage(place.topLeft(), tile)


class _Below:
    """What lies below the active layer, tile by tile; a tile knows itself what it was made of."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._tiles: dict[TileKey, tuple[tuple[tuple[int, float], ...], QImage]] = {}
        document.active_changed.connect(lambda _: self._tiles.clear())

    @property
    def count(self) -> int:
        """How many layers lie below the active one."""
        active = self._document.active
        return 0 if active is None else self._document.index(active.id)

    def tile(self, key: TileKey) -> QImage | None:
        """The composite of these layers, or None where it is transparent."""
        seen = _seen(self._document.layers[: self.count], key)
        if not seen:
            return None
        if len(seen) == 1 and seen[0][0].opacity == 1.0:
            return seen[0][1]
        made_of = tuple((tile.cacheKey(), layer.opacity) for layer, tile in seen)
        kept = self._tiles.get(key)
        if kept is None or kept[0] != made_of:
            kept = self._tiles[key] = made_of, _stack(seen)
        return kept[1]


def _seen(layers: tuple[Layer, ...], key: TileKey) -> list[tuple[Layer, QImage]]:
    found = ((layer, layer.tiles.get(key)) for layer in layers if layer.shown)
    return [(layer, tile) for layer, tile in found if tile is not None]


def _stack(seen: list[tuple[Layer, QImage]]) -> QImage:
    image = blank_tile()
    with QPainter(image) as painter:
        for layer, tile in seen:
            painter.setOpacity(_painter_opacity(layer.opacity))
            painter.drawImage(0, 0, tile)
    return image


def _painter_opacity(opacity: float) -> float:
    """What to give a QPainter, so that it uses the nearest of 256 opacities to `opacity`.

    For images Qt takes (round(256 * its opacity) * 255) >> 8 of 255, which is up to one too few.
    """
    return (round(opacity * 255) + 1) / 256


def _new_level(size: QSize) -> _Level:
    image = QImage(size, TILE_FORMAT)
    return _Level(image, QRegion(image.rect()))


def _half(size: QSize) -> QSize:
    return QSize((size.width() + 1) // 2, (size.height() + 1) // 2)


def _halved(rect: QRect) -> QRect:
    """The pixels of the next level that have a share in `rect`."""
    left, top = rect.left() // 2, rect.top() // 2
    return QRect(left, top, rect.right() // 2 - left + 1, rect.bottom() // 2 - top + 1)


def _shrink(source: QImage, target: QImage, rect: QRect) -> None:
    """Make each pixel of `rect` in `target` the mean of the four of `source` under it."""
    with QPainter(target) as painter:
        painter.setCompositionMode(_MODE.CompositionMode_Source)
        for key in keys_in(rect):
            part = tile_rect(key).intersected(rect)
            # scaled() divides by four; a painter's own scaling is faster, and off by up to three.
            pixels = _fours(source, part).scaled(
                part.size(),
                Qt.AspectRatioMode.IgnoreAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
            painter.drawImage(part.topLeft(), pixels)


def _fours(source: QImage, rect: QRect) -> QImage:
    """The pixels under `rect` of the next level; an odd last row or column counts twice."""
    under = QRect(rect.topLeft() * 2, rect.size() * 2)
    pixels = source.copy(under)
    inside = under.intersected(source.rect())
    width, height = inside.width(), inside.height()
    if inside == under:
        return pixels
    with QPainter(pixels) as painter:
        painter.setCompositionMode(_MODE.CompositionMode_Source)
        painter.drawImage(width, 0, pixels.copy(width - 1, 0, 1, under.height()))
        painter.drawImage(0, height, pixels.copy(0, height - 1, under.width(), 1))
    return pixels


def _rects(region: QRegion) -> list[QRect]:
    # It can be iterated, but the stubs don't know.
    return [QRect(rect) for rect in region]  # type: ignore[attr-defined]
