"""Every action of the window in one table: its words, its keys, its icon and its menu."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu

from studio.ui.icons import Icons

ActionId = Literal[
    "new", "open", "save", "save_as", "export", "quit",
    "undo", "redo",
    "generate", "cancel", "new_seed", "lock_seed",
    "brush", "eraser", "pick", "pan", "smaller", "larger",
    "add_layer", "delete_layer", "raise_layer", "lower_layer",
    "zoom_in", "zoom_out", "fit", "actual",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One row of the table: `keys` are alternatives, of the `tool` actions one is checked."""

    id: ActionId
    menu: str
    text: str
    keys: tuple[str, ...] = ()
    icon: str | None = None
    tool: bool = False


ACTIONS = (
    ActionSpec("new", "File", "New painting", ("Ctrl+N",)),
    ActionSpec("open", "File", "Open…", ("Ctrl+O",), "folder-open"),
    ActionSpec("save", "File", "Save", ("Ctrl+S",), "save"),
    ActionSpec("save_as", "File", "Save as…", ("Ctrl+Shift+S",)),
    ActionSpec("export", "File", "Export picture…", ("Ctrl+Shift+E",)),
    ActionSpec("quit", "File", "Quit", ("Ctrl+Q",)),
    ActionSpec("undo", "Edit", "Undo", ("Ctrl+Z",), "undo-2"),
    ActionSpec("redo", "Edit", "Redo", ("Ctrl+Shift+Z", "Ctrl+Y"), "redo-2"),
    ActionSpec("generate", "Picture", "Generate", ("Ctrl+Return", "Ctrl+Enter"), "sparkles"),
    ActionSpec("cancel", "Picture", "Cancel", ("Escape",), "x"),
    ActionSpec("new_seed", "Picture", "Draw a new seed", (), "dices"),
    ActionSpec("lock_seed", "Picture", "Lock or unlock the seed", (), "lock"),
    ActionSpec("brush", "Tool", "Brush", ("B",), "brush", tool=True),
    ActionSpec("eraser", "Tool", "Eraser", ("E",), "eraser", tool=True),
    ActionSpec("pick", "Tool", "Pick a colour", ("I",), "pipette", tool=True),
    ActionSpec("pan", "Tool", "Move the view", ("H",), "hand", tool=True),
    ActionSpec("smaller", "Tool", "Smaller brush", ("[",)),
    ActionSpec("larger", "Tool", "Larger brush", ("]",)),
    ActionSpec("add_layer", "Layer", "Add layer", ("Ctrl+Shift+N",), "plus"),
    ActionSpec("delete_layer", "Layer", "Delete layer", ("Shift+Delete",), "trash-2"),
    ActionSpec("raise_layer", "Layer", "Raise layer", ("Ctrl+]",), "arrow-up"),
    ActionSpec("lower_layer", "Layer", "Lower layer", ("Ctrl+[",), "arrow-down"),
    ActionSpec("zoom_in", "View", "Zoom in", ("Ctrl++", "Ctrl+="), "zoom-in"),
    ActionSpec("zoom_out", "View", "Zoom out", ("Ctrl+-",), "zoom-out"),
    ActionSpec("fit", "View", "Fit in the window", ("Ctrl+0",), "maximize"),
    ActionSpec("actual", "View", "Actual size", ("Ctrl+1",)),
)

Actions = Mapping[ActionId, QAction]


def make_actions(window: QMainWindow, icons: Icons) -> Actions:
    """Make every action of the table and hang it into the window's menus."""
    menus: dict[str, QMenu] = {}
    tools = QActionGroup(window)
    made: dict[ActionId, QAction] = {}
    for spec in ACTIONS:
        if spec.menu not in menus:
            menus[spec.menu] = window.menuBar().addMenu(spec.menu)
        made[spec.id] = _make(spec, window, icons, tools)
        menus[spec.menu].addAction(made[spec.id])
    made["brush"].setChecked(True)
    return made


def _make(spec: ActionSpec, window: QMainWindow, icons: Icons, tools: QActionGroup) -> QAction:
    action = QAction(spec.text, window)
    action.setShortcuts([QKeySequence(keys) for keys in spec.keys])
    if spec.keys:
        action.setToolTip(f"{spec.text} ({spec.keys[0].replace('Return', 'Enter')})")
    if spec.icon:
        action.setIcon(icons.get(spec.icon))
    if spec.tool:
        action.setCheckable(True)
        tools.addAction(action)
    return action
