"""A layer while a stroke lies on it: what was there before, and what shows now."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QImage, QPainter

from studio.paint.blend import replace_tile
from studio.paint.brush import Blend
from studio.paint.commands import PaintStroke
from studio.paint.document import Document
from studio.paint.layer import Layer
from studio.paint.spares import Spares
from studio.paint.tiles import TileKey, in_tile, keys_in, tile_rect
from studio.paint.tip import BrushTip

MODE = QPainter.CompositionMode

_LABELS = {Blend.PAINT: "Paint", Blend.ERASE: "Erase", Blend.SMUDGE: "Smudge"}


class Dab(NamedTuple):
    """A place in document pixels, what the pen said there, and which of a tip's kinds to use.

    `image` counts the images of a symmetry. The tip lies turned by `turn` degrees clockwise, and
    then mirrored: left and right, top and bottom.
    """

    x: float
    y: float
    pressure: float
    tilt: float = 0.0
    variant: int = 0
    image: int = 0
    turn: float = 0.0
    mirrored: tuple[bool, bool] = (False, False)


class Mask(Protocol):
    """Where strokes may leave anything."""

    def tile(self, key: TileKey) -> QImage | None:
        """An image of TILE x TILE with alpha; None where nothing may be changed."""
        ...


@dataclass(frozen=True, slots=True)
class Easel:
    """What a stroke works with. Where it may leave anything, `mask` says (None: everywhere)."""

    document: Document
    layer: Layer
    tip: BrushTip
    mask: Mask | None
    spares: Spares


class Surface(ABC):
    """Shows a stroke on a layer as dabs come in. The layer must not change otherwise meanwhile."""

    def __init__(self, easel: Easel) -> None:
        self._document = easel.document
        self._layer = easel.layer
        self._tip = easel.tip
        self._brush = easel.tip.brush
        self._mask = easel.mask
        self._spares = easel.spares
        self._before: dict[TileKey, QImage | None] = {}

    @abstractmethod
    def begin(self, dabs: list[Dab]) -> None:
        """The dabs of the first touch."""

    @abstractmethod
    def follow(self, dabs: list[Dab], pressure: float) -> None:
        """The dabs after it, maybe none; `pressure` is what the pen says now."""

    def command(self) -> PaintStroke | None:
        """The stroke as a step that is done already; None if nothing was changed."""
        if not self._before:
            return None
        after = {key: self._layer.tiles.get(key) for key in self._before}
        return PaintStroke(self._layer.id, self._before, after, _LABELS[self._brush.blend])

    def restore(self) -> None:
        """Put the pixels back as they were."""
        if self.in_document:
            self._document.swap_tiles(self._layer.id, self._before)
        else:
            # Undo may bring the layer back: without half a stroke that nothing could undo.
            self._layer.tiles.swap(self._before)

    @property
    def in_document(self) -> bool:
        """Whether the layer is still there."""
        try:
            return self._document.layer(self._layer.id) is self._layer
        except KeyError:
            return False

    @property
    def _keeps_alpha(self) -> bool:
        return self._layer.alpha_locked

    @abstractmethod
    def _blend(self, painter: QPainter, key: TileKey, part: QRect) -> None:
        """Lay the stroke over a tile; `part` is in the tile's coordinates, as the painter is."""

    def _reached_by(self, rect: QRect) -> Iterable[TileKey]:
        """The tiles in the document that a dab there would change."""
        keys = keys_in(rect.intersected(self._document.rect))
        if self._brush.blend is Blend.ERASE or self._keeps_alpha:
            keys = (key for key in keys if self._layer.tiles.get(key) is not None)
        if self._mask is not None:
            mask = self._mask
            keys = (key for key in keys if mask.tile(key) is not None)
        return keys

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
        """A new tile that has, in `rect`, the stroke over what was there before."""
        now = self._layer.tiles.get(key)
        if now is not None and key in self._before:
            # The painter detaches this copy; `now` keeps its pixels, for whoever else holds it.
            tile = QImage(now)
        else:
            tile = self._spares.tile()
            if now is not None:
                replace_tile(tile, now, tile.rect())
        before = self._before.setdefault(key, now)
        part = in_tile(rect, key)
        with QPainter(tile) as painter:
            # Clipped, for Qt rounds otherwise where the part of an image is a single pixel.
            painter.setClipRect(part)
            painter.setCompositionMode(MODE.CompositionMode_Source)
            if before is None:
                painter.fillRect(part, Qt.GlobalColor.transparent)
            else:
                painter.drawImage(0, 0, before)
            self._blend(painter, key, part)
        return tile
