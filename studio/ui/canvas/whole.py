"""What the menus do to a whole layer or painting, worked out beside the window."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QPoint, QRect

from studio.core.errors import UserError
from studio.core.picture import Size
from studio.paint.canvas import Canvas
from studio.paint.commands import Command, Steps
from studio.paint.document import Document
from studio.paint.frame import Frame, SetFrame
from studio.paint.guides import Guides, SetGuides
from studio.paint.layer import Layer, LayerId, walk
from studio.paint.layering import crop
from studio.paint.plan import Plan
from studio.paint.selection import Selection
from studio.paint.sheets import OnSheet, Select
from studio.paint.turning import Turn, turn_layer, turn_painting
from studio.ui.actions import ActionId
from studio.ui.canvas.tools import paintable_layer

Planner = Callable[[], Plan[Any] | None]
"""Plans a step on the painting as it is when called; None if there is nothing to do any more."""


def turning_layer(canvas: Canvas, turn: Turn, label: str) -> Planner:
    """Turn what is selected of the active layer or group, and the selection with it.

    Raises UserError where that cannot be.
    """
    layer = _turnable(canvas)

    def plan() -> Plan[Command | None] | None:
        document, selection = canvas.document, canvas.selection.value
        if not document.has(layer) or _obstacle(document, layer) is not None:
            return None
        copy = document.copy()

        def work() -> Command | None:
            turned = turn_layer(copy, layer, selection, turn, label)
            if turned is None or selection is None:
                return None if turned is None else turned[0]
            step, done = turned
            selected = done.selection(selection, copy.rect)
            return Steps(label, (step, Select(canvas.selection, selection, selected)))

        return Plan(work, lambda step: step)

    return plan


def _turnable(canvas: Canvas) -> LayerId:
    document, part = canvas.document, canvas.selection.value is not None
    active = document.active
    if active is None or not active.is_group:
        return paintable_layer(document, as_text=not part).id
    if (obstacle := _obstacle(document, active.id)) is not None:
        raise UserError(f"'{obstacle.name}' is locked.", "Unlock it to turn it.")
    for each in walk([active]):
        if part and each.props.text is not None:
            raise UserError(
                f"'{each.name}' is text, of which no part can be turned.",
                "Select everything, or rasterise it (in the Layer menu).",
            )
    return active.id


def _obstacle(document: Document, layer: LayerId) -> Layer | None:
    """What is locked of a layer or group."""
    inside = walk([document.layer(layer)])
    return next((each for each in inside if document.is_locked(each.id)), None)


@dataclass(frozen=True, slots=True)
class _Reshaping:
    """What becomes of a painting's layers, of its map, and of all that lies on them."""

    label: str
    layers: Callable[[Document], Command]  # of those of the map, too
    selection: Callable[[Selection], Selection | None]
    frame: Callable[[Frame], Frame | None]
    guides: Callable[[Guides], Guides]

    def plan(self, canvas: Canvas) -> Plan[tuple[Command, Command, Selection | None]]:
        """For the painting as it is now; layers and selection are worked out on any thread."""
        selection, sheet = canvas.selection.value, canvas.strength.document
        copies = canvas.document.copy(), sheet.copy()

        def work() -> tuple[Command, Command, Selection | None]:
            selected = None if selection is None else self.selection(selection)
            return self.layers(copies[0]), self.layers(copies[1]), selected

        def step(reshaped: tuple[Command, Command, Selection | None]) -> Command:
            layers, strength, selected = reshaped
            guides, framed = canvas.guides.value, canvas.frame.value
            steps = (
                Select(canvas.selection, selection, selected),
                SetFrame(canvas.frame, framed, None if framed is None else self.frame(framed)),
                layers,
                OnSheet(sheet, strength),
                SetGuides(canvas.guides, guides, self.guides(guides)),
            )
            return Steps(self.label, steps)

        return Plan(work, step)


def turning(canvas: Canvas, turn: Turn, label: str) -> Planner:
    """Turn the whole painting, with all that lies on it."""

    def plan() -> Plan[Any]:
        paper = canvas.document.rect
        whole = turn.onto(paper, QPoint())
        area = whole.rect(paper)
        return _Reshaping(
            label,
            layers=lambda document: turn_painting(document, whole, label),
            selection=lambda selection: whole.selection(selection, area),
            frame=whole.frame,
            guides=whole.guides,
        ).plan(canvas)

    return plan


_RIGHT, _ROUND, _LEFT = Turn(1), Turn(2), Turn(3)
_ACROSS, _DOWN = Turn(mirrored=True), Turn(2, mirrored=True)


def _cropping(canvas: Canvas) -> Planner:
    """Cut the painting to the smallest rectangle around the selection."""

    def plan() -> Plan[Any] | None:
        selection = canvas.selection.value
        return None if selection is None else resizing(canvas, selection.bounds, "Crop")()

    return plan


def resizing(canvas: Canvas, area: QRect, label: str = "Change the canvas size") -> Planner:
    """Make `area` (document pixels, it may reach out) all of the painting; nothing is selected.

    To plan raises UserError where `Size` does.
    """

    reshaping = _Reshaping(
        label,
        layers=lambda document: crop(document, area),
        selection=lambda _: None,
        frame=lambda frame: frame.seen_from(area),
        guides=lambda guides: guides.moved(-area.top(), -area.left()),
    )

    def plan() -> Plan[Any]:
        Size(area.width(), area.height())
        return reshaping.plan(canvas)

    return plan


WHOLE: dict[ActionId, Callable[[Canvas], Planner]] = {
    "crop": _cropping,
    "flip_across": lambda canvas: turning_layer(canvas, _ACROSS, "Flip"),
    "flip_down": lambda canvas: turning_layer(canvas, _DOWN, "Flip"),
    "layer_right": lambda canvas: turning_layer(canvas, _RIGHT, "Turn layer"),
    "layer_left": lambda canvas: turning_layer(canvas, _LEFT, "Turn layer"),
    "layer_round": lambda canvas: turning_layer(canvas, _ROUND, "Turn layer"),
    "painting_right": lambda canvas: turning(canvas, _RIGHT, "Turn painting"),
    "painting_left": lambda canvas: turning(canvas, _LEFT, "Turn painting"),
    "painting_round": lambda canvas: turning(canvas, _ROUND, "Turn painting"),
    "painting_across": lambda canvas: turning(canvas, _ACROSS, "Flip painting"),
    "painting_down": lambda canvas: turning(canvas, _DOWN, "Flip painting"),
}
"""For `do_aside`; UserError says why something cannot be done."""
