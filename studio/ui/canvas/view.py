"""The canvas widget: hands pen, mouse, fingers and keys to the tool and the view."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace

from PySide6.QtCore import QEvent, QObject, QPointF, QRect, QRectF, Qt, QTimer
from PySide6.QtGui import (
    QDragEnterEvent,
    QDropEvent,
    QEnterEvent,
    QFocusEvent,
    QHideEvent,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QTabletEvent,
    QTouchEvent,
    QWheelEvent,
)

from studio.core.observed import Observed
from studio.core.settings import BrushState
from studio.core.signal import Signal
from studio.paint.canvas import Canvas
from studio.paint.curve import Curve
from studio.ui.canvas.frame_marks import draw_outline
from studio.ui.canvas.leading import Lead, PanLead, ZoomLead
from studio.ui.canvas.paper import PaperView
from studio.ui.canvas.pointer import PointerSample, from_mouse, from_pen, is_echo_of_pen
from studio.ui.canvas.rulers import Aids, Rulers, snapped
from studio.ui.canvas.tools import Tool
from studio.ui.canvas.touch import followed

FRAME = 4
"""Milliseconds from what a moving pointer shows to what it shows next. A pen's report, every five
or more, is shown at once; those of a mouse, every one, and those that a slow frame held up, wait
for each other, so that the canvas never falls behind."""

_PEN_GONE = 1000.0  # ms without a report, after which a press of the mouse is believed
_TOUCHES = (
    QEvent.Type.TouchBegin,
    QEvent.Type.TouchUpdate,
    QEvent.Type.TouchEnd,
    QEvent.Type.TouchCancel,
)


class CanvasView(PaperView):
    """The paper, and the pointer on it. `dropped` carries the paths of files dropped there.

    `helper` is the tool of the right button, of the pen's barrel button, and while Ctrl is held.
    """

    def __init__(
        self,
        brush: Observed[BrushState],
        tool: Tool,
        helper: Tool | None = None,
        aids: Observed[Aids] | None = None,
    ) -> None:
        super().__init__()
        self._brush = brush
        self._curve = Curve.parse(brush.value.pen_curve)
        self._tool = tool
        self._helper = helper
        self._pressed: Tool | None = None  # the tool that follows the pointer now
        self._waiting: list[Callable[[], None]] = []  # for it to let go
        self._hover: QPointF | None = None
        self._moves: list[tuple[QPointF, PointerSample]] = []  # that nothing shows yet
        self._frame = QTimer(self, singleShot=True, interval=FRAME)
        self._frame.setTimerType(Qt.TimerType.PreciseTimer)
        self._frame.timeout.connect(self._follow)
        self._pen_down = False
        self._pen_button = Qt.MouseButton.NoButton
        self._pen_told = 0.0  # when the pen reported last, in milliseconds
        self._lead: Lead | None = None  # what moves the view with the pointer now
        self.hold_keys = lambda: [QKeySequence(Qt.Key.Key_Space)]
        """Those that move the view while one is held, and zoom with Ctrl."""
        self._held = 0  # which one is
        self._pans = False
        self._rulers = Rulers()
        self.aids = aids or Observed(Aids())
        self.aids.changed.connect(lambda _: self.update())
        self._unhook_aids: tuple[Callable[[], None], ...] = ()
        self.dropped: Signal[list[str]] = Signal()
        self.installEventFilter(self)
        self.setMouseTracking(True)
        self.setTabletTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_AcceptTouchEvents)
        self.setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        brush.changed.connect(self._follow_brush)

    def show_canvas(self, canvas: Canvas) -> None:
        """Show another painting, whole; a stroke on the old one is ended first."""
        self.end_stroke()
        super().show_canvas(canvas)
        for unhook in self._unhook_aids:
            unhook()
        self._unhook_aids = (
            canvas.guides.changed.connect(lambda _: self.update()),
            canvas.frame.changed.connect(lambda _: self.update()),
        )
        self._tool.take_up(canvas)

    def use_tool(self, tool: Tool | None) -> None:
        """From the next press on; None moves the view."""
        self.end_stroke()
        self._pans = tool is None
        self._tool = tool or self._tool
        if self._canvas is not None:
            self._tool.take_up(self._canvas)
        self._choose_cursor()
        self.update()

    def draw_aids(self, painter: QPainter) -> None:
        """The frame, rulers and guides, and what the tool shows to help aiming."""
        if self._canvas is not None and (frame := self._canvas.frame.value) is not None:
            draw_outline(painter, frame.rect, self.viewport)
        if self.aids.value.shown and self._canvas is not None:
            self._rulers.show(painter, self._canvas, self.viewport, self.rect())
        self._tool.draw(painter, self.viewport)

    @property
    def seen(self) -> QRect:
        """The document pixels, and what is around the paper, that the widget shows."""
        return self.viewport.from_widget(QRectF(self.rect())).toAlignedRect()

    # the pointer

    def tabletEvent(self, event: QTabletEvent) -> None:
        """The pen, with everything it tells."""
        kind = event.type()
        sample = from_pen(event, self.viewport, self._curve)
        self._pen_told = float(event.timestamp())
        if kind == QEvent.Type.TabletPress and not self._pen_down:
            self._pen_down, self._pen_button = True, event.button()
            self._press(event.position(), sample, event.button(), event.modifiers())
        elif kind == QEvent.Type.TabletMove:
            self._moved(event.position(), sample)
        elif kind == QEvent.Type.TabletRelease and event.button() == self._pen_button:
            self._release()
            self._pen_down = False
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Left paints, middle moves the view, right is the helper."""
        if self._pen_down and float(event.timestamp()) - self._pen_told > _PEN_GONE:
            self._pen_down = False  # unplugged, or out of reach before it could say so
            self._release()
        if not self._is_pens(event):
            sample = from_mouse(event, self.viewport)
            self._press(event.position(), sample, event.button(), event.modifiers())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Carry on with what the press began."""
        if not self._is_pens(event):
            self._moved(event.position(), from_mouse(event, self.viewport))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """The end of a press."""
        if not self._is_pens(event):
            self._release()

    def _is_pens(self, event: QMouseEvent) -> bool:
        return self._pen_down or is_echo_of_pen(event)

    def _press(
        self,
        position: QPointF,
        sample: PointerSample,
        button: Qt.MouseButton,
        keys: Qt.KeyboardModifier,
    ) -> None:
        self.end_stroke()
        if not sample.placed:
            return
        helps = button == Qt.MouseButton.RightButton or keys & Qt.KeyboardModifier.ControlModifier
        tool = self._helper if helps else self._tool
        if self._canvas is not None:
            self._canvas.show_draft(None)  # so that what is done next is seen
        if self._moves_view or button == Qt.MouseButton.MiddleButton:
            self._lead = self._lead_from(position, keys)
            self.setCursor(self._lead.cursor)
        elif self._canvas is not None and tool is not None:
            shown = self.aids.value.shown
            if shown and self._rulers.grabs(self._canvas, self.viewport, position):
                tool = self._rulers
            self._pressed = tool
            tool.press(self._canvas, self._aimed(tool, sample))

    def _moved(self, position: QPointF, sample: PointerSample) -> None:
        if not sample.placed:
            return
        self._moves.append((position, sample))
        if not self._frame.isActive():
            self._follow()

    def _follow(self) -> None:
        """Do what the pointer's movements since the last frame ask for, and show it."""
        moves, self._moves = self._moves, []
        if not moves:
            return
        self._frame.start()
        position, sample = moves[-1]
        self._move_outline(position)
        if self._lead is not None:
            view = self.viewport
            for place, _ in moves:
                view = self._lead.moved(view, place)
            self.look(view)
        elif self._pressed is not None:
            tool = self._pressed
            tool.follow([self._aimed(tool, each) for _, each in moves])
            if not tool.outlined:
                self.update()
        elif not self._moves_view:
            shape = self._tool.cursor_at(sample.at)
            if shape != self.cursor().shape():
                self.setCursor(shape)

    def _aimed(self, tool: Tool, sample: PointerSample) -> PointerSample:
        aids = self.aids.value
        if not (aids.shown and aids.snap and tool.measures) or self._canvas is None:
            return sample
        return replace(sample, at=snapped(sample.at, self._canvas, self.viewport))

    def _lead_from(self, position: QPointF, keys: Qt.KeyboardModifier) -> Lead:
        """What moves the view when no tool does: with a held key and Ctrl, it is zoomed."""
        if not (self._held and keys & Qt.KeyboardModifier.ControlModifier):
            return PanLead(position)
        out = bool(keys & Qt.KeyboardModifier.AltModifier)
        return ZoomLead(position, self.viewport, out)

    def _release(self) -> None:
        self._follow()
        lead, self._lead = self._lead, None
        if lead is not None:
            if (view := lead.released(self.viewport)) != self.viewport:
                self.look(view)
            self._choose_cursor()
        self.end_stroke()

    def end_stroke(self) -> None:
        """End what the pointer does, as if it went up: before something else is changed."""
        self._follow()
        if self._pressed is not None:
            tool, self._pressed = self._pressed, None
            tool.release()
            if not tool.outlined:
                self.update()
        waiting, self._waiting = self._waiting, []
        with ExitStack() as stack:  # calls each, even if one before it fails
            for then in reversed(waiting):
                stack.callback(then)

    def when_free(self, then: Callable[[], None]) -> None:
        """Call `then` as soon as no tool follows the pointer: now, or at the end of the stroke."""
        if self._pressed is None:
            then()
        else:
            self._waiting.append(then)

    @property
    def _moves_view(self) -> bool:
        return self._pans or self._held != 0

    def _follow_brush(self, state: BrushState) -> None:
        self._curve = Curve.parse(state.pen_curve)
        self._move_outline(self._hover)

    def _move_outline(self, position: QPointF | None) -> None:
        self._hover = position
        if position is None or self._moves_view or not self._tool.outlined:
            self.show_outline(None)
        else:
            radius = max(1.5, self._brush.value.size * self.viewport.scale / 2)
            self.show_outline((position, radius))

    # fingers

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Fingers and pinches on a pad move the view; the rest is a widget's usual.

        Not `event`: what PySide 6.11 does with an error in there, or beneath it, can end the app.
        """
        if isinstance(event, QTouchEvent) and event.type() in _TOUCHES:
            rests = self._pen_down or self._pressed is not None  # a hand, beside the pen
            if event.type() == QEvent.Type.TouchUpdate and not rests:
                self.look(followed(self.viewport, event.points()))
            event.accept()
            return True
        if isinstance(event, QNativeGestureEvent):
            return self._pinched(event)
        return False

    def _pinched(self, event: QNativeGestureEvent) -> bool:
        kind, anchor = event.gestureType(), event.position()
        if kind == Qt.NativeGestureType.ZoomNativeGesture:
            self.look(self.viewport.zoomed(max(0.1, 1.0 + event.value()), anchor))
        elif kind == Qt.NativeGestureType.RotateNativeGesture:
            self.look(self.viewport.turned(event.value(), anchor))
        else:
            return False
        return True

    # everything else that happens to a widget

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom to the pointer."""
        self.zoom(event.angleDelta().y() / 120, event.position())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """One of `hold_keys` goes down."""
        held = {QKeySequence(event.key()), QKeySequence(event.keyCombination())}
        if held & set(self.hold_keys()) and not event.isAutoRepeat():
            self._hold(event.key())
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """It is let go."""
        if event.key() == self._held and not event.isAutoRepeat():
            self._hold(0)
        else:
            super().keyReleaseEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """A key that is let go elsewhere is not heard here."""
        self._hold(0)

    def _hold(self, key: int) -> None:
        self._held = key
        self._choose_cursor()

    def hideEvent(self, event: QHideEvent) -> None:
        """What is not seen is not painted on."""
        self._pen_down = False
        self._lead = None
        self._release()

    def enterEvent(self, event: QEnterEvent) -> None:
        """The outline appears."""
        self._move_outline(event.position())

    def leaveEvent(self, event: QEvent) -> None:
        """The outline goes."""
        self._follow()
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
