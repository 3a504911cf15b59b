"""All tools by the action that takes them up, and what the Select menu does."""

from collections.abc import Callable

from PySide6.QtGui import QColor

from studio.core.observed import Observed
from studio.core.settings import BrushState
from studio.paint.brush import Blend
from studio.paint.canvas import Canvas
from studio.paint.commands import PaintStroke, Steps
from studio.paint.guides import SetGuides
from studio.paint.layering import crop
from studio.paint.region import Likeness
from studio.paint.sheets import OnSheet, Select
from studio.paint.shelf import BrushShelf
from studio.paint.symmetry import Symmetry
from studio.paint.text import Text
from studio.ui.actions import ActionId
from studio.ui.canvas.aside import Aside
from studio.ui.canvas.fills import FillTool, GradientTool
from studio.ui.canvas.lettering import TextTool
from studio.ui.canvas.selecting import MoveTool, SelectTool, WandTool, change_selection
from studio.ui.canvas.shapes import Shape, ShapeStyle, ShapeTool
from studio.ui.canvas.tools import BrushTool, PickTool, StrengthTool, Tool, paintable_layer
from studio.ui.canvas.transforming import TransformTool, flip

_GROWTH, _SOFTNESS = 4, 8  # pixels


def make_tools(
    brush: Observed[BrushState],
    shelf: BrushShelf,
    symmetry: Observed[Symmetry],
    likeness: Observed[Likeness],
    shapes: Observed[ShapeStyle],
    lettering: Observed[Text],
    picked: Callable[[QColor], None],
    placed: Callable[[], None],
    aside: Aside,
) -> dict[ActionId, Tool]:
    """One tool for each action of a tool, except for moving the view."""
    return {
        "brush": BrushTool(brush, shelf, symmetry),
        "eraser": BrushTool(brush, shelf, symmetry, Blend.ERASE),
        "smudge": BrushTool(brush, shelf, symmetry, Blend.SMUDGE),
        "strength": StrengthTool(brush, shelf, symmetry),
        "fill": FillTool(brush, likeness, aside),
        "gradient": GradientTool(brush),
        "line": ShapeTool(Shape.LINE, brush, shapes),
        "rectangle": ShapeTool(Shape.RECTANGLE, brush, shapes),
        "ellipse": ShapeTool(Shape.ELLIPSE, brush, shapes),
        "text": TextTool(brush, lettering, placed),
        "move": MoveTool(),
        "transform": TransformTool(),
        "select_rectangle": SelectTool(Shape.RECTANGLE),
        "lasso": SelectTool(None),
        "wand": WandTool(likeness, aside),
        "pick": PickTool(picked),
    }


SELECTS: dict[ActionId, Callable[[Canvas], None]] = {
    "select_all": lambda canvas: change_selection(canvas, None),
    "select_inverse": lambda canvas: _invert(canvas),
    "select_grow": lambda canvas: _grow(canvas, _GROWTH),
    "select_shrink": lambda canvas: _grow(canvas, -_GROWTH),
    "select_feather": lambda canvas: _feather(canvas),
    "clear_strength": lambda canvas: _clear_strength(canvas),
    "crop": lambda canvas: _crop(canvas),
    "flip_across": lambda canvas: _flip(canvas, across=True),
    "flip_down": lambda canvas: _flip(canvas, across=False),
}
"""What the actions that need no pointer do to a painting; UserError says why they cannot."""


def _invert(canvas: Canvas) -> None:
    """Of everything, nothing is the inverse: then all stays selected."""
    selection = canvas.selection.value
    if selection is not None:
        inverse = selection.inverted(canvas.document.rect)
        change_selection(canvas, None if inverse.empty else inverse)


def _grow(canvas: Canvas, pixels: int) -> None:
    selection = canvas.selection.value
    if selection is not None:
        grown = selection.grown(pixels, canvas.document.rect)
        change_selection(canvas, None if grown.empty else grown)


def _feather(canvas: Canvas) -> None:
    selection = canvas.selection.value
    if selection is not None:
        change_selection(canvas, selection.feathered(_SOFTNESS, canvas.document.rect))


def _clear_strength(canvas: Canvas) -> None:
    sheet = canvas.strength
    before = {key: sheet.layer.tiles.get(key) for key in tuple(sheet.layer.tiles.keys())}
    if before:
        step = PaintStroke(sheet.layer.id, before, dict.fromkeys(before), "Clear")
        canvas.do(OnSheet(sheet.document, step))


def _crop(canvas: Canvas) -> None:
    """Cut the painting to the smallest rectangle around the selection."""
    selection = canvas.selection.value
    if selection is None:
        return
    frame, sheet = selection.bounds, canvas.strength.document
    guides = canvas.guides.value
    steps = (
        Select(canvas.selection, selection, None),
        crop(canvas.document, frame),
        OnSheet(sheet, crop(sheet, frame)),
        SetGuides(canvas.guides, guides, guides.moved(-frame.top(), -frame.left())),
    )
    canvas.do(Steps("Crop", steps))


def _flip(canvas: Canvas, across: bool) -> None:
    flip(canvas, paintable_layer(canvas.document), across)
