"""What the Edit and Layer menus do to the open painting."""

from collections.abc import Callable

from studio.app.desk import Desk
from studio.paint.canvas import Canvas
from studio.paint.commands import InsertLayer, MoveLayer, RemoveLayer
from studio.ui.actions import ActionId, Actions


class Edit:
    """Undo, redo and the layer actions; each is enabled only where it can do something.

    `settle` ends a stroke that is under way: what was undone beneath it could not come back.
    """

    def __init__(self, desk: Desk, actions: Actions, settle: Callable[[], None]) -> None:
        self._desk = desk
        self._actions = actions
        self._settle = settle
        self._unhook: list[Callable[[], None]] = []
        does: dict[ActionId, Callable[[Canvas], None]] = {
            "undo": lambda canvas: canvas.undo.undo(),
            "redo": lambda canvas: canvas.undo.redo(),
            "add_layer": add_layer,
            "delete_layer": delete_layer,
            "raise_layer": lambda canvas: move_layer(canvas, 1),
            "lower_layer": lambda canvas: move_layer(canvas, -1),
        }
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
        undo, document = self._desk.canvas.undo, self._desk.canvas.document
        active = document.active
        index = document.index(active.id) if active else -1
        enabled: dict[ActionId, bool] = {
            "undo": undo.can_undo,
            "redo": undo.can_redo,
            "delete_layer": active is not None,
            "raise_layer": 0 <= index < len(document.layers) - 1,
            "lower_layer": index > 0,
        }
        for name, can in enabled.items():
            self._actions[name].setEnabled(can)
        self._actions["undo"].setText(f"Undo {undo.undo_label}" if undo.can_undo else "Undo")
        self._actions["redo"].setText(f"Redo {undo.redo_label}" if undo.can_redo else "Redo")


def add_layer(canvas: Canvas) -> None:
    """An empty layer above the active one."""
    document = canvas.document
    active = document.active
    index = document.index(active.id) + 1 if active else len(document.layers)
    layer = document.new_layer(f"Layer {len(document.layers)}")
    canvas.do(InsertLayer(index, layer))


def delete_layer(canvas: Canvas) -> None:
    """Take the active layer away."""
    document = canvas.document
    if (active := document.active) is not None:
        canvas.do(RemoveLayer(document.index(active.id), active))


def move_layer(canvas: Canvas, by: int) -> None:
    """Move the active layer up (or down, below zero) if there is room."""
    document = canvas.document
    if (active := document.active) is None:
        return
    index = document.index(active.id)
    if 0 <= index + by < len(document.layers):
        canvas.do(MoveLayer(active.id, index, index + by))
