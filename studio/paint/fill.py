"""A bucket of colour: found and painted beside the window, then shown at once."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from PySide6.QtCore import QPoint, QRect, QSize
from PySide6.QtGui import QColor, QImage

from studio.paint.canvas import Canvas
from studio.paint.commands import PaintStroke
from studio.paint.document import Document
from studio.paint.lay import lay
from studio.paint.layer import LayerId, LayerProps
from studio.paint.packing import unpacked
from studio.paint.region import Likeness, region_like
from studio.paint.selection import Combine, Selection
from studio.paint.snapshot import Sheet, Snapshot, layer_from, sheet_of
from studio.paint.tiles import TileKey, tile_rect

_LABEL = "Fill"


@dataclass(frozen=True, slots=True)
class Look:
    """A place on a painting as it was, and what counts as one region there."""

    snapshot: Snapshot
    seed: QPoint
    likeness: Likeness

    @classmethod
    def at(cls, canvas: Canvas, seed: QPoint, likeness: Likeness) -> "Look | None":
        """The painting as it is now; None where there is no pixel. UI thread only."""
        document = canvas.document
        if not document.rect.contains(seed):
            return None
        snapshot = Snapshot.of(document)
        if not likeness.all_layers and document.active is not None:
            alone = Sheet(props=LayerProps(name=""), tiles=document.active.tiles.copy())
            snapshot = replace(snapshot, sheets=(alone,), active=None)
        return cls(snapshot, seed, likeness)

    def region(self) -> Selection:
        """What belongs to that place. On any thread."""
        size = QSize(self.snapshot.size.width, self.snapshot.size.height)
        pixels = self.snapshot.canvas().compositor.flatten
        return region_like(pixels, size, self.seed, self.likeness)


@dataclass(frozen=True, slots=True)
class Poured:
    """A region in colour, as it looks on the layer as that was."""

    layer: LayerId
    colour: QColor
    region: Selection
    stroke: PaintStroke


@dataclass(frozen=True, slots=True)
class Bucket:
    """What is to be filled on a layer, with what colour (its alpha counts), and where at most."""

    look: Look
    layer: LayerId
    sheet: Sheet
    colour: QColor
    within: Selection | None

    @classmethod
    def over(cls, look: Look, canvas: Canvas, layer: LayerId, colour: QColor) -> "Bucket":
        """The layer and the selection as they are now. UI thread only."""
        sheet = sheet_of(canvas.document.layer(layer))
        return cls(look, layer, sheet, colour, canvas.selection.value)

    def pour(self) -> Poured | None:
        """Find the region and fill it; None if that leaves the layer as it is. On any thread."""
        region = self.look.region()
        if self.within is not None:
            region = region.combined(self.within, Combine.INTERSECT)
        document = Document(self.look.snapshot.size)
        layer = layer_from(document, self.sheet)
        document.insert_layer(0, layer)
        stroke = _laid(document, layer.id, region, self.colour)
        if stroke is None:
            return None
        return Poured(self.layer, self.colour, region, replace(stroke, layer=self.layer))


def show_poured(canvas: Canvas, poured: Poured) -> None:
    """Put it on the layer as one step; where that has changed since, over what is there now.

    Nothing happens if the layer is gone or may not be painted on any more. UI thread only.
    """
    document = canvas.document
    if not document.has(poured.layer) or document.is_locked(poured.layer):
        return
    tiles = document.layer(poured.layer).tiles
    before, after = dict(poured.stroke.before), dict(poured.stroke.after)
    changed = {key for key in before if tiles.get(key) is not before[key]}
    as_it_was = {key: tile for key, tile in unpacked(after).items() if key not in changed}
    _swap(document, poured.layer, as_it_was)
    for key in changed:
        del before[key], after[key]
    again = Selection({key: poured.region.tiles[key] for key in changed})
    stroke = _laid(document, poured.layer, again, poured.colour)
    if stroke is not None:
        before.update(stroke.before)
        after.update(stroke.after)
    if after:
        canvas.undo.push_done(PaintStroke(poured.layer, before, after, _LABEL))


def _laid(
    document: Document, layer: LayerId, region: Selection, colour: QColor
) -> PaintStroke | None:
    rect = document.rect
    return lay(
        document,
        document.layer(layer),
        rect,
        lambda painter: painter.fillRect(rect, colour),
        _LABEL,
        region,
    )


def _swap(document: Document, layer: LayerId, tiles: Mapping[TileKey, QImage | None]) -> None:
    """Told of as one area: hundreds of tiles are many things to hear of."""
    touched = QRect()
    for key in tiles:
        touched = touched.united(tile_rect(key))
    document.swap_tiles(layer, tiles, [touched])
