"""The canvas widget: hands pen, mouse, keys and drops to the tool, the view and the app."""

from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import (
    QDragEnterEvent,
    QDropEvent,
    QEnterEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QTabletEvent,
    QWheelEvent,
)

from studio.core.observed import Observed
from studio.core.settings import BrushState
from studio.core.signal import Signal
from studio.paint.canvas import Canvas
from studio.ui.canvas.paper import PaperView
from studio.ui.canvas.pointer import from_mouse, from_pen, is_echo_of_pen
from studio.ui.canvas.tools import PointerSample, Tool


class CanvasView(PaperView):
    """The paper, and the pointer on it. `dropped` carries the paths of files dropped there."""

    def __init__(self, brush: Observed[BrushState], tool: Tool) -> None:
        super().__init__()
        self._brush = brush
        self._tool = tool
        self._hover: QPointF | None = None
        self._pen_down = False
        self._pressed = False
        self._panning_from: QPointF | None = None
        self._space = False
        self._pans = False
        self.dropped: Signal[list[str]] = Signal()
        self.setMouseTracking(True)
        self.setTabletTracking(True)
        self.setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        brush.changed.connect(lambda _: self._move_outline(self._hover))

    def show_canvas(self, canvas: Canvas) -> None:
        """Show another painting, whole; a stroke on the old one is ended first."""
        self.end_stroke()
        super().show_canvas(canvas)

    def use_tool(self, tool: Tool | None) -> None:
        """From the next press on; None moves the view."""
        self.end_stroke()
        self._pans = tool is None
        self._tool = tool or self._tool
        self._choose_cursor()

    # the pointer

    def tabletEvent(self, event: QTabletEvent) -> None:
        """The pen, with everything it tells."""
        kind = event.type()
        sample = from_pen(event, self.viewport)
        if kind == QEvent.Type.TabletPress and event.button() == Qt.MouseButton.LeftButton:
            self._pen_down = True
            self._press(event.position(), sample)
        elif kind == QEvent.Type.TabletMove:
            self._moved(event.position(), sample)
        elif kind == QEvent.Type.TabletRelease:
            self._release()
            self._pen_down = False
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Left paints, middle moves the view."""
        if self._is_pens(event):
            return
        if event.button() == Qt.MouseButton.MiddleButton:
            self._panning_from = event.position()
        elif event.button() == Qt.MouseButton.LeftButton:
            self._press(event.position(), from_mouse(event.position(), self.viewport))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Carry on with what the press began."""
        if not self._is_pens(event):
            self._moved(event.position(), from_mouse(event.position(), self.viewport))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """The end of a press."""
        if not self._is_pens(event):
            self._release()

    def _is_pens(self, event: QMouseEvent) -> bool:
        return self._pen_down or is_echo_of_pen(event)

    def _press(self, position: QPointF, sample: PointerSample) -> None:
        if self._moves_view:
            self._panning_from = position
        elif self._canvas is not None:
            self._pressed = True
            self._tool.press(self._canvas, sample)

    def _moved(self, position: QPointF, sample: PointerSample) -> None:
        self._move_outline(position)
        if self._panning_from is not None:
            self._look(self.viewport.moved(position - self._panning_from))
            self._panning_from = position
        elif self._pressed:
            self._tool.move(sample)

    def _release(self) -> None:
        self._panning_from = None
        self.end_stroke()

    def end_stroke(self) -> None:
        """End what the pointer does, as if it went up: before something else is changed."""
        if self._pressed:
            self._pressed = False
            self._tool.release()

    @property
    def _moves_view(self) -> bool:
        return self._pans or self._space

    def _move_outline(self, position: QPointF | None) -> None:
        self._hover = position
        if position is None or self._moves_view or not self._tool.outlined:
            self.show_outline(None)
        else:
            radius = max(1.5, self._brush.value.size * self.viewport.scale / 2)
            self.show_outline((position, radius))

    # everything else that happens to a widget

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom to the pointer."""
        self.zoom(event.angleDelta().y() / 120, event.position())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Space held moves the view."""
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space = True
            self._choose_cursor()
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Space let go."""
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space = False
            self._choose_cursor()
        else:
            super().keyReleaseEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """A space that is let go elsewhere is not heard here."""
        self._space = False
        self._choose_cursor()

    def enterEvent(self, event: QEnterEvent) -> None:
        """The outline appears."""
        self._move_outline(event.position())

    def leaveEvent(self, event: QEvent) -> None:
        """The outline goes."""
        self._move_outline(None)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Files are welcome."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Pass the files on."""
        urls = event.mimeData().urls()
        self.dropped.emit([url.toLocalFile() for url in urls if url.isLocalFile()])
        event.acceptProposedAction()

    def _choose_cursor(self) -> None:
        shape = Qt.CursorShape.OpenHandCursor if self._moves_view else Qt.CursorShape.CrossCursor
        self.setCursor(shape)
        self._move_outline(self._hover)
