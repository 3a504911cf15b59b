"""A pane that shows one picture of the gallery as large as there is room, or larger."""

from dataclasses import dataclass

from PySide6.QtCore import QSizeF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent

from studio.ui import palette
from studio.ui.dialogs.zoom import MARGIN, ZoomPane

_SMALL = 1024
"""Pixels of a side below which an image is shown smaller without loss to speak of."""


@dataclass(frozen=True, slots=True)
class Large:
    """A picture as it is, or why it cannot be shown."""

    id: int
    images: tuple[QImage, ...] = ()  # each half as large as the one before it
    trouble: str = ""  # a sentence, where there are none


def halvings(image: QImage) -> tuple[QImage, ...]:
    """An image and smaller ones of it, so that it looks well from afar, too. Safe on any thread."""
    images = [image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)]
    while max(images[-1].width(), images[-1].height()) > _SMALL:
        half = images[-1].size() / 2
        how = Qt.TransformationMode.SmoothTransformation
        images.append(images[-1].scaled(half, Qt.AspectRatioMode.IgnoreAspectRatio, how))
    return tuple(images)


class LargePane(ZoomPane):
    """Shows it; at twice its size and beyond, each of its pixels."""

    def __init__(self) -> None:
        super().__init__(QSizeF(1, 1))
        self._large: Large | None = None
        self.setCursor(Qt.CursorShape.OpenHandCursor)

    def show_large(self, large: Large) -> None:
        """Show this one; if it is of the same size as the last, the same part of it."""
        self._large = large
        if large.images:
            self.resize_content(QSizeF(large.images[0].size()))
        self.setAccessibleDescription(large.trouble)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the picture, or the sentence."""
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), QColor(palette.PASTEBOARD))
            if self._large is None:
                return
            if not self._large.images:
                painter.setPen(QColor(palette.TEXT))
                inside = self.rect().adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN)
                how = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
                painter.drawText(inside, how, self._large.trouble)
                return
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self.scale < 2)
            image = _sharpest(self._large.images, self.scale * self.devicePixelRatioF())
            painter.drawImage(self.place, image, image.rect().toRectF())


def _sharpest(images: tuple[QImage, ...], scale: float) -> QImage:
    """The smallest that still has a pixel for each of the screen's."""
    enough = [image for image in images if image.width() >= images[0].width() * scale]
    return enough[-1] if enough else images[0]
