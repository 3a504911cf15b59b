"""Keeps the frame's tool and the offered sizes in step with the model, the form and the frame."""

from collections.abc import Callable

from studio.app.making.shelf import Shelf
from studio.app.painting.desk import Desk
from studio.core.form import FormState
from studio.core.observed import Observed
from studio.paint.canvas import Canvas
from studio.ui.canvas.frame_marks import Sizing


class Framing:
    """Connects them for as long as the app lives."""

    def __init__(
        self, desk: Desk, form: Observed[FormState], shelf: Shelf, sizing: Observed[Sizing]
    ) -> None:
        self._shelf = shelf
        self._unhook: list[Callable[[], None]] = []
        sizing.set(Sizing(shelf.rule.value, form.value.size))
        shelf.rule.changed.connect(lambda rule: sizing.change(rule=rule))
        form.changed.connect(lambda state: sizing.change(size=state.size))
        desk.replaced.connect(self._follow)
        self._follow(desk.canvas)

    def _follow(self, canvas: Canvas) -> None:
        for unhook in self._unhook:
            unhook()
        self._unhook = [
            canvas.frame.changed.connect(lambda _: self._shelf.offer_sizes()),
            canvas.document.resized.connect(lambda _: self._shelf.offer_sizes()),
        ]
