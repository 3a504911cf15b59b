"""The picture that the layers make together, kept up to date where they change."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import Self

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QRegion, QTransform

from studio.core.signal import Signal
from studio.paint.blend import bands, lay_coats
from studio.paint.document import Document
from studio.paint.mixer import AHEAD, Mixer
from studio.paint.scene import Scene
from studio.paint.tiles import TILE, TILE_FORMAT, TileKey, in_tile, keys_in, rects_of, tile_rect

MAX_DIRTY_RECTS = 64
"""A region of more rectangles than this is slower to keep than to repaint some of it again."""

PIECE, SMALL_PIECE = 512, 256
"""Document pixels each way of what is composed before the clock is looked at; of much, a small
piece at a time, for it will not be done in time anyway."""

_SOURCE = QPainter.CompositionMode.CompositionMode_Source


@dataclass(slots=True)
class _Level:
    image: QImage
    dirty: QRegion
    unseen: QRegion  # the part of `dirty` that never held anything
    last: QPoint  # where the piece that was composed last lies
    square: int  # pixels each way of what is dirty as a whole, where too much is

    @classmethod
    def blank(cls, size: QSize, level: int) -> Self:
        image, square = QImage(size, TILE_FORMAT), max(1, TILE >> level)
        return cls(image, QRegion(image.rect()), QRegion(image.rect()), QPoint(-1, -1), square)

    def pieces(self, region: QRegion, side: int, much: bool) -> Iterator[QRect]:
        """A region cut up. They take turns, lest what changes all the time holds up the rest.

        Of `much`, as few as that gives: between the holes of strokes would be many slivers.
        """
        rects = [region.boundingRect()] if much else rects_of(region)
        pieces = [part for rect in rects for part in _cut(rect, side)]
        after = self.last.y(), self.last.x()
        turn = next((n for n, piece in enumerate(pieces) if (piece.y(), piece.x()) > after), 0)
        for piece in pieces[turn:] + pieces[:turn]:
            part = region.intersected(piece).boundingRect() if much else piece
            if not part.isEmpty():
                yield part

    def settle(self, region: QRegion) -> None:
        """It is right there."""
        self.dirty = self.dirty.subtracted(region)
        self.unseen = self.unseen.subtracted(region)

    def spoil(self, rect: QRect) -> None:
        self.dirty = self.dirty.united(rect.intersected(self.image.rect()))
        if self.dirty.rectCount() > MAX_DIRTY_RECTS:
            self._coarsen()

    def _coarsen(self) -> None:
        """To whole squares, and if that is not enough, to what is around them all.

        Not to that at once: with each stroke, all of a large change would begin anew.
        """
        side, squares = self.square, QRegion()
        for rect in rects_of(self.dirty):
            left, top = rect.left() // side * side, rect.top() // side * side
            right, bottom = -(-(rect.right() + 1) // side), -(-(rect.bottom() + 1) // side)
            squares += QRect(left, top, right * side - left, bottom * side - top)
        few = squares.rectCount() <= MAX_DIRTY_RECTS
        wanted = squares if few else QRegion(squares.boundingRect())
        self.dirty = wanted.intersected(self.image.rect())


@dataclass(frozen=True, slots=True)
class Part:
    """Where an image stands for a level of the composite: its own, or another one's meanwhile."""

    image: QImage
    region: QRegion
    """In pixels of the level that was asked for."""
    scale: float
    """The image's pixels for one of these, each way; 1 where nothing else stands for it."""

    def source(self, rect: QRect) -> QRectF:
        """What of the image shows in `rect` of the region."""
        return QTransform.fromScale(self.scale, self.scale).mapRect(QRectF(rect))


