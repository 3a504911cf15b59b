"""The whole painting in small, with a frame around what the view shows."""

import time
from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from studio.paint.canvas import Canvas
from studio.ui import palette
from studio.ui.canvas.paper import PaperView
from studio.ui.canvas.sheet import draw_sheet
from studio.ui.canvas.viewport import Viewport

_MARGIN = 6
_SOON = 250  # ms: the small picture may come after the pen
_COMPOSING = 0.004  # s of a frame; what is left comes with the next


class Navigator(QWidget):
    """Click or drag in it, and the view goes there."""

    def __init__(self, view: PaperView) -> None:
        super().__init__()
        self._view = view
        self._canvas: Canvas | None = None
        self._unhook: Callable[[], None] = lambda: None
        self._timer = QTimer(self, singleShot=True, interval=_SOON)
        self._timer.timeout.connect(self.update)
        self.setMinimumHeight(90)
        self.setMaximumHeight(162)
        self.setAccessibleName("Navigator")
        view.looked.connect(lambda _: self.update())

    def show_canvas(self, canvas: Canvas) -> None:
        """Show another painting."""
        self._unhook()
        self._canvas = canvas
        self._unhook = canvas.compositor.updated.connect(lambda _: self._later())
        self.update()

    def sizeHint(self) -> QSize:
        """A little picture."""
        return QSize(220, 140)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The painting and the frame."""
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), QColor(palette.PASTEBOARD))
            if self._canvas is None:
                return
            small = self._small
            until = time.perf_counter() + _COMPOSING
            ratio = self.devicePixelRatioF()
            left = draw_sheet(painter, self._canvas, small, self.rect(), ratio, until)
            transform = self._view.viewport.transform.inverted()[0] * small.transform
            frame = transform.map(QPolygonF(QRectF(self._view.rect())))
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(QColor(palette.ACCENT), 1.5))
            painter.drawPolygon(frame)
        if not left.isEmpty():
            self._later()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go there."""
        self.mouseMoveEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go on."""
        if self._canvas is not None and event.buttons() & Qt.MouseButton.LeftButton:
            wanted = self._small.to_document(event.position())
            viewport = self._view.viewport
            away = viewport.point_on_widget(wanted) - QRectF(self._view.rect()).center()
            self._view.look(viewport.moved(QPointF() - away))

    @property
    def _small(self) -> Viewport:
        assert self._canvas is not None
        return Viewport().fitting(self._canvas.document.size, self.size(), _MARGIN)

    def _later(self) -> None:
        if not self._timer.isActive():
            self._timer.start()
