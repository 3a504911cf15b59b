"""Every action of the window in one table: its words, its keys, its icon and its menu."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu

from studio.ui.icons import Icons

ActionId = Literal[
    "new", "open", "recent", "save", "save_as", "revert", "export", "export_again",
    "untold_exports", "sign_exports", "quit",
    "undo", "redo", "cut", "copy", "copy_merged", "paste", "erase",
    "select_all", "select_inverse", "select_grow", "select_shrink", "select_feather",
    "clear_strength", "frame_selection", "clear_frame", "crop", "canvas_size",
    "flip_across", "flip_down", "layer_right", "layer_left", "layer_round",
    "painting_right", "painting_left", "painting_round", "painting_across", "painting_down",
    "generate", "cancel", "resume_jobs", "clear_jobs", "new_seed", "lock_seed",
    "brush", "eraser", "smudge", "strength", "fill", "gradient", "line", "rectangle",
    "ellipse", "text", "move", "transform", "frame", "select_rectangle", "lasso", "wand", "pick",
    "pan", "smaller", "larger", "swap_colours", "default_colours",
    "add_layer", "layer_from_file", "delete_layer", "raise_layer", "lower_layer",
    "duplicate_layer", "group_layer", "ungroup", "add_mask", "merge_down", "merge_group",
    "flatten", "rasterise",
    "zoom_in", "zoom_out", "fit", "actual", "turn_left", "turn_back", "turn_right", "mirror",
    "hold_view", "rulers", "snap", "paper_only", "gallery",
    "pen_curve", "pen_doctor", "commands", "shortcuts",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One row of the table: `keys` are alternatives, of the `tool` actions one is checked.

    A `switch` is on or off. One that is `held` lasts as long as its key is down: it is in no menu.
    """

    id: ActionId
    menu: str
    text: str
    keys: tuple[str, ...] = ()
    icon: str | None = None
    tool: bool = False
    switch: bool = False
    held: bool = False


