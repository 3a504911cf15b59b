"""All tools by the action that takes them up, and what the Select menu does."""

from collections.abc import Callable

from PySide6.QtGui import QColor

from studio.core.observed import Observed
from studio.core.settings import BrushState
from studio.paint.brush import Blend
from studio.paint.canvas import Canvas
from studio.paint.commands import PaintStroke
from studio.paint.sheets import OnSheet
from studio.paint.shelf import BrushShelf
from studio.ui.actions import ActionId
from studio.ui.canvas.aside import Aside
from studio.ui.canvas.fills import FillTool, GradientTool
from studio.ui.canvas.framing import FrameTool, change_frame, frame_selection
from studio.ui.canvas.lettering import TextTool
from studio.ui.canvas.selecting import MoveTool, Reshape, SelectTool, WandTool, change_selection
from studio.ui.canvas.shapes import Shape, ShapeTool
from studio.ui.canvas.tools import BrushTool, PickTool, StrengthTool, Tool
from studio.ui.canvas.transforming import TransformTool
from studio.ui.preferences import Preferences

_GROWTH, _SOFTNESS = 4, 8  # pixels


def make_tools(
    brush: Observed[BrushState],
    shelf: BrushShelf,
    preferences: Preferences,
    picked: Callable[[QColor], None],
    placed: Callable[[], None],
    aside: Aside,
) -> dict[ActionId, Tool]:
    """One tool for each action of a tool, except for moving the view."""
    symmetry, likeness = preferences.symmetry, preferences.likeness
    shapes, lettering = preferences.shapes, preferences.lettering
    return {
        "brush": BrushTool(brush, shelf, symmetry),
        "eraser": BrushTool(brush, shelf, symmetry, Blend.ERASE),
        "smudge": BrushTool(brush, shelf, symmetry, Blend.SMUDGE),
        "strength": StrengthTool(brush, shelf, symmetry),
        "fill": FillTool(brush, likeness, aside),
        "gradient": GradientTool(brush, preferences.gradient, aside),
        "line": ShapeTool(Shape.LINE, brush, shapes, aside),
        "rectangle": ShapeTool(Shape.RECTANGLE, brush, shapes, aside),
        "ellipse": ShapeTool(Shape.ELLIPSE, brush, shapes, aside),
        "text": TextTool(brush, lettering, placed),
        "move": MoveTool(aside),
        "transform": TransformTool(aside),
        "select_rectangle": SelectTool(Shape.RECTANGLE),
        "lasso": SelectTool(None),
        "wand": WandTool(likeness, aside),
        "frame": FrameTool(preferences.sizing),
        "pick": PickTool(picked),
    }


SELECTS: dict[ActionId, Callable[[Canvas], None]] = {
    "select_all": lambda canvas: change_selection(canvas, None),
    "clear_strength": lambda canvas: _clear_strength(canvas),
    "frame_selection": frame_selection,
    "clear_frame": lambda canvas: change_frame(canvas, None),
}
"""What the actions that need no pointer do to a painting."""


RESHAPES: dict[ActionId, Reshape] = {
    "select_inverse": lambda selection, area: selection.inverted(area),
    "select_grow": lambda selection, area: selection.grown(_GROWTH, area),
    "select_shrink": lambda selection, area: selection.grown(-_GROWTH, area),
    "select_feather": lambda selection, area: selection.feathered(_SOFTNESS, area),
}
"""What the actions that change a selection make of it; with none there is nothing to change."""


def _clear_strength(canvas: Canvas) -> None:
    sheet = canvas.strength
    before = {key: sheet.layer.tiles.get(key) for key in tuple(sheet.layer.tiles.keys())}
    if before:
        step = PaintStroke(sheet.layer.id, before, dict.fromkeys(before), "Clear")
        canvas.do(OnSheet(sheet.document, step))
