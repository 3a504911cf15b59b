"""Two pictures in one frame, with a line to draw across them."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QDialog, QLabel, QSizePolicy, QVBoxLayout, QWidget

from studio.ui import palette

_NEAR = 12  # pixels from the line, within which it is taken
_NOTCH = 120  # of a wheel
_STEP = 0.05  # of the width, for keys
_MOST = 32.0  # pixels of the window for one of the picture
_MARGIN = 8


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two pictures and what it is called."""

    image: QImage
    name: str


class ComparePane(QWidget):
    """Left of the line is the first picture, right of it the second, both at one zoom.

    A smaller picture is shown as large as the other; their shapes stay. The wheel zooms; dragging
    moves the line or, away from it, the pictures.
    """

    def __init__(self, first: Side, second: Side) -> None:
        super().__init__()
        self._sides = (first, second)
        width = max(first.image.width(), second.image.width())
        height = max(first.image.height(), second.image.height())
        self._size = QSizeF(width, height)
        self._scale = 1.0
        self._middle = QPointF(width / 2, height / 2)  # of the pictures, in the pane's middle
        self._split = 0.5  # of the pane's width
        self._fitted = True
        self._drag: tuple[bool, QPointF] | None = None  # whether it is the line's; from where
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Comparison")
        self.setAccessibleDescription(f"{first.name} on the left, {second.name} on the right")

    @property
    def split(self) -> float:
        """Where the line is, as a share of the width."""
        return self._split

    @property
    def scale(self) -> float:
        """Pixels of the window for one of the larger picture."""
        return self._scale

    def sizeHint(self) -> QSize:
        """A good part of a screen."""
        return QSize(900, 620)

    def fit(self) -> None:
        """Show the pictures whole."""
        self._fitted = True
        room = QSizeF(self.width() - 2 * _MARGIN, self.height() - 2 * _MARGIN)
        self._scale = min(
            room.width() / self._size.width(), room.height() / self._size.height(), _MOST
        )
        self._scale = max(self._scale, 0.01)
        self._middle = QPointF(self._size.width() / 2, self._size.height() / 2)
        self.update()

    def zoom(self, factor: float, at: QPointF) -> None:
        """Larger or smaller, around a point of the pane that stays where it is."""
        self._fitted = False
        before = self._to_picture(at)
        self._scale = min(_MOST, max(0.02, self._scale * factor))
        self._middle += before - self._to_picture(at)
        self.update()

    def move_split(self, to: float) -> None:
        """Put the line there, as a share of the width."""
        self._split = min(1.0, max(0.0, to))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw each picture on its side of the line."""
        line = self._split * self.width()
        corner = self._from_picture(QPointF())
        place = QRectF(corner, self._size * self._scale)
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), QColor(palette.PASTEBOARD))
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self._scale < 2)
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
        foot = self.rect().adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN)
        bottom = Qt.AlignmentFlag.AlignBottom
        for side, where in zip(
            self._sides, (Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight), strict=True
        ):
            box = painter.boundingRect(foot, bottom | where, side.name)
            painter.fillRect(box.adjusted(-4, -2, 4, 2), QColor(20, 19, 18, 190))
            painter.setPen(QColor(palette.TEXT))
            painter.drawText(foot, bottom | where, side.name)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """What was shown whole stays so."""
        if self._fitted:
            self.fit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom."""
        self.zoom(1.25 ** (event.angleDelta().y() / _NOTCH), event.position())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take the line, or the pictures."""
        self._drag = (self._is_near(event.position()), event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move what was taken."""
        point = event.position()
        if self._drag is None:
            near = self._is_near(point)
            shape = Qt.CursorShape.SplitHCursor if near else Qt.CursorShape.OpenHandCursor
            self.setCursor(shape)
        elif self._drag[0]:
            self.move_split(point.x() / max(1, self.width()))
        else:
            self._fitted = False
            self._middle -= (point - self._drag[1]) / self._scale
            self._drag = (False, point)
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        self._drag = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Show the pictures whole."""
        self.fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and Right move the line, Home and End show one picture, + - 0 zoom."""
        middle = QPointF(self.width() / 2, self.height() / 2)
        key = Qt.Key
        acts = {
            key.Key_Left: lambda: self.move_split(self._split - _STEP),
            key.Key_Right: lambda: self.move_split(self._split + _STEP),
            key.Key_Home: lambda: self.move_split(0.0),
            key.Key_End: lambda: self.move_split(1.0),
            key.Key_Plus: lambda: self.zoom(1.25, middle),
            key.Key_Equal: lambda: self.zoom(1.25, middle),
            key.Key_Minus: lambda: self.zoom(0.8, middle),
            key.Key_0: self.fit,
        }
        act = acts.get(Qt.Key(event.key()))
        if act is None:
            super().keyPressEvent(event)
        else:
            act()

    def _is_near(self, point: QPointF) -> bool:
        return abs(point.x() - self._split * self.width()) <= _NEAR

    def _to_picture(self, point: QPointF) -> QPointF:
        middle = QPointF(self.width() / 2, self.height() / 2)
        return self._middle + (point - middle) / self._scale

    def _from_picture(self, point: QPointF) -> QPointF:
        middle = QPointF(self.width() / 2, self.height() / 2)
        return middle + (point - self._middle) * self._scale


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
