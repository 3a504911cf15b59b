"""Right angles and mirrors, for a layer or the whole painting: every pixel stays as it is."""

from dataclasses import dataclass, replace

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize
from PySide6.QtGui import QTransform

from studio.core.picture import Size
from studio.paint.commands import Command, ResizeDocument, Steps
from studio.paint.document import Document
from studio.paint.frame import Frame
from studio.paint.guides import Guides
from studio.paint.layer import LayerId, walk, with_masks
from studio.paint.layering import relaid
from studio.paint.lift import bounds_of, parted
from studio.paint.selection import Selection
from studio.paint.surface import Mask
from studio.paint.tiles import Tiles, over


@dataclass(frozen=True, slots=True)
class Turn:
    """`quarters` right angles clockwise, 0 .. 3, of what is `mirrored` left to right first, if so.

    That is about the document's corner; then all goes `across` and `down`, document pixels.
    """

    quarters: int = 0
    mirrored: bool = False
    across: int = 0
    down: int = 0

    @property
    def transform(self) -> QTransform:
        """From document pixels to document pixels."""
        moved = QTransform.fromTranslate(self.across, self.down)
        return moved.rotate(90.0 * self.quarters).scale(-1.0 if self.mirrored else 1.0, 1.0)

    def onto(self, box: QRect, corner: QPoint) -> "Turn":
        """The same, shifted so that what lies in `box` comes to lie from `corner` on."""
        by = corner - self.rect(box).topLeft()
        return replace(self, across=self.across + by.x(), down=self.down + by.y())

    def in_place(self, box: QRect) -> "Turn":
        """The same about the middle of `box`.

        To the next pixel, where it falls between two: back and forth, so that nothing drifts.
        """
        size = self.rect(box).size()
        wider = box.width() > box.height()
        spare = box.size() - size
        x, y = ((side + wider) // 2 for side in (spare.width(), spare.height()))
        return self.onto(box, box.topLeft() + QPoint(x, y))

    def rect(self, rect: QRect) -> QRect:
        """Where the pixels of a rectangle come to lie."""
        return self.transform.mapRect(QRectF(rect)).toRect()

    def tiles(self, tiles: Tiles) -> Tiles:
        """The pixels where they come to lie."""
        return tiles.turned(self.quarters, self.mirrored).moved(QPoint(self.across, self.down))

    def selection(self, selection: Selection, area: QRect) -> Selection:
        """What is selected then; only inside `area`, document pixels."""
        return Selection.of_tiles(self.tiles(selection.as_tiles()), area)

    def guides(self, guides: Guides) -> Guides:
        """Where the lines come to lie."""
        transform = self.transform
        flat = tuple(transform.map(QPointF(0, line)).toPoint() for line in guides.across)
        steep = tuple(transform.map(QPointF(line, 0)).toPoint() for line in guides.down)
        if self.quarters % 2:
            flat, steep = steep, flat
        return Guides(tuple(at.y() for at in flat), tuple(at.x() for at in steep))

    def frame(self, frame: Frame) -> Frame:
        """Where it comes to lie."""
        rect = self.rect(frame.rect)
        return Frame(rect.x(), rect.y(), rect.width(), rect.height())


def turn_painting(document: Document, turn: Turn, label: str) -> Command:
    """Turn all layers, also what of them lies outside of the document, and its size with them.

    `turn` is one that brings the document's corner to where it was.
    """
    steps: list[Command] = []
    for each in with_masks(document.layers):
        steps += relaid(each, turn.tiles(each.tiles), turn.transform)
    old, new = document.size, turn.rect(document.rect).size()
    steps.append(ResizeDocument(_size(old), _size(new)))
    return Steps(label, tuple(steps))


def turn_layer(
    document: Document, layer: LayerId, mask: Mask | None, turn: Turn, label: str
) -> tuple[Command, Turn] | None:
    """Turn what of a layer or group lies under `mask` (None: all) about its own middle.

    Masks that hang on it go along, and nothing is cut off at the document's edges. With the step
    comes the turn as it was done; None if there is nothing to turn. Raises KeyError without such a
    layer.
    """
    parts = [(each, parted(each.tiles, mask)) for each in with_masks(walk([document.layer(layer)]))]
    box = QRect()
    for _, (taken, _) in parts:
        box = box.united(bounds_of(taken.keys(), taken.get))
    if box.isNull():
        return None
    done = turn.in_place(box)
    steps: list[Command] = []
    for each, (taken, rest) in parts:
        steps += relaid(each, over(rest, done.tiles(taken)), done.transform)
    return Steps(label, tuple(steps)), done


def _size(size: QSize) -> Size:
    return Size(size.width(), size.height())
