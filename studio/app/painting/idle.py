"""Work on the open painting that waits until nobody does anything."""

from PySide6.QtCore import QObject, QTimer

from studio.app.painting.desk import Desk
from studio.paint.canvas import Canvas

_QUIET = 1500  # ms without a change
_BETWEEN = 20  # ms from slice to slice, for whatever comes in


class Idle:
    """Packs the undo history in slices of a few milliseconds; any change puts it off."""

    def __init__(self, desk: Desk, parent: QObject) -> None:
        self._desk = desk
        self._timer = QTimer(parent, singleShot=True)
        self._timer.timeout.connect(self._work)
        desk.replaced.connect(self._follow)
        self._follow(desk.canvas)

    def _follow(self, canvas: Canvas) -> None:
        canvas.document.changed.connect(lambda _: self._timer.start(_QUIET))
        canvas.undo.changed.connect(lambda _: self._timer.start(_QUIET))

    def _work(self) -> None:
        if self._desk.canvas.undo.tidy():
            self._timer.start(_BETWEEN)
