"""One pen-down to pen-up on one layer."""

import math
from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QImage, QPainter

from studio.paint.brush import Brush
from studio.paint.commands import PaintStroke
from studio.paint.document import Document
from studio.paint.layer import LayerId
from studio.paint.path import DabPath, PathPoint
from studio.paint.tiles import TILE, TileKey, blank_tile, in_tile, keys_in, tile_rect
from studio.paint.tip import COVERAGE_FORMAT, BrushTip, split_coverage

_FAR = 1e7  # pixels; beyond, the path's arithmetic would lose its half pixels
_MODE = QPainter.CompositionMode
_Stamp = tuple[QPoint, QImage, float]  # where, what, and how opaque


class Stroke:
    """Paints on a layer as points come in; every add() shows at once.

    Dabs gather in 16-bit coverage tiles of the stroke's own; these are laid over the layer as it
    was before, at the brush's opacity. Only points within the document's reach leave anything.
    The layer must not be changed otherwise while the stroke lasts: end it before undoing.
    Raises KeyError if the document has no such layer.
    """

    def __init__(self, document: Document, layer: LayerId, brush: Brush) -> None:
        self._document = document
        self._layer = document.layer(layer)
        self._brush = brush
        self._tip = BrushTip(brush)
        reach = brush.size
        area = QRectF(document.rect).adjusted(-reach, -reach, reach, reach)
        self._path = DabPath(brush.step, area)
        self._first: PathPoint | None = None
        self._tap: PathPoint | None = None  # as long as the first dab is the only one
        self._coverage: dict[TileKey, QImage] = {}
        self._before: dict[TileKey, QImage | None] = {}
        self._over = False

    def add(self, x: float, y: float, pressure: float = 1.0) -> None:
        """Carry the stroke on to (x, y), in document pixels, at a pressure of 0 .. 1.

        A point that is no number is left out, a pressure that is none counts as 1. Nothing
        happens once the stroke is over or its layer is gone.
        """
        if self._over or not self._in_document or not (math.isfinite(x) and math.isfinite(y)):
            return
        pressure = 1.0 if math.isnan(pressure) else min(1.0, max(0.0, pressure))
        point = PathPoint(min(_FAR, max(-_FAR, x)), min(_FAR, max(-_FAR, y)), pressure)
        if self._first is None:
            self._first = point
            dabs = self._path.add(point)
            self._tap = dabs[0] if dabs else None
            self._lay(dabs, self._brush.tap_coverage)
        else:
            self._follow(self._path.add(point), pressure)

    def end(self) -> PaintStroke | None:
        """Finish the path. The command is applied already: give it to `UndoStack.push_done`.

        None if nothing was painted, or if the layer is gone.
        """
        if self._over:
            return None
        if not self._in_document:
            self.cancel()
            return None
        self._follow(self._path.end(), 0.0)
        self._over = True
        if not self._before:
            return None
        after = {key: self._layer.tiles.get(key) for key in self._before}
        label = "Erase" if self._brush.eraser else "Paint"
        return PaintStroke(self._layer.id, self._before, after, label)

    def cancel(self) -> None:
        """Put the pixels back as they were, and be over."""
        if self._over:
            return
        self._over = True
        if self._in_document:
            self._document.swap_tiles(self._layer.id, self._before)
        else:
            # Undo may bring the layer back: without half a stroke that nothing could undo.
            self._layer.tiles.swap(self._before)

    @property
    def _in_document(self) -> bool:
        return any(layer is self._layer for layer in self._document.layers)

    def _follow(self, dabs: list[PathPoint], pressure: float) -> None:
        """Add dabs behind the first one, which until then was as strong as a whole stroke."""
        if self._tap is None:
            self._lay(dabs, self._brush.dab_coverage)
        elif dabs and self._first is not None:
            wiped = self._wipe(self._tap)
            self._tap = None
            self._lay([self._first, *dabs], self._brush.dab_coverage, wiped)
        elif pressure > self._tap.pressure:
            wiped = self._wipe(self._tap)
            self._tap = replace(self._tap, pressure=pressure)
            self._lay([self._tap], self._brush.tap_coverage, wiped)

    def _wipe(self, tap: PathPoint) -> QRect | None:
        if not self._coverage:
            return None
        self._coverage.clear()
        place, image, _ = self._stamp(tap, 1.0)
        return QRect(place, image.size())

    def _stamp(self, dab: PathPoint, coverage: float) -> _Stamp:
        faintness, opacity = split_coverage(coverage)
        diameter = self._brush.diameter(dab.pressure)
        return *self._tip.stamp(dab.x, dab.y, diameter, faintness), opacity

    def _lay(
        self,
        dabs: list[PathPoint],
        coverage: Callable[[float], float],
        wiped: QRect | None = None,
    ) -> None:
        """Stamp dabs onto the coverage and show them; `wiped` must be shown anew, too."""
        stamps: dict[TileKey, list[_Stamp]] = {}
        dirty: dict[TileKey, QRect] = {}
        if wiped is not None:
            dirty = dict.fromkeys(self._reached_by(wiped), wiped)
        for dab in dabs:
            if (covers := coverage(dab.pressure)) <= 0.0:
                continue
            stamp = self._stamp(dab, covers)
            rect = QRect(stamp[0], stamp[1].size())
            for key in self._reached_by(rect):
                stamps.setdefault(key, []).append(stamp)
                dirty[key] = dirty.get(key, QRect()).united(rect)
        for key, each in stamps.items():
            self._cover(key, each)
        self._show(dirty)

    def _reached_by(self, rect: QRect) -> list[TileKey]:
        """The tiles in the document that a dab there would change."""
        keys = keys_in(rect.intersected(self._document.rect))
        if not self._brush.eraser:
            return list(keys)
        return [key for key in keys if self._layer.tiles.get(key) is not None]

    def _cover(self, key: TileKey, stamps: list[_Stamp]) -> None:
        coverage = self._coverage.get(key)
        if coverage is None:
            coverage = self._coverage[key] = QImage(TILE, TILE, COVERAGE_FORMAT)
            coverage.fill(0)
        corner = QPoint(key[0] * TILE, key[1] * TILE)
        with QPainter(coverage) as painter:
            for place, image, opacity in stamps:
                painter.setOpacity(opacity)
                painter.drawImage(place - corner, image)

    def _show(self, dirty: dict[TileKey, QRect]) -> None:
        tiles: dict[TileKey, QImage | None] = {}
        touched = []
        for key, rect in dirty.items():
            part = rect.intersected(tile_rect(key)).intersected(self._document.rect)
            touched.append(part)
            tiles[key] = self._composite(key, part)
        if tiles:
            self._document.swap_tiles(self._layer.id, tiles, touched)

    def _composite(self, key: TileKey, rect: QRect) -> QImage:
        """A new tile that has, in `rect`, the coverage over what was there before."""
        now = self._layer.tiles.get(key)
        before = self._before.setdefault(key, now)
        # The painter detaches this copy; `now` keeps its pixels, for whoever else holds it.
        tile = QImage(now) if now is not None else blank_tile()
        with QPainter(tile) as painter:
            # Clipped, for Qt rounds otherwise where the part of an image is a single pixel.
            painter.setClipRect(in_tile(rect, key))
            painter.setCompositionMode(_MODE.CompositionMode_Source)
            if before is None:
                painter.fillRect(tile.rect(), Qt.GlobalColor.transparent)
            else:
                painter.drawImage(0, 0, before)
            coverage = self._coverage.get(key)
            if coverage is not None:
                erases = self._brush.eraser
                painter.setCompositionMode(
                    _MODE.CompositionMode_DestinationOut
                    if erases
                    else _MODE.CompositionMode_SourceOver
                )
                painter.setOpacity(self._brush.opacity)
                painter.drawImage(0, 0, coverage)
        return tile