class Compositor:
    """The composite of a document at full size and at halved sizes.

    Nothing is computed before it is asked for, and then only where something changed; the result
    is the same, to the bit, as if all of it had been computed anew. A size that was never asked
    for takes no memory, nor does, where the system gives memory only to what is written, the part
    of an image that was never asked for.
    """

    def __init__(self, document: Document) -> None:
        self._document = document
        self._mixer = Mixer()
        self._scene: Scene | None = None
        self._ahead: Iterator[TileKey] = iter(())  # that may not be prepared yet
        self._levels: dict[int, _Level] = {}
        self.updated: Signal[QRect] = Signal()  # after the document changed there
        document.changed.connect(self._spoil)
        document.structure_changed.connect(lambda _: self._forget_scene())
        document.active_changed.connect(lambda _: self._forget_scene())
        document.resized.connect(lambda _: self._levels.clear())

    def image(
        self, level: int = 0, area: QRect | None = None, until: float | None = None
    ) -> QImage:
        """The document at 1 / 2**level, its sides rounded up; 8-bit ARGB premultiplied.

        Right within `area` (document coordinates), or everywhere without one; but at `until`, a
        time.perf_counter(), it is given as far as it got, which is further at every call. What is
        not right then, `unfinished` says; there it shows what it did before, or anything where it
        never was right. The image goes on changing with the document: draw it, and copy it to keep
        it. Raises ValueError for a negative level.
        """
        if level < 0:
            raise ValueError(f"{level} is not a level")
        if level not in self._levels:
            self._levels[level] = _Level.blank(_halved_size(self._document.size, level), level)
        stored = self._levels[level]
        within = stored.image.rect() if area is None else halved(area, level)
        stale = stored.dirty.intersected(within)
        if not stale.isEmpty():
            self._mixer.begin()
            self._refresh(level, stale, until)
        return stored.image

    def parts(self, level: int, area: QRect, until: float | None = None) -> list[Part]:
        """What shows `image(level, area, until)`, also where that was never right.

        There other sizes stand for it that were, the nearest first; where none was, nothing does.
        They are not copied into it, for the first write to memory is slow.
        """
        image = self.image(level, area, until)
        within = QRegion(halved(area, level).intersected(image.rect()))
        missing = within.intersected(self._levels[level].unseen)
        parts = [Part(image, within.subtracted(missing), 1.0)]
        for other in sorted(self._levels, key=lambda other: abs(other - level)):
            if missing.isEmpty():
                break
            if other != level:
                region = missing.intersected(self._seen(other, level))
                parts.append(Part(self._levels[other].image, region, 2.0 ** (level - other)))
                missing = missing.subtracted(region)
        return [part for part in parts if not part.region.isEmpty()]

    def _seen(self, level: int, wanted: int) -> QRegion:
        """Where a level was composed at some time, in whole pixels of another."""
        stored = self._levels[level]
        scale = QTransform.fromScale(2.0 ** (level - wanted), 2.0 ** (level - wanted))
        seen = QRegion(scale.mapRect(QRectF(stored.image.rect())).toAlignedRect())
        for rect in rects_of(stored.unseen):
            seen -= scale.mapRect(QRectF(rect)).toAlignedRect()
        return seen

    @property
    def area(self) -> QRect:
        """All of the document: (0, 0) and its size."""
        return self._document.rect

    def look_ahead(self, area: QRect) -> None:
        """From now on, `area` (document coordinates) is what `prepare` prepares."""
        self._ahead = islice(keys_in(area.intersected(self._document.rect)), AHEAD)

    def prepare(self, until: float) -> bool:
        """Put together what lies below the layer that is worked on, so that no stroke has to wait.

        Goes on until `until`, a time.perf_counter(), or a little longer; False once all is done.
        """
        for key in self._ahead:
            while self._mixer.prepare(self._current.items, key):
                if time.perf_counter() >= until:
                    self._ahead = chain((key,), self._ahead)
                    return True
        return False

    def unfinished(self, level: int, area: QRect) -> QRect:
        """What of `area` (document coordinates) is not right in this level's image; or empty."""
        if level not in self._levels:
            return area
        left = self._levels[level].dirty.intersected(halved(area, level)).boundingRect()
        return QRect(left.topLeft() * 2**level, left.size() * 2**level)

    def flatten(self, area: QRect | None = None, references: bool = True) -> QImage:
        """A copy of the document's pixels in `area`, at full size, as they are now.

        Without `area`, all of it; without `references`, as if there were no reference layers.
        """
        rect = self._document.rect if area is None else area
        if references or not any(layer.props.reference for layer in self._document.layers):
            return self._pixels(0, rect) or _blank(rect.size())
        scene = Scene.of(self._document, references=False)
        return _composed(scene, Mixer(budget=0), rect) or _blank(rect.size())

    def _spoil(self, rect: QRect) -> None:
        for level, each in self._levels.items():
            each.spoil(halved(rect, level))
        self.updated.emit(rect)

    @property
    def _current(self) -> Scene:
        if self._scene is None:
            self._scene = Scene.of(self._document)
        return self._scene

    def _forget_scene(self) -> None:
        self._scene = None

    def _refresh(self, level: int, stale: QRegion, until: float | None) -> None:
        stored = self._levels[level]
        box = stale.boundingRect()
        much = until is not None and box.width() * box.height() << 2 * level > 4 * PIECE**2
        side = max(1, (SMALL_PIECE if much else PIECE) >> level)
        for piece in stored.pieces(stale, side, much):
            self._redraw(level, stored.image, piece)
            stored.settle(QRegion(piece))
            stored.last = piece.topLeft()
            if until is not None and time.perf_counter() >= until:
                return

    def _redraw(self, level: int, image: QImage, rect: QRect) -> None:
        if level > 0:
            for part in bands(rect, TILE // 4):  # of whole tiles, but for the first level
                _replace(image, part, self._compute(level, part))
            return
        for key in keys_in(rect):
            part = tile_rect(key).intersected(rect)
            coats = self._mixer.coats(self._current.items, key, in_tile(part, key))
            if coats:
                lay_coats(image, tile_rect(key).topLeft(), in_tile(part, key), coats)
            else:
                _replace(image, part, None)

    def _pixels(self, level: int, rect: QRect) -> QImage | None:
        """A copy of this part of a level, or None where all is transparent.

        It is not written down for later: that would fill sizes that nobody looks at.
        """
        stored = self._levels.get(level)
        if stored is None or stored.dirty.intersects(rect):
            return self._compute(level, rect)
        return stored.image.copy(rect)

    def _compute(self, level: int, rect: QRect) -> QImage | None:
        """This part of a level made anew, or None where all is transparent."""
        if level == 0:
            return _composed(self._current, self._mixer, rect)
        under = QRect(rect.topLeft() * 2, rect.size() * 2)
        whole = QRect(QPoint(), _halved_size(self._document.size, level - 1))
        pixels = self._pixels(level - 1, under.intersected(whole))
        # scaled() divides by four; a painter's own scaling is faster, and off by up to three.
        return pixels and _padded(pixels, under.size()).scaled(
            rect.size(),
            Qt.AspectRatioMode.IgnoreAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )


def _composed(scene: Scene, mixer: Mixer, rect: QRect) -> QImage | None:
    """The scene within `rect`, or None where all is transparent."""
    parts = {key: in_tile(tile_rect(key).intersected(rect), key) for key in keys_in(rect)}
    coats = {key: mixer.coats(scene.items, key, part) for key, part in parts.items()}
    if not any(coats.values()):
        return None
    # Cleared only where that shows: it takes as long as to copy.
    image = QImage(rect.size(), TILE_FORMAT) if all(coats.values()) else _blank(rect.size())
    for key, part in parts.items():
        if coats[key]:
            lay_coats(image, tile_rect(key).topLeft() - rect.topLeft(), part, coats[key])
    return image


def _replace(image: QImage, rect: QRect, pixels: QImage | None) -> None:
    """None: with nothing."""
    with QPainter(image) as painter:
        painter.setCompositionMode(_SOURCE)
        if pixels is None:
            painter.fillRect(rect, Qt.GlobalColor.transparent)
        else:
            painter.drawImage(rect.topLeft(), pixels)


def _cut(rect: QRect, side: int) -> list[QRect]:
    """Along a grid of squares."""
    tops = range(rect.top() // side * side, rect.bottom() + 1, side)
    lefts = range(rect.left() // side * side, rect.right() + 1, side)
    return [QRect(left, top, side, side).intersected(rect) for top in tops for left in lefts]


def _blank(size: QSize) -> QImage:
    image = QImage(size, TILE_FORMAT)
    image.fill(0)
    return image


def _halved_size(size: QSize, times: int) -> QSize:
    return QSize(-(-size.width() >> times), -(-size.height() >> times))


def halved(rect: QRect, times: int) -> QRect:
    """The pixels of a level that have a share in `rect` of the document."""
    left, top = rect.left() >> times, rect.top() >> times
    return QRect(left, top, (rect.right() >> times) - left + 1, (rect.bottom() >> times) - top + 1)


def _padded(pixels: QImage, size: QSize) -> QImage:
    """As large as `size`, one pixel more at the most each way: the last row and column twice."""
    width, height = pixels.width(), pixels.height()
    if pixels.size() == size:
        return pixels
    padded = pixels.copy(QRect(QPoint(), size))
    with QPainter(padded) as painter:
        painter.setCompositionMode(_SOURCE)
        painter.drawImage(width, 0, padded.copy(width - 1, 0, 1, size.height()))
        painter.drawImage(0, height, padded.copy(0, height - 1, size.width(), 1))
    return padded
