"""The paper on the screen: draws the document, a running job and the brush's outline."""

import math
import time
from collections.abc import Callable

from PySide6.QtCore import QPointF, QRect, QRectF, Qt, QTimer
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from studio.core.signal import Signal
from studio.paint.canvas import Canvas
from studio.paint.draft import Draft
from studio.paint.tiles import rects_of
from studio.ui import palette
from studio.ui.canvas.outline import draw_circle
from studio.ui.canvas.overlay import JobOverlay, draw_overlay
from studio.ui.canvas.sheet import draw_draft, draw_sheet
from studio.ui.canvas.veils import Veils
from studio.ui.canvas.viewport import ZOOM_STEP, Viewport

_FEW_RECTS = 2
"""Parts to repaint; of more, drawing each costs more than drawing what is around them all."""

_SLICE = 0.008
"""Seconds that a frame may spend on composing what it shows; the next one goes on with it. Of a
turned paper a quarter of that, because it takes longer to draw."""

_QUIET, _BETWEEN = 100, 4  # ms without another layer or place, then from tile to tile


class PaperView(QWidget):
    """Shows one canvas at a time: zoomed, turned, mirrored and moved."""

    def __init__(self) -> None:
        super().__init__()
        self._canvas: Canvas | None = None
        self._unhook: list[Callable[[], None]] = []
        self._veils = Veils()
        self._viewport = Viewport()
        self._fits = True
        self._overlay: JobOverlay | None = None
        self._outline: tuple[QPointF, float] | None = None  # middle, radius in widget pixels
        self._unfinished = QRect()  # in document pixels
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._go_on)
        self._ahead = QTimer(self, singleShot=True)
        self._ahead.timeout.connect(self._prepare)
        self._spares = QTimer(self, singleShot=True, interval=_BETWEEN)
        self._spares.timeout.connect(self._make_spares)
        self.zoomed: Signal[float] = Signal()
        self.looked: Signal[Viewport] = Signal()  # zoomed, moved, turned or mirrored
        self.setMinimumSize(320, 240)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    # what is shown

    def show_canvas(self, canvas: Canvas) -> None:
        """Show another painting, whole and upright."""
        for unhook in self._unhook:
            unhook()
        self._canvas = canvas
        self._unhook = [
            canvas.compositor.updated.connect(self._follow_document),
            canvas.strength.document.changed.connect(self._follow_document),
            canvas.selection.changed.connect(lambda _: self.update()),
            canvas.drafted.connect(lambda _: self.update()),
            canvas.document.resized.connect(lambda _: self.fit()),
            canvas.document.structure_changed.connect(lambda _: self._look_ahead()),
            canvas.document.active_changed.connect(lambda _: self._look_ahead()),
        ]
        self._viewport = Viewport()
        self._spares.start()
        self.fit()

    def show_overlay(self, overlay: JobOverlay | None) -> None:
        """Show how a job goes, or nothing."""
        for each in (self._overlay, overlay):
            if each is not None:
                self.update(self._overlay_area(each))
        self._overlay = overlay

    @property
    def viewport(self) -> Viewport:
        """Where the paper is."""
        return self._viewport

    @property
    def canvas(self) -> Canvas | None:
        """The painting that is shown."""
        return self._canvas

    def fit(self) -> None:
        """Show the whole paper, also when the widget's size changes later."""
        if self._canvas is not None:
            self.look(self._viewport.fitting(self._canvas.document.size, self.size()))
            self._fits = True

    def actual_size(self) -> None:
        """One document pixel for one screen pixel."""
        if self._canvas is not None:
            scale = 1 / self.devicePixelRatioF()
            self.look(self._viewport.centred(self._canvas.document.size, self.size(), scale))

    def zoom(self, steps: float, anchor: QPointF | None = None) -> None:
        """Zoom in (or out, below zero) around a widget point, the middle without one."""
        self.look(self._viewport.zoomed(ZOOM_STEP**steps, anchor or self._middle))

    def turn(self, degrees: float) -> None:
        """Turn the paper clockwise around the widget's middle."""
        self.look(self._viewport.turned(degrees, self._middle))

    def turn_back(self) -> None:
        """Set the paper upright; a mirrored one stays mirrored."""
        self.turn(-self._viewport.angle)

    def mirror(self) -> None:
        """Show left as right, or no longer."""
        self.look(self._viewport.flipped(self._middle))

    def look(self, viewport: Viewport) -> None:
        """Show the paper there."""
        self._viewport = viewport
        self._fits = False
        self.zoomed.emit(viewport.scale)
        self.looked.emit(viewport)
        self._look_ahead()
        self.update()

    @property
    def _middle(self) -> QPointF:
        return QRectF(self.rect()).center()

    def _follow_document(self, rect: QRect) -> None:
        if self._canvas is not None:
            self._canvas.show_draft(None)  # of a painting that is another one now
        self._repaint_document(rect)

    def _repaint_document(self, rect: QRect) -> None:
        self._spares.start()
        if self._ahead.isActive():  # somebody paints already
            self._ahead.start(_QUIET)
        self.update(self._viewport.to_widget(QRectF(rect)).toAlignedRect().adjusted(-2, -2, 2, 2))

    def _overlay_area(self, overlay: JobOverlay) -> QRect:
        place = self._viewport.to_widget(QRectF(overlay.frame)).toAlignedRect()
        return place.adjusted(-4, -4, 4, 40)

    # drawing

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the touched parts only."""
        until = time.perf_counter() + (_SLICE / 4 if self._viewport.angle else _SLICE)
        with QPainter(self) as painter:
            region = event.region()
            few = region.rectCount() <= _FEW_RECTS
            # The smaller one first: it is where somebody paints.
            for area in sorted(rects_of(region), key=_pixels) if few else [region.boundingRect()]:
                painter.fillRect(area, QColor(palette.PASTEBOARD))
                if self._canvas is not None:
                    self._draw_canvas(painter, self._canvas, area, until)
            if self._overlay is not None:
                draw_overlay(painter, self._overlay, self._viewport)
            self.draw_aids(painter)
            if self._outline is not None:
                draw_circle(painter, *self._outline)

    def _draw_canvas(self, painter: QPainter, canvas: Canvas, area: QRect, until: float) -> None:
        ratio, draft, left = self.devicePixelRatioF(), canvas.draft, QRect()
        if draft is None or draft.landed:
            left = draw_sheet(painter, canvas, self._viewport, area, ratio, until)
        if draft is not None and not self._is_replaced(canvas, draft, area, left):
            left = left.united(draw_draft(painter, draft, self._viewport, area, ratio, until))
        self._veils.draw(painter, canvas, self._viewport, area)
        if not left.isEmpty():
            self._unfinished = self._unfinished.united(left)
            self._soon.start()

    def _is_replaced(self, canvas: Canvas, draft: Draft, area: QRect, left: QRect) -> bool:
        """Whether the painting is composed everywhere, so that the draft goes."""
        if not draft.landed or not left.isEmpty():
            return False
        if area == self.rect():
            canvas.show_draft(None)
            return True
        self.update()
        return False

    def _go_on(self) -> None:
        left, self._unfinished = self._unfinished, QRect()
        self._repaint_document(left)

    def _look_ahead(self) -> None:
        """For the first stroke on another layer, or at another place."""
        if self._canvas is not None:
            shown = self._viewport.from_widget(QRectF(self.rect())).toAlignedRect()
            self._canvas.compositor.look_ahead(shown)
            self._ahead.start(_QUIET)

    def _prepare(self) -> None:
        if self._canvas is not None and self._canvas.compositor.prepare(time.perf_counter()):
            self._ahead.start(_BETWEEN)

    def _make_spares(self) -> None:
        if self._canvas is not None and self._canvas.spares.grow():
            self._spares.start()

    def draw_aids(self, painter: QPainter) -> None:
        """For what a subclass shows over the paper, in widget pixels."""

    def show_outline(self, outline: tuple[QPointF, float] | None) -> None:
        """Show a circle (middle and radius in widget pixels) in place of the last one, or none."""
        for each in (self._outline, outline):
            if each is not None:
                self.update(_box(*each))
        self._outline = outline

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A fitted paper stays fitted, any other stays in its place."""
        if self._fits:
            self.fit()


def _box(middle: QPointF, radius: float) -> QRect:
    """The pixels around an outline; with those inside, for a few large areas are drawn faster."""
    reach = math.ceil(radius) + 3
    return QRect(-reach, -reach, 2 * reach, 2 * reach).translated(middle.toPoint())


def _pixels(rect: QRect) -> int:
    return rect.width() * rect.height()
