"""A pane in which pictures are zoomed and moved."""

from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

MARGIN = 8
"""Pixels around what is shown whole."""

_NOTCH = 120  # of a wheel
_FACTOR = 1.25  # for a notch or a key
_LEAST, _MOST = 0.01, 32.0  # pixels of the window for one of the picture


class ZoomPane(QWidget):
    """Where something of a size in pixels is looked at; those who inherit from it draw it.

    The wheel zooms to the pointer, dragging moves, a double click shows it whole.
    """

    def __init__(self, size: QSizeF) -> None:
        super().__init__()
        self._size = size
        self._scale = 1.0
        self._middle = QPointF(size.width() / 2, size.height() / 2)  # in the pane's middle
        self._fitted = True
        self._held: QPointF | None = None  # where the mouse was when it moved things last
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @property
    def scale(self) -> float:
        """Pixels of the window for one of the picture."""
        return self._scale

    @property
    def place(self) -> QRectF:
        """Where the picture lies in the pane, or beyond it; from a whole pixel of the screen on."""
        corner = QPointF(self.width() / 2, self.height() / 2) - self._middle * self._scale
        ratio = self.devicePixelRatioF()
        return QRectF((corner * ratio).toPoint().toPointF() / ratio, self._size * self._scale)

    def sizeHint(self) -> QSize:
        """A good part of a screen."""
        return QSize(900, 620)

    def resize_content(self, size: QSizeF) -> None:
        """Show something of another size, whole; of the same size, what was looked at stays."""
        if size != self._size:
            self._size = size
            self.fit()

    def fit(self) -> None:
        """Show it whole."""
        self._fitted = True
        room = QSizeF(self.width() - 2 * MARGIN, self.height() - 2 * MARGIN)
        scale = min(room.width() / self._size.width(), room.height() / self._size.height())
        self._scale = min(_MOST, max(_LEAST, scale))
        self._middle = QPointF(self._size.width() / 2, self._size.height() / 2)
        self.update()

    def show_pixels(self) -> None:
        """One pixel of the picture for one of the screen; what is in the middle stays there."""
        self._fitted = False
        self._scale = 1 / self.devicePixelRatioF()
        self.update()

    def zoom(self, factor: float, at: QPointF) -> None:
        """Larger or smaller, around a point of the pane that stays where it is."""
        self._fitted = False
        away = at - QPointF(self.width() / 2, self.height() / 2)
        before = self._scale
        self._scale = min(_MOST, max(_LEAST, before * factor))
        self._middle += away / before - away / self._scale
        self.update()

    def pan(self, by: QPointF) -> None:
        """Move it by so many pixels of the window."""
        self._fitted = False
        self._middle -= by / self._scale
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """What was shown whole stays so."""
        if self._fitted:
            self.fit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom."""
        self.zoom(_FACTOR ** (event.angleDelta().y() / _NOTCH), event.position())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of it."""
        self._held = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move it along."""
        if self._held is not None:
            self.pan(event.position() - self._held)
            self._held = event.position()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        self._held = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Show it whole."""
        self.fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The keys + and - zoom, 0 shows it whole and 1 its pixels."""
        middle = QPointF(self.width() / 2, self.height() / 2)
        match Qt.Key(event.key()):
            case Qt.Key.Key_Plus | Qt.Key.Key_Equal:
                self.zoom(_FACTOR, middle)
            case Qt.Key.Key_Minus:
                self.zoom(1 / _FACTOR, middle)
            case Qt.Key.Key_0:
                self.fit()
            case Qt.Key.Key_1:
                self.show_pixels()
            case _:
                super().keyPressEvent(event)
