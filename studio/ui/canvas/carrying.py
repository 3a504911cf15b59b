"""What the tools have in common that carry pixels to another place."""

from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QPainter, QTransform

from studio.paint.canvas import Canvas
from studio.paint.carry import Carried
from studio.paint.commands import Command
from studio.paint.document import Document
from studio.paint.draft import Draft
from studio.ui.canvas.aside import Aside, Soon
from studio.ui.canvas.pointer import PointerSample
from studio.ui.canvas.sheet import MAX_LEVEL, level_for
from studio.ui.canvas.tools import Tool
from studio.ui.canvas.viewport import Viewport

DRAFT_WORK, FEW = 6_400_000, 8
"""Pixels times layers, and from how many layers on these count: the most that is composed for each
movement. A draft of more is made smaller."""


class CarryTool(Tool):
    """Takes up pixels of the active layer, or what of them is selected. Text stays text.

    While they are carried, a draft of the painting is shown; where they are set down, they are
    drawn beside the window, as one step. A subclass tells by `_now` where they are.
    """

    label = "Move"

    def __init__(self, aside: Aside) -> None:
        super().__init__()
        self._aside = aside
        self._canvas: Canvas | None = None  # while the pointer is down
        self._carried: Carried | None = None
        self._now = QTransform()
        self._draft: Draft | None = None
        self._drafting: Carried | None = None  # of which a draft is being made
        self._landing = 0  # times that something was set down and is not there yet
        self._seen: tuple[int, QRect] | None = None  # level and document pixels that are shown
        self._soon = Soon()

    def press(self, canvas: Canvas, sample: PointerSample) -> None:
        """Take the pixels up, or go on with those from before."""
        layer = self.paintable(canvas, as_text=canvas.selection.value is None)
        self._canvas = canvas if layer is not None else None
        if layer is None:
            return
        if self._carried is None or not self._carried.goes_on(canvas, layer):
            self._forget()
            self._carried = Carried(canvas, layer)
        self._now = self._carried.done
        self._show()

    def release(self) -> None:
        """Set them down, as one step that follows once they are drawn."""
        self._soon.now()
        carried, canvas, self._canvas = self._carried, self._canvas, None
        if canvas is None or carried is None:
            return
        if carried.bounds.isNull() or self._now == carried.done:
            self._let_go(carried)
            return
        way = carried.done.inverted()[0] * self._now
        carried.done = self._now
        self._set_down(carried, self._now, way)

    def draw(self, painter: QPainter, viewport: Viewport) -> None:
        """Nothing, but to learn what is seen."""
        seen = viewport.from_widget(QRectF(painter.window())).toAlignedRect()
        self._seen = level_for(viewport, painter.device().devicePixelRatio()), seen

    def _show(self) -> None:
        """Show the newest place, once for all movements that wait."""
        self._soon.run(self._place)

    def _place(self) -> None:
        carried = self._carried
        if carried is None or carried.bounds.isNull() or self._seen is None:
            return
        level, seen = _drafted(*self._seen, carried.canvas.document)
        if seen.isEmpty():
            return
        draft = self._draft
        fits = draft is not None and draft.level == level and draft.area.contains(seen)
        if draft is None or draft.rough or not fits:
            self._make_draft(carried, level, seen, rough=not fits)
        if draft is not None:
            draft.landed = False
            draft.place(self._now)
            carried.canvas.show_draft(draft)

    def _make_draft(self, carried: Carried, level: int, seen: QRect, rough: bool) -> None:
        """A rough one first, for it is there at once."""
        if self._drafting is carried:
            return
        self._drafting, ground = carried, carried.drafting()

        def made(draft: Draft) -> None:
            if self._drafting is carried:
                self._drafting = None
            if self._carried is carried and (self._canvas is not None or self._landing):
                self._draft = draft
                self._place()

        self._aside.look(lambda: carried.draft(ground, level, seen, rough), made)

    def _set_down(self, carried: Carried, there: QTransform, way: QTransform) -> None:
        """`way` is what it was carried since it was set down last."""
        self._landing += 1

        def land(step: Command | None) -> None:
            self._landing -= 1
            if carried.land(step):
                self._landed(carried)
            elif (anew := carried.again()) is not None:
                anew.done = way
                if self._carried is carried:
                    self._forget()
                    self._carried, self._now = anew, way
                self._set_down(anew, way, way)
            else:
                self._let_go(carried)

        self._aside.run(lambda: carried.set_down(there, self.label), land)

    def _landed(self, carried: Carried) -> None:
        if self._carried is carried and self._draft is not None:
            self._draft.landed = not self._landing
            carried.canvas.show_draft(self._draft)

    def _forget(self) -> None:
        """Beside the window, too: to give many tiles back takes a while."""
        gone = [self._carried, self._draft]
        self._carried = self._draft = None
        self._aside.look(gone.clear, lambda _: None)

    def _let_go(self, carried: Carried) -> None:
        if not self._landing:
            carried.canvas.show_draft(None)


def _drafted(level: int, seen: QRect, document: Document) -> tuple[int, QRect]:
    """At which level a draft is made for what is seen, and of what."""
    area, layers = seen.intersected(document.rect), max(FEW, len(document.layers))
    while level < MAX_LEVEL and area.width() * area.height() * layers >> 2 * level > DRAFT_WORK:
        level += 1
    return level, area
