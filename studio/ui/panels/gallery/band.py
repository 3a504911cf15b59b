"""Pictures chosen by drawing a frame around them."""

from collections.abc import Callable

from PySide6.QtCore import QPoint, QRect, QTimer
from PySide6.QtWidgets import QApplication, QRubberBand

from studio.ui.panels.gallery.view import PictureView

_EDGE = 18
"""Pixels from the view's ends within which it scrolls along."""

_PACE = 16  # ms


class Band:
    """A frame drawn with the mouse from an empty place; what it touches is chosen.

    `changed` is called when others are.
    """

    def __init__(self, view: PictureView, changed: Callable[[], None]) -> None:
        self._view = view
        self._changed = changed
        self._frame = QRubberBand(QRubberBand.Shape.Rectangle, view.viewport())
        self._start: QPoint | None = None  # among all pictures
        self._at = QPoint()  # where the mouse is, on the viewport
        self._besides: tuple[int, ...] = ()
        self._scrolling = QTimer(view, interval=_PACE)
        self._scrolling.timeout.connect(self._scroll)

    @property
    def drawn(self) -> bool:
        """Whether one is being drawn."""
        return self._start is not None

    def begin(self, point: QPoint, *, add: bool) -> None:
        """From this point of the viewport on. `add`: what is chosen already stays so."""
        self._start = self._view.among_all(point)
        self._at = point
        self._besides = self._view.picks.chosen if add else ()

    def stretch(self, point: QPoint) -> None:
        """The mouse is there now; before it has gone some way, it may be a click."""
        away = (point - self._at).manhattanLength()
        if self._frame.isHidden() and away < QApplication.startDragDistance():
            return
        self._at = point
        self._scrolling.start()
        self._choose()

    def end(self) -> None:
        """What is chosen now is."""
        self._start = None
        self._scrolling.stop()
        self._frame.hide()

    def _choose(self) -> None:
        if self._start is None:
            return
        around = QRect(self._start, self._view.among_all(self._at)).normalized()
        in_view = around.translated(-self._view.among_all(QPoint()))
        beyond = self._view.viewport().rect().adjusted(-_EDGE, -_EDGE, _EDGE, _EDGE)
        self._frame.setGeometry(in_view.intersected(beyond))  # it may be longer than a widget can
        self._frame.show()
        self._view.picks.choose_these(self._view.indices_in(around), self._besides)
        self._changed()

    def _scroll(self) -> None:
        if self._view.scroll_towards(self._at, _EDGE):
            self._choose()
        else:
            self._scrolling.stop()
