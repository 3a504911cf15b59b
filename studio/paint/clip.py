"""What is copied or cut out of a painting, and where it goes when it comes back."""

from dataclasses import dataclass, replace
from typing import Self

from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QImage

from studio.core.errors import UserError
from studio.paint.canvas import Canvas
from studio.paint.commands import PaintStroke
from studio.paint.layer import Layer, LayerProps, any_generated
from studio.paint.layering import rendered
from studio.paint.lift import IN, OUT, cut_by
from studio.paint.noise import MASK_FORMAT
from studio.paint.selection import Selection, used_part
from studio.paint.snapshot import Sheet, Snapshot, sheet_of, shows_generated
from studio.paint.tiles import TILE, TileKey, Tiles, in_tile, tile_rect


@dataclass(frozen=True, slots=True)
class Clip:
    """Pixels, at the places (document pixels) where they lay; `bounds` is close around them.

    `generated`: a model had a part in them.
    """

    tiles: Tiles
    bounds: QRect
    generated: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """What is to be copied, as it was at one moment; `clip` may be called on any thread."""

    tiles: Tiles | None  # None: what the sheets show together
    sheets: tuple[Sheet, ...]
    mask: Selection | None  # None: everything
    paper: QRect

    @classmethod
    def of_layer(cls, canvas: Canvas) -> Self:
        """What is selected of the active layer, group or mask. Raises UserError without one."""
        layer = canvas.document.active
        if layer is None:
            raise UserError("There is no layer to copy from.", "Add one first.")
        props = LayerProps(name="", generated=any_generated((layer,)))
        sheet = replace(sheet_of(layer), props=props, mask=None)
        tiles = None if layer.is_group else sheet.tiles
        return cls(tiles, (sheet,), canvas.selection.value, canvas.document.rect)

    @classmethod
    def of_all(cls, canvas: Canvas) -> Self:
        """What is selected of the whole painting, as the eye sees it."""
        sheets = Snapshot.of(canvas.document).sheets
        return cls(None, sheets, canvas.selection.value, canvas.document.rect)

    @property
    def blank(self) -> bool:
        """Whether it is clear at once that there is nothing to copy."""
        mask, keys = self.mask, () if self.tiles is None else self.tiles.keys()
        found = any(mask is None or mask.tile(key) is not None for key in keys)
        return self.tiles is not None and not found

    def clip(self) -> Clip | None:
        """The pixels; None if all of them are transparent."""
        tiles = rendered(self.sheets) if self.tiles is None else self.tiles
        kept: dict[TileKey, QImage] = {}
        bounds = QRect()
        for key in tiles.keys():  # noqa: SIM118
            tile = self._part(tiles, key)
            used = QRect() if tile is None else used_part(tile, key)
            if tile is not None and not used.isNull():
                kept[key] = tile
                bounds = bounds.united(used)
        found = Tiles()
        found.swap(kept)
        return Clip(found, bounds, shows_generated(self.sheets)) if kept else None

    def _part(self, tiles: Tiles, key: TileKey) -> QImage | None:
        """What of a tile is selected and on the paper."""
        tile, inside = tiles.get(key), tile_rect(key).intersected(self.paper)
        cover = None if self.mask is None else self.mask.tile(key)
        if tile is None or inside.isEmpty() or (self.mask is not None and cover is None):
            return None
        if inside != tile_rect(key):
            part = in_tile(inside, key)
            tile = tile.copy(part).copy(QRect(QPoint() - part.topLeft(), tile.size()))
        return tile if cover is None else cut_by(tile, cover, IN)


def erased(layer: Layer, mask: Selection | None, label: str) -> PaintStroke | None:
    """The step that takes away what is selected of a layer; None if there is nothing."""
    full = QImage(TILE, TILE, MASK_FORMAT)
    full.fill(255)
    before: dict[TileKey, QImage | None] = {}
    after: dict[TileKey, QImage | None] = {}
    for key in tuple(layer.tiles.keys()):
        tile, cover = layer.tiles.get(key), full if mask is None else mask.tile(key)
        if tile is None or cover is None:
            continue
        left = None if cover == full else cut_by(tile, cover, OUT)
        if left != tile:
            before[key], after[key] = tile, left
    return PaintStroke(layer.id, before, after, label) if after else None


def place_for(bounds: QRect, seen: QRect, paper: QRect) -> QPoint:
    """Where the top left pixel of something goes, so that it can be seen.

    `bounds` is where it lay, `seen` what the view shows; all are document pixels. What can be seen
    there stays there; all else comes into the middle of what is seen, and fully onto the paper, if
    it fits.
    """
    visible = seen.intersected(paper)
    if bounds.intersects(visible):
        return bounds.topLeft()
    rect = QRect(bounds)
    rect.moveCenter((paper if visible.isEmpty() else visible).center())
    left = max(0, min(rect.left(), paper.width() - rect.width()))
    top = max(0, min(rect.top(), paper.height() - rect.height()))
    return QPoint(left, top)
