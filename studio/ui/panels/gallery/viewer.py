"""One picture of the gallery at a time, large, with what it was made with."""

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent, QKeyEvent
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from studio.core.signal import Signal
from studio.ui.panels.gallery.acts import ACTS, UNBIN, Act, Asked, act_of, keys_of
from studio.ui.panels.gallery.grid import Grid
from studio.ui.panels.gallery.large import Large, LargePane
from studio.ui.panels.gallery.menu import show_acts
from studio.ui.theme import faint_label

_STEPS = {Qt.Key.Key_Right: 1, Qt.Key.Key_Left: -1}
_STAYING = ("star", "copy", "bin", "restore")
"""Acts after which the person looks on; the others lead to the window behind."""

_LINES = 5
"""Of words in sight, always, so that pictures of one size stay where they are."""

_BUTTONS: tuple[tuple[Act, str], ...] = (
    ("star", "Star"),
    ("place", "Put on the canvas"),
    ("bin", "Move to the bin"),
    ("restore", "Take out of the bin"),
)


class Viewer(QDialog):
    """Shows the grid's current picture; Left and Right go on through the grid.

    `wanted`: the picture that is looked at and those beside it, the most urgent first; they are to
    be given to `show_large`.
    """

    def __init__(self, grid: Grid) -> None:
        window = grid.window()
        self._window = window.parentWidget() or window  # a gallery that floats has a parent
        super().__init__(self._window)
        self.wanted: Signal[tuple[int, ...]] = Signal()
        self._grid = grid
        self._which: int | None = None
        self._forward = True
        self.pane = LargePane()
        self._title, self._detail = QLabel(), faint_label()
        self._told = faint_label()
        self._buttons = {act: QPushButton(words) for act, words in _BUTTONS}
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Picture")
        self._lay_out()
        self._unhook = grid.turned.connect(lambda _: self._look())
        self.finished.connect(lambda _: self._leave())

    def open(self) -> None:
        """Show it over the window, filling most of that."""
        self.resize(self._window.size() * 0.9)
        super().open()
        self.pane.setFocus()
        self._look()

    def show_large(self, large: Large) -> None:
        """Show a picture that was wanted, unless another is looked at by now."""
        if large.id == self._which:
            self.pane.show_large(large)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 8)
        layout.addWidget(self.pane, 1)
        layout.addWidget(self._words())
        layout.addLayout(self._row())
        for button in self.findChildren(QPushButton):
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # Space and Enter are the picture's
            button.setAutoDefault(False)

    def _words(self) -> QScrollArea:
        """What is told of the picture, to be scrolled through where it is much."""
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(10, 4, 10, 0)
        for label in (self._title, self._detail):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            label.setWordWrap(True)
            column.addWidget(label)
        column.addStretch(1)
        area = QScrollArea(widgetResizable=True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setFixedHeight(_LINES * self.fontMetrics().lineSpacing())
        area.setWidget(inside)
        return area

    def _row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(10, 0, 10, 0)
        for words, by in (("Previous", -1), ("Next", 1)):
            row.addWidget(step := QPushButton(words))
            step.clicked.connect(lambda _=False, by=by: self._step(by))
        row.addWidget(self._told, 1)
        for act, button in self._buttons.items():
            row.addWidget(button)
            button.clicked.connect(lambda _=False, act=act: self._ask(act))
        row.addWidget(more := QPushButton("More…"))
        more.clicked.connect(lambda: self._show_menu(more.mapToGlobal(QPoint())))
        for words, show in (("Whole", self.pane.fit), ("100 %", self.pane.show_pixels)):
            row.addWidget(look := QPushButton(words))
            look.clicked.connect(show)
        return row

    # which one is looked at

    def _step(self, by: int) -> None:
        self._forward = by > 0
        self._told.clear()
        self._grid.step(by)

    def _look(self) -> None:
        """The grid goes on to another picture, or knows more of this one."""
        which = self._grid.picks.current
        if which is None:  # the last one was deleted
            self.close()
            return
        if which != self._which:
            self._which = which
            steps = (0, 1, -1) if self._forward else (0, -1, 1)
            self.wanted.emit(self._grid.near(*steps))
        self._tell(which)

    def _tell(self, which: int) -> None:
        cell = self._grid.cell(which)
        if cell is None:  # it is being asked for
            return
        at, count = self._grid.picks.place(which) or 0, len(self._grid.picks.ids)
        star = " ★" if cell.starred else ""
        self.setWindowTitle(f"Picture {at + 1:,} of {count:,}{star}")
        self._title.setText(cell.title)
        self._detail.setText("\n".join(filter(None, (cell.detail, cell.settings))))
        self.pane.setAccessibleName(f"{self.windowTitle()}: {cell.title}")
        self._buttons["star"].setText("Take the star away" if cell.starred else "Star")
        possible = self._possible()
        for act, button in self._buttons.items():
            button.setVisible(act in possible)

    # what is done with it

    def _possible(self) -> tuple[Act, ...]:
        cell = None if self._which is None else self._grid.cell(self._which)
        fitting = (row.id for row in ACTS if row.suits(1, self._grid.binned, cell))
        return tuple(act for act in fitting if act != "view")

    def _ask(self, act: Act) -> None:
        if self._which is None:
            return
        which = self._which
        if act not in _STAYING:
            self.close()
        self._told.setText("It lies in the bin now. Ctrl+Z takes it back." if act == "bin" else "")
        self._grid.asked.emit(Asked(act, (which,)))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left, Right and the gallery's own keys; Space closes as it opened, and so does Escape."""
        keys = keys_of(event)
        act = act_of(keys, self._possible())
        if keys.key() in _STEPS:
            self._step(_STEPS[keys.key()])
        elif event.isAutoRepeat():  # of the Space that opened it, say
            return
        elif keys.key() == Qt.Key.Key_Space:
            self.close()
        elif keys == UNBIN and self._grid.ask_unbin():
            self._told.clear()
        elif act is not None:
            self._ask(act)
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """All that can be done with it."""
        self._show_menu(event.globalPos())

    def _show_menu(self, place: QPoint) -> None:
        show_acts(self, self._possible(), place, self._ask)

    def _leave(self) -> None:
        self._unhook()
        self._grid.setFocus()
