"""What the Edit and Layer menus do to the open painting."""

from collections.abc import Callable
from functools import partial

from studio.app.painting.desk import Desk, above_active
from studio.paint import layering
from studio.paint.canvas import Canvas
from studio.paint.commands import Command
from studio.paint.document import Document
from studio.paint.layer import LayerId
from studio.paint.lettering import rasterise
from studio.paint.plan import Plan
from studio.paint.tiles import Tiles
from studio.ui.actions import ActionId, Actions
from studio.ui.canvas.aside import Aside, do_aside

_ON_LAYER: dict[ActionId, Callable[[Document, LayerId], Command | None]] = {
    "delete_layer": layering.delete,
    "raise_layer": lambda document, layer: layering.step_over(document, layer, 1),
    "lower_layer": lambda document, layer: layering.step_over(document, layer, -1),
    "duplicate_layer": layering.duplicate,
    "group_layer": layering.group,
    "ungroup": layering.ungroup,
    "add_mask": layering.add_mask,
    "rasterise": rasterise,
}
_MERGES: dict[ActionId, Callable[[Document, LayerId], Plan[Tiles] | None]] = {
    "merge_down": layering.merge_down,
    "merge_group": layering.merge_group,
    "flatten": lambda document, _: layering.flatten(document),
}


class Edit:
    """Undo, redo and the layer actions; each is enabled only where it can do something.

    `settle` ends a stroke that is under way: what was undone beneath it could not come back.
    What takes a while is worked out by `aside`; undo takes back what was begun there, too.
    """

    def __init__(
        self, desk: Desk, actions: Actions, settle: Callable[[], None], aside: Aside
    ) -> None:
        self._desk = desk
        self._actions = actions
        self._settle = settle
        self._unhook: list[Callable[[], None]] = []
        does: dict[ActionId, Callable[[Canvas], None]] = {
            "undo": lambda canvas: aside.after(canvas.undo.undo),
            "redo": lambda canvas: aside.after(canvas.undo.redo),
            "add_layer": add_layer,
        }
        for name in (*_ON_LAYER, *_MERGES):
            does[name] = partial(do_on_layer, name, aside=aside)
        for name, act in does.items():
            actions[name].triggered.connect(lambda _=False, act=act: self._do(act))
        desk.replaced.connect(self._follow)
        self._follow(desk.canvas)

    def _do(self, act: Callable[[Canvas], None]) -> None:
        self._settle()
        act(self._desk.canvas)

    def _follow(self, canvas: Canvas) -> None:
        for undo in self._unhook:
            undo()
        document = canvas.document
        self._unhook = [
            canvas.undo.changed.connect(lambda _: self._refresh()),
            document.structure_changed.connect(lambda _: self._refresh()),
            document.active_changed.connect(lambda _: self._refresh()),
        ]
        self._refresh()

    def _refresh(self) -> None:
        undo = self._desk.canvas.undo
        enabled = _possible(self._desk.canvas.document)
        enabled |= {"undo": undo.can_undo, "redo": undo.can_redo}
        for name, can in enabled.items():
            self._actions[name].setEnabled(can)
        self._actions["undo"].setText(f"Undo {undo.undo_label}" if undo.can_undo else "Undo")
        self._actions["redo"].setText(f"Redo {undo.redo_label}" if undo.can_redo else "Redo")


def _possible(document: Document) -> dict[ActionId, bool]:
    """What can be done to the active layer."""
    active = document.active
    if active is None:
        return dict.fromkeys((*_ON_LAYER, *_MERGES), False)
    return {
        "delete_layer": True,
        "duplicate_layer": True,
        "group_layer": True,
        "raise_layer": layering.step_over(document, active.id, 1) is not None,
        "lower_layer": layering.step_over(document, active.id, -1) is not None,
        "ungroup": active.is_group,
        "merge_group": active.is_group,
        "add_mask": document.owner(active.id).mask is None,
        "merge_down": layering.can_merge_down(document, active.id),
        "rasterise": active.props.text is not None,
        "flatten": len(document.layers) > 1,
    }


def add_layer(canvas: Canvas) -> None:
    """An empty layer above the active one, in the same group."""
    document = canvas.document
    layer = document.new_layer(f"Layer {len(document.layers)}")
    canvas.do(above_active(document, layer, "Add layer"))


def do_on_layer(name: ActionId, canvas: Canvas, aside: Aside) -> None:
    """Do one of the layer actions to the active layer, as far as that is possible."""
    active = canvas.document.active
    if active is None:
        return
    if name in _MERGES:
        do_aside(aside, canvas, partial(_merging, name, canvas.document, active.id))
        return
    command = _ON_LAYER[name](canvas.document, active.id)
    if command is not None:
        canvas.do(command)
        if name == "add_mask" and (mask := canvas.document.layer(active.id).mask) is not None:
            canvas.document.set_active(mask.id)


def _merging(name: ActionId, document: Document, layer: LayerId) -> Plan[Tiles] | None:
    return _MERGES[name](document, layer) if document.has(layer) else None
