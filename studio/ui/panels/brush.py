"""The bar over the canvas: tools, and the brush in hand."""

import math
from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter, QPixmap
from PySide6.QtWidgets import QColorDialog, QLabel, QSlider, QToolBar, QToolButton

from studio.core.observed import Observed
from studio.core.settings import MAX_BRUSH, BrushState
from studio.ui.actions import ActionId, Actions
from studio.ui.theme import faint_label

_STEPS = 100
_TOOLS: tuple[ActionId, ...] = (
    "brush", "eraser", "smudge", "strength", "fill", "gradient", "line", "rectangle", "ellipse",
    "text", "select_rectangle", "lasso", "wand", "move", "transform", "frame", "pick", "pan",
)  # fmt: skip


class BrushBar(QToolBar):
    """Shows and changes a BrushState."""

    def __init__(self, brush: Observed[BrushState], actions: Actions) -> None:
        super().__init__("Brush")
        self.setObjectName("brush-bar")
        self.setMovable(False)
        self._brush = brush
        self.addActions([actions["undo"], actions["redo"]])
        self.addSeparator()
        self.addActions([actions[tool] for tool in _TOOLS])
        self.addSeparator()
        self._colour = QToolButton()
        self._colour.setToolTip("Colour, and behind it the one to swap with")
        self._colour.setAccessibleName("Colour")
        self._colour.clicked.connect(self._choose_colour)
        self.addWidget(self._colour)
        self._size = self._slider("Size", lambda step: brush.change(size=size_of(step)))
        self._pixels = QLabel()
        self._pixels.setMinimumWidth(44)
        self.addWidget(self._pixels)
        self._hardness = self._slider("Hardness", lambda step: brush.change(hardness=step / 100))
        self._opacity = self._slider("Opacity", lambda step: brush.change(opacity=step / 100))
        brush.changed.connect(self._show)
        self._show(brush.value)

    def _slider(self, name: str, moved: Callable[[int], None]) -> QSlider:
        self.addWidget(faint_label(f"  {name} "))
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setMaximum(_STEPS)
        slider.setFixedWidth(100)
        slider.setAccessibleName(name)
        slider.valueChanged.connect(moved)
        self.addWidget(slider)
        return slider

    def _choose_colour(self) -> None:
        dialog = QColorDialog(QColor(self._brush.value.colour), self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.currentColorChanged.connect(lambda colour: self._brush.change(colour=colour.name()))
        dialog.open()

    def _show(self, state: BrushState) -> None:
        pixmap = QPixmap(22, 22)
        pixmap.fill(QColor(state.other))
        with QPainter(pixmap) as painter:
            painter.fillRect(0, 0, 16, 16, QColor(state.colour))
        self._colour.setIcon(pixmap)
        values = (
            (self._size, step_of(state.size)),
            (self._hardness, round(state.hardness * 100)),
            (self._opacity, round(state.opacity * 100)),
        )
        for slider, value in values:
            slider.blockSignals(True)
            slider.setValue(value)
            slider.blockSignals(False)
        self._pixels.setText(f" {state.size:.0f} px")


def size_of(step: int) -> float:
    """The brush size in pixels at a slider step 0 .. 100: even steps for the eye, 1 to 500."""
    return float(MAX_BRUSH ** (step / _STEPS))


def step_of(size: float) -> int:
    """The slider step nearest to a brush size in pixels."""
    return round(_STEPS * math.log(max(1.0, size), MAX_BRUSH))
