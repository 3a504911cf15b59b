"""The paper on the screen: draws the document, a running job and the brush's outline."""

import math
from collections.abc import Callable

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QWidget

from studio.core.signal import Signal
from studio.paint.canvas import Canvas
from studio.ui import palette
from studio.ui.canvas.overlay import JobOverlay, draw_overlay
from studio.ui.canvas.viewport import Viewport

_ZOOM_STEP = 2 ** (1 / 4)


class PaperView(QWidget):
    """Shows one canvas at a time, zoomed and moved."""

    def __init__(self) -> None:
        super().__init__()
        self._canvas: Canvas | None = None
        self._unhook: Callable[[], None] = lambda: None
        self._viewport = Viewport()
        self._fits = True
        self._overlay: JobOverlay | None = None
        self._outline: tuple[QPointF, float] | None = None  # middle, radius in widget pixels
        self.zoomed: Signal[float] = Signal()
        self.setMinimumSize(320, 240)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    # what is shown

    def show_canvas(self, canvas: Canvas) -> None:
        """Show another painting, whole."""
        self._unhook()
        self._canvas = canvas
        self._unhook = canvas.compositor.updated.connect(self._repaint_document)
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

    def fit(self) -> None:
        """Show the whole paper, also when the widget's size changes later."""
        if self._canvas is not None:
            self._look(Viewport.fitting(self._canvas.document.size, self.size()))
            self._fits = True

    def actual_size(self) -> None:
        """One document pixel for one screen pixel."""
        if self._canvas is not None:
            scale = 1 / self.devicePixelRatioF()
            self._look(Viewport.centred(self._canvas.document.size, self.size(), scale))

    def zoom(self, steps: float, anchor: QPointF | None = None) -> None:
        """Zoom in (or out, below zero) around a widget point, the middle without one."""
        middle = QRectF(self.rect()).center()
        self._look(self._viewport.zoomed(_ZOOM_STEP**steps, anchor or middle))

    def _look(self, viewport: Viewport) -> None:
        self._viewport = viewport
        self._fits = False
        self.zoomed.emit(viewport.scale)
        self.update()

    def _repaint_document(self, rect: QRect) -> None:
        self.update(self._viewport.to_widget(QRectF(rect)).toAlignedRect().adjusted(-2, -2, 2, 2))

    def _overlay_area(self, overlay: JobOverlay) -> QRect:
        place = self._viewport.to_widget(QRectF(overlay.frame)).toAlignedRect()
        return place.adjusted(-4, -4, 4, 40)

    # drawing

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the touched part only."""
        with QPainter(self) as painter:
            painter.fillRect(event.rect(), QColor(palette.PASTEBOARD))
            if self._canvas is None:
                return
            self._draw_paper(painter, self._canvas, event.rect())
            if self._overlay is not None:
                place = self._viewport.to_widget(QRectF(self._overlay.frame))
                draw_overlay(painter, self._overlay, place)
            self._draw_outline(painter)

    def _draw_paper(self, painter: QPainter, canvas: Canvas, area: QRect) -> None:
        paper = self._viewport.to_widget(QRectF(canvas.document.rect))
        visible = paper.intersected(QRectF(area))
        if visible.isEmpty():
            return
        _draw_checkers(painter, visible, paper.topLeft())
        scale = self._viewport.scale * self.devicePixelRatioF()
        level = max(0, min(3, math.floor(-math.log2(scale)))) if scale < 1 else 0
        image = canvas.compositor.image(level)
        source = self._viewport.from_widget(visible)
        shrink = 2.0**level
        part = QRectF(source.topLeft() / shrink, source.bottomRight() / shrink)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, scale < 2)
        painter.drawImage(visible, image, part)

    def _draw_outline(self, painter: QPainter) -> None:
        if self._outline is None:
            return
        middle, radius = self._outline
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for colour, grow in ((QColor(0, 0, 0, 130), 0.75), (QColor(255, 255, 255, 200), -0.25)):
            painter.setPen(QPen(colour, 1))
            painter.drawEllipse(middle, radius + grow, radius + grow)

    def show_outline(self, outline: tuple[QPointF, float] | None) -> None:
        """Show a circle (middle and radius in widget pixels) in place of the last one, or none."""
        for each in (self._outline, outline):
            if each is not None:
                middle, reach = each[0].toPoint(), math.ceil(each[1]) + 3
                self.update(middle.x() - reach, middle.y() - reach, 2 * reach, 2 * reach)
        self._outline = outline

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A fitted paper stays fitted, any other stays in its place."""
        if self._fits:
            self.fit()


def _draw_checkers(painter: QPainter, area: QRectF, origin: QPointF) -> None:
    """The pattern that stands for transparency; it stays with the paper."""
    painter.save()
    painter.fillRect(area, QColor("#cfccc7"))
    painter.setBrushOrigin(origin)
    painter.setClipRect(area)
    brush = painter.brush()
    brush.setStyle(Qt.BrushStyle.Dense4Pattern)
    brush.setColor(QColor("#b9b5af"))
    painter.fillRect(area, brush)
    painter.restore()
