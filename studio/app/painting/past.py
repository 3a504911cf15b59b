"""The open painting's undo history: journeys through it, and how much of it is kept."""

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

from studio.app.painting.desk import Desk
from studio.core.observed import Observed
from studio.paint.canvas import Canvas
from studio.paint.undo import UndoStack
from studio.ui.canvas.aside import Aside

_SLICE = 0.008  # s of a journey, after which the window has its turn
_MEGABYTE = 2**20


class Past:
    """Goes to a step in slices, so that the window never stops, however far that is.

    A new step ends the journey where it is. `settle` ends a stroke that is under way; a journey
    begins once all is done that `aside` works out.
    """

    def __init__(
        self,
        desk: Desk,
        megabytes: Observed[int],
        settle: Callable[[], None],
        aside: Aside,
        parent: QObject,
    ) -> None:
        self._desk = desk
        self._megabytes = megabytes
        self._settle = settle
        self._aside = aside
        self._target = 0  # how many steps shall be done
        self._states: tuple[int, ...] = ()  # of the history when the journey began
        self._timer = QTimer(parent, interval=0)
        self._timer.timeout.connect(self._go_on)
        megabytes.changed.connect(lambda _: self._follow(desk.canvas))
        desk.replaced.connect(self._follow)
        self._follow(desk.canvas)

    def go_to(self, position: int) -> None:
        """Undo or redo until the painting is as it is now after that many steps.

        It stays where it is if nothing leads there any more, once what is worked out is done.
        """
        self._settle()
        canvas = self._desk.canvas
        states = canvas.undo.states
        state = states[min(position, len(states) - 1)]
        self._aside.after(lambda: self._set_out(canvas, state))

    def _set_out(self, canvas: Canvas, state: int) -> None:
        states = canvas.undo.states
        if canvas is self._desk.canvas and state in states:
            self._target, self._states = states.index(state), states
            self._timer.start()
            self._go_on()

    def _follow(self, canvas: Canvas) -> None:
        self._timer.stop()
        canvas.undo.set_budget(self._megabytes.value * _MEGABYTE)

    def _go_on(self) -> None:
        """One slice of the way."""
        self._settle()
        undo = self._desk.canvas.undo
        until = time.perf_counter() + _SLICE
        while undo.states == self._states and _step(undo, self._target):
            if time.perf_counter() > until:
                return
        self._timer.stop()


def _step(undo: UndoStack, target: int) -> bool:
    """One step towards the target; whether there was one."""
    if undo.position > target and undo.can_undo:
        undo.undo()
    elif undo.position < target and undo.can_redo:
        undo.redo()
    else:
        return False
    return True
