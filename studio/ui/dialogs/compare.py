"""Two pictures in one frame, with a line to draw across them."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QDialog, QLabel, QVBoxLayout, QWidget

from studio.ui import palette
from studio.ui.dialogs.zoom import MARGIN, ZoomPane

_NEAR = 12  # pixels from the line, within which it is taken
_STEP = 0.05  # of the width, for keys


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two pictures and what it is called."""

    image: QImage
    name: str


class ComparePane(ZoomPane):
    """Left of the line is the first picture, right of it the second, both at one zoom.

    A smaller picture is shown as large as the other; their shapes stay. Dragging moves the line or,
    away from it, the pictures.
    """

    def __init__(self, first: Side, second: Side) -> None:
        width = max(first.image.width(), second.image.width())
        height = max(first.image.height(), second.image.height())
        super().__init__(QSizeF(width, height))
        self._sides = (first, second)
        self._split = 0.5  # of the pane's width
        self._has_line = False  # whether the line is being dragged
        self.setMouseTracking(True)
        self.setAccessibleName("Comparison")
        self.setAccessibleDescription(f"{first.name} on the left, {second.name} on the right")

    @property
    def split(self) -> float:
        """Where the line is, as a share of the width."""
        return self._split

    def move_split(self, to: float) -> None:
        """Put the line there, as a share of the width."""
        self._split = min(1.0, max(0.0, to))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw each picture on its side of the line."""
        line = self._split * self.width()
        place = self.place
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), QColor(palette.PASTEBOARD))
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self.scale < 2)
            for side, left, right in (
                (self._sides[0], 0.0, line),
                (self._sides[1], line, float(self.width())),
            ):
                painter.setClipRect(QRectF(left, 0, right - left, self.height()))
                painter.drawImage(_fitted(side.image, place), side.image)
            painter.setClipping(False)
            self._draw_line(painter, line)

    def _draw_line(self, painter: QPainter, line: float) -> None:
        painter.setPen(QPen(QColor(palette.ACCENT), 2))
        painter.drawLine(QPointF(line, 0), QPointF(line, self.height()))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(QColor(palette.ACCENT))
        painter.drawEllipse(QPointF(line, self.height() / 2), 7, 7)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        foot = self.rect().adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN)
        bottom = Qt.AlignmentFlag.AlignBottom
        for side, where in zip(
            self._sides, (Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight), strict=True
        ):
            box = painter.boundingRect(foot, bottom | where, side.name)
            painter.fillRect(box.adjusted(-4, -2, 4, 2), QColor(20, 19, 18, 190))
            painter.setPen(QColor(palette.TEXT))
            painter.drawText(foot, bottom | where, side.name)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take the line, or the pictures."""
        self._has_line = self._is_near(event.position())
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move what was taken."""
        point = event.position()
        if self._has_line:
            self.move_split(point.x() / max(1, self.width()))
            return
        if not event.buttons():
            near = self._is_near(point)
            self.setCursor(Qt.CursorShape.SplitHCursor if near else Qt.CursorShape.OpenHandCursor)
        super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        self._has_line = False
        super().mouseReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and Right move the line, Home and End show one picture."""
        match Qt.Key(event.key()):
            case Qt.Key.Key_Left:
                self.move_split(self._split - _STEP)
            case Qt.Key.Key_Right:
                self.move_split(self._split + _STEP)
            case Qt.Key.Key_Home:
                self.move_split(0.0)
            case Qt.Key.Key_End:
                self.move_split(1.0)
            case _:
                super().keyPressEvent(event)

    def _is_near(self, point: QPointF) -> bool:
        return abs(point.x() - self._split * self.width()) <= _NEAR


def _fitted(image: QImage, place: QRectF) -> QRectF:
    """The largest rectangle of its shape in the middle of a place."""
    size = QSizeF(image.size()).scaled(place.size(), Qt.AspectRatioMode.KeepAspectRatio)
    fitted = QRectF(QPointF(), size)
    fitted.moveCenter(place.center())
    return fitted


class CompareDialog(QDialog):
    """A ComparePane, and below it what is different: a name, the first's value, the second's."""

    def __init__(
        self,
        parent: QWidget,
        first: Side,
        second: Side,
        differences: Sequence[tuple[str, str, str]],
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Compare two pictures")
        self.pane = ComparePane(first, second)
        self.differences = list(differences)
        words = "\n".join(f"{name}: {one} | {other}" for name, one, other in differences)
        told = QLabel(words or "Made with the same settings.", wordWrap=True)
        told.setTextFormat(Qt.TextFormat.PlainText)
        told.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        told.setContentsMargins(10, 6, 10, 8)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.pane, 1)
        layout.addWidget(told)
        self.pane.setFocus()
