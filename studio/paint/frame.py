"""The generation frame: the part of a painting that the model sees and paints."""

from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRect, QSize, Qt

from studio.core.observed import Observed
from studio.core.picture import Size
from studio.paint.document import Document

MIN_SIDE = 16
"""Pixels: smaller frames are taken for a slip of the hand."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A rectangle in document pixels. Raises ValueError where a side is below MIN_SIDE."""

    x: int
    y: int
    width: int
    height: int

    def __post_init__(self) -> None:
        if min(self.width, self.height) < MIN_SIDE:
            raise ValueError(f"a frame of {self.width}x{self.height} is too small")

    @classmethod
    def of(cls, rect: QRect, paper: QRect) -> "Frame | None":
        """What of a rectangle lies on the paper (both document pixels); None if too little does."""
        inside = rect.intersected(paper)
        if min(inside.width(), inside.height()) < MIN_SIDE:
            return None
        return cls(inside.x(), inside.y(), inside.width(), inside.height())

    def seen_from(self, crop: QRect) -> "Frame | None":
        """The same pixels on a painting that is cut to `crop`; None if too few are left."""
        return Frame.of(self.rect.translated(-crop.topLeft()), QRect(QPoint(), crop.size()))

    @property
    def rect(self) -> QRect:
        """The same as Qt has it."""
        return QRect(self.x, self.y, self.width, self.height)

    @property
    def size(self) -> Size:
        """Its width and height in document pixels."""
        return Size(self.width, self.height)


def centred(outer: QRect, shape: Size) -> QRect:
    """The largest rectangle in the shape of `shape`, within a pixel, in the middle of another."""
    size = QSize(shape.width, shape.height).scaled(outer.size(), Qt.AspectRatioMode.KeepAspectRatio)
    size = size.expandedTo(QSize(1, 1))
    inner = QRect(outer.topLeft(), size)
    inner.translate((outer.width() - size.width()) // 2, (outer.height() - size.height()) // 2)
    return inner


@dataclass(frozen=True, slots=True)
class SetFrame:
    """Replaces the frame; None: the whole painting."""

    frame: Observed[Frame | None]
    before: Frame | None
    after: Frame | None
    label: str = "Change the frame"
    cost: int = 0

    def redo(self, document: Document) -> None:
        """Take the new one."""
        self.frame.set(self.after)

    def undo(self, document: Document) -> None:
        """Take the old one."""
        self.frame.set(self.before)