ACTIONS = (
    ActionSpec("new", "File", "New painting…", ("Ctrl+N",)),
    ActionSpec("open", "File", "Open…", ("Ctrl+O",), "folder-open"),
    ActionSpec("recent", "File", "Open recent"),
    ActionSpec("save", "File", "Save", ("Ctrl+S",), "save"),
    ActionSpec("save_as", "File", "Save as…", ("Ctrl+Shift+S",)),
    ActionSpec("revert", "File", "Revert to the saved painting…"),
    ActionSpec("export", "File", "Export…", ("Ctrl+Shift+E",)),
    ActionSpec("export_again", "File", "Export again", ("Ctrl+Alt+E",)),
    ActionSpec("untold_exports", "File", "Leave out how it was made", switch=True),
    ActionSpec("sign_exports", "File", "Sign exported pictures…"),
    ActionSpec("quit", "File", "Quit", ("Ctrl+Q",)),
    ActionSpec("undo", "Edit", "Undo", ("Ctrl+Z",), "undo-2"),
    ActionSpec("redo", "Edit", "Redo", ("Ctrl+Shift+Z", "Ctrl+Y"), "redo-2"),
    ActionSpec("cut", "Edit", "Cut", ("Ctrl+X",), "scissors"),
    ActionSpec("copy", "Edit", "Copy", ("Ctrl+C",), "copy"),
    ActionSpec("copy_merged", "Edit", "Copy all layers together", ("Ctrl+Shift+C",)),
    ActionSpec("paste", "Edit", "Paste as a new layer", ("Ctrl+V",), "clipboard-paste"),
    ActionSpec("erase", "Edit", "Erase what is selected", ("Delete",)),
    ActionSpec("canvas_size", "Edit", "Canvas size…"),
    ActionSpec("painting_right", "Edit", "Turn the painting by 90° to the right"),
    ActionSpec("painting_left", "Edit", "Turn the painting by 90° to the left"),
    ActionSpec("painting_round", "Edit", "Turn the painting by 180°"),
    ActionSpec("painting_across", "Edit", "Flip the painting left and right"),
    ActionSpec("painting_down", "Edit", "Flip the painting top and bottom"),
    ActionSpec("commands", "Edit", "All commands…", ("Ctrl+K",)),
    ActionSpec("shortcuts", "Edit", "Keyboard shortcuts…"),
    ActionSpec("generate", "Picture", "Generate", ("Ctrl+Return", "Ctrl+Enter"), "sparkles"),
    ActionSpec("cancel", "Picture", "Cancel", ("Escape",), "x"),
    ActionSpec("resume_jobs", "Picture", "Resume what waits since before the crash"),
    ActionSpec("clear_jobs", "Picture", "Clear what waits since before the crash"),
    ActionSpec("new_seed", "Picture", "Draw a new seed", (), "dices"),
    ActionSpec("lock_seed", "Picture", "Lock or unlock the seed", (), "lock"),
    ActionSpec("brush", "Tool", "Brush", ("B",), "brush", tool=True),
    ActionSpec("eraser", "Tool", "Eraser", ("E",), "eraser", tool=True),
    ActionSpec("smudge", "Tool", "Smudge", ("U",), "pointer", tool=True),
    ActionSpec(
        "strength", "Tool", "Strength: where the model may paint", ("Q",), "blend", tool=True
    ),
    ActionSpec("fill", "Tool", "Fill", ("F",), "paint-bucket", tool=True),
    ActionSpec("gradient", "Tool", "Gradient", ("G",), "droplets", tool=True),
    ActionSpec("line", "Tool", "Line", ("L",), "slash", tool=True),
    ActionSpec("rectangle", "Tool", "Rectangle", ("R",), "square", tool=True),
    ActionSpec("ellipse", "Tool", "Ellipse", ("Shift+R",), "circle", tool=True),
    ActionSpec("text", "Tool", "Text", ("T",), "type", tool=True),
    ActionSpec("move", "Tool", "Move the layer or selection", ("V",), "move", tool=True),
    ActionSpec(
        "select_rectangle", "Tool", "Select a rectangle", ("S",), "square-dashed", tool=True
    ),
    ActionSpec("transform", "Tool", "Scale and turn", ("Ctrl+T",), "scaling", tool=True),
    ActionSpec("lasso", "Tool", "Select by drawing", ("Shift+L",), "lasso", tool=True),
    ActionSpec("wand", "Tool", "Select what is alike", ("W",), "wand", tool=True),
    ActionSpec("frame", "Tool", "Frame: what the model sees", ("C",), "frame", tool=True),
    ActionSpec("pick", "Tool", "Pick a colour", ("I",), "pipette", tool=True),
    ActionSpec("pan", "Tool", "Move the view", ("H",), "hand", tool=True),
    ActionSpec("smaller", "Tool", "Smaller brush", ("[",)),
    ActionSpec("larger", "Tool", "Larger brush", ("]",)),
    ActionSpec("swap_colours", "Tool", "Swap the two colours", ("X",)),
    ActionSpec("default_colours", "Tool", "Black, and white to swap with", ("D",)),
    ActionSpec("pen_curve", "Tool", "Pressure curve…"),
    ActionSpec("pen_doctor", "Tool", "Pen doctor…"),
    ActionSpec("select_all", "Select", "Select everything", ("Ctrl+A", "Ctrl+Shift+A")),
    ActionSpec("select_inverse", "Select", "Invert the selection", ("Ctrl+Shift+I",)),
    ActionSpec("select_grow", "Select", "Grow the selection"),
    ActionSpec("select_shrink", "Select", "Shrink the selection"),
    ActionSpec("select_feather", "Select", "Feather the selection"),
    ActionSpec("clear_strength", "Select", "Let the model paint everywhere"),
    ActionSpec("frame_selection", "Select", "Frame the selection for the model"),
    ActionSpec("clear_frame", "Select", "Show the model the whole painting"),
    ActionSpec("crop", "Select", "Crop the painting to the selection"),
    ActionSpec("flip_across", "Layer", "Flip left and right"),
    ActionSpec("flip_down", "Layer", "Flip top and bottom"),
    ActionSpec("layer_right", "Layer", "Turn the layer by 90° to the right"),
    ActionSpec("layer_left", "Layer", "Turn the layer by 90° to the left"),
    ActionSpec("layer_round", "Layer", "Turn the layer by 180°"),
    ActionSpec("add_layer", "Layer", "Add layer", ("Ctrl+Shift+N",), "plus"),
    ActionSpec("layer_from_file", "Layer", "Add a picture as a layer…"),
    ActionSpec("delete_layer", "Layer", "Delete layer", ("Shift+Delete",), "trash-2"),
    ActionSpec("raise_layer", "Layer", "Raise layer", ("Ctrl+]",), "arrow-up"),
    ActionSpec("lower_layer", "Layer", "Lower layer", ("Ctrl+[",), "arrow-down"),
    ActionSpec("duplicate_layer", "Layer", "Duplicate layer", ("Ctrl+J",), "copy"),
    ActionSpec("group_layer", "Layer", "Group layer", ("Ctrl+G",), "folder-plus"),
    ActionSpec("ungroup", "Layer", "Ungroup", ("Ctrl+Shift+G",)),
    ActionSpec("add_mask", "Layer", "Add mask: painted, it hides; erased, it shows"),
    ActionSpec("merge_down", "Layer", "Merge down", ("Ctrl+E",), "arrow-down-to-line"),
    ActionSpec("merge_group", "Layer", "Merge group"),
    ActionSpec("flatten", "Layer", "Flatten all layers"),
    ActionSpec("rasterise", "Layer", "Rasterise text"),
    ActionSpec("zoom_in", "View", "Zoom in", ("Ctrl++", "Ctrl+="), "zoom-in"),
    ActionSpec("zoom_out", "View", "Zoom out", ("Ctrl+-",), "zoom-out"),
    ActionSpec("fit", "View", "Fit in the window", ("Ctrl+0",), "maximize"),
    ActionSpec("actual", "View", "Actual size", ("Ctrl+1",)),
    ActionSpec("turn_left", "View", "Turn left", ("4",)),
    ActionSpec("turn_back", "View", "Set upright", ("5",)),
    ActionSpec("turn_right", "View", "Turn right", ("6",)),
    ActionSpec("mirror", "View", "Mirror the view", ("M",)),
    ActionSpec(
        "hold_view", "View", "Move the view while held (with Ctrl: zoom)", ("Space",), held=True
    ),
    ActionSpec("rulers", "View", "Rulers and guides", ("Ctrl+R",), switch=True),
    ActionSpec("snap", "View", "Snap to guides", switch=True),
    ActionSpec("paper_only", "View", "Paper only", ("Tab",)),
    ActionSpec("gallery", "View", "Gallery large, or as a row", ("Ctrl+L",)),
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
        if not spec.held:
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
    action.setCheckable(spec.tool or spec.switch)
    action.setEnabled(not spec.held)  # so that its key reaches the canvas
    if spec.tool:
        tools.addAction(action)
    return action
