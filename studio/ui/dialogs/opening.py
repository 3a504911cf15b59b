"""Opens the dialogs; each is imported when it is first wanted, not when the window is made."""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QSize
from PySide6.QtWidgets import QWidget

from studio.core.observed import Observed
from studio.core.settings import BrushState
from studio.paint.shelf import BrushShelf
from studio.ui.actions import Actions
from studio.ui.keymap import Keymap

if TYPE_CHECKING:
    from studio.ui.dialogs.commands import CommandPalette


class Dialogs:
    """What the window's actions open over it."""

    def __init__(
        self, window: QWidget, actions: Actions, keymap: Keymap, brush: Observed[BrushState]
    ) -> None:
        self._window = window
        self._actions = actions
        self._keymap = keymap
        self._brush = brush
        actions["commands"].triggered.connect(lambda: self._commands.open())
        actions["shortcuts"].triggered.connect(self._shortcuts)
        actions["pen_curve"].triggered.connect(self._pen_curve)
        actions["pen_doctor"].triggered.connect(self._pen_doctor)

    @cached_property
    def _commands(self) -> "CommandPalette":
        """One for all times: it remembers what was used last."""
        from studio.ui.dialogs.commands import CommandPalette

        return CommandPalette(self._window, self._actions)

    def edit_brush(self, shelf: BrushShelf, name: str) -> None:
        """Edit one of the shelf's own brushes."""
        from studio.ui.dialogs.brush_editor import BrushEditor

        BrushEditor(shelf, name, self._window).show()

    def ask_canvas_size(self, size: QSize, answer: Callable[[QRect], None]) -> None:
        """Ask how large the painting, which is of this size, is to be."""
        from studio.ui.dialogs.canvas_size import CanvasSize

        CanvasSize(self._window, size, answer).show()

    def _shortcuts(self) -> None:
        from studio.ui.dialogs.shortcuts import ShortcutsDialog

        ShortcutsDialog(self._window, self._keymap).show()

    def _pen_curve(self) -> None:
        from studio.ui.dialogs.pressure import PressureDialog

        PressureDialog(self._brush, self._window).show()

    def _pen_doctor(self) -> None:
        from studio.ui.dialogs.pen_doctor import PenDoctor

        PenDoctor(self._window).show()
