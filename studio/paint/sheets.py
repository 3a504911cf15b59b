"""What lies beside the layers: the selection, and the map of where the model may paint."""

from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QColor, QImage, QPainter

from studio.core.observed import Observed
from studio.core.picture import Size, StrengthMap
from studio.paint.commands import Command
from studio.paint.document import Document
from studio.paint.layer import Layer
from studio.paint.selection import Selection

TINT = QColor(222, 60, 90)
"""How strength is shown; its alpha is the strength."""


class StrengthSheet:
    """A painted map: where its one layer is opaque, the model may change the picture fully."""

    def __init__(self, size: Size) -> None:
        self.document = Document(size)
        self.document.insert_layer(0, self.document.new_layer("Strength"))

    @property
    def layer(self) -> Layer:
        """The layer that is painted on."""
        return self.document.layers[0]

    @property
    def blank(self) -> bool:
        """Whether nothing is painted: then the model may change everything."""
        return not self.layer.tiles.keys()

    def within(self, frame: QRect) -> StrengthMap | None:
        """The map inside `frame` (document pixels); None if it is blank."""
        if self.blank:
            return None
        image = QImage(frame.size(), QImage.Format.Format_ARGB32_Premultiplied)
        image.fill(0)
        with QPainter(image) as painter:
            painter.translate(QPoint() - frame.topLeft())
            self.layer.tiles.draw(painter, frame)
        size = Size(frame.width(), frame.height())
        return StrengthMap(size, bytes(image.constBits())[3::4])


@dataclass(frozen=True, slots=True)
class OnSheet:
    """A step of another document, in the history of this one."""

    sheet: Document
    command: Command

    @property
    def label(self) -> str:
        """What the step did."""
        return f"{self.command.label} strength"

    @property
    def cost(self) -> int:
        """The bytes of pixels it keeps alive."""
        return self.command.cost

    def redo(self, document: Document) -> None:
        """Make the change there."""
        self.command.redo(self.sheet)

    def undo(self, document: Document) -> None:
        """Take it back there."""
        self.command.undo(self.sheet)


@dataclass(frozen=True, slots=True)
class Select:
    """Replaces the selection; None selects everything."""

    selected: Observed[Selection | None]
    before: Selection | None
    after: Selection | None
    label: str = "Select"
    cost: int = 0

    def redo(self, document: Document) -> None:
        """Select the new."""
        self.selected.set(self.after)

    def undo(self, document: Document) -> None:
        """Select the old."""
        self.selected.set(self.before)
