"""The undo history: what was done to the painting, step by step."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QSignalBlocker, Qt, QTimer
from PySide6.QtGui import QColor, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QListView, QSpinBox, QVBoxLayout, QWidget

from studio.core.observed import Observed
from studio.core.settings import MAX_UNDO, MIN_UNDO
from studio.core.signal import Signal
from studio.paint.canvas import Canvas
from studio.ui import palette
from studio.ui.theme import faint_label

_SOON = 50  # ms: the list may come after the pen
_BEGINNING = "Beginning"
_MEGABYTE = 2**20

Index = QModelIndex


class UndoHistory(QWidget):
    """Lists the steps of one painting, those that were taken back in faint letters.

    `wanted` carries the number of steps that shall be done, where the person chose another row.
    """

    def __init__(self, megabytes: Observed[int]) -> None:
        super().__init__()
        self.wanted: Signal[int] = Signal()
        self._canvas: Canvas | None = None
        self._unhook: Callable[[], None] = lambda: None
        self._steps = _Steps()
        self._list = QListView()
        self._list.setAccessibleName("Undo history")
        self._list.setUniformItemSizes(True)
        self._list.setSpacing(1)
        self._list.setModel(self._steps)
        self._list.selectionModel().currentChanged.connect(self._choose)
        self._used = faint_label("")
        self._budget = QSpinBox(minimum=MIN_UNDO, maximum=MAX_UNDO, suffix=" MB")
        self._budget.setSingleStep(64)
        self._budget.setKeyboardTracking(False)
        self._budget.setAccessibleName("Memory for undo")
        self._budget.setToolTip("When this is full, the oldest steps are forgotten")
        self._budget.setValue(megabytes.value)
        self._budget.valueChanged.connect(megabytes.set)
        self._timer = QTimer(self, singleShot=True, interval=_SOON)
        self._timer.timeout.connect(self._show)
        self._lay_out()

    def _lay_out(self) -> None:
        memory = QHBoxLayout()
        memory.addWidget(self._used, 1)
        memory.addWidget(QLabel("of"))
        memory.addWidget(self._budget)
        layout = QVBoxLayout(self)
        layout.addWidget(self._list, 1)
        layout.addLayout(memory)

    def show_canvas(self, canvas: Canvas) -> None:
        """Show another painting's steps."""
        self._unhook()
        self._canvas = canvas
        self._unhook = canvas.undo.changed.connect(lambda _: self._timer.start())
        self._show()

    def showEvent(self, event: QShowEvent) -> None:
        """While it cannot be seen, nothing is listed."""
        self._show()

    def _show(self) -> None:
        if self._canvas is None or not self.isVisible():
            return
        undo = self._canvas.undo
        with QSignalBlocker(self._list.selectionModel()):
            self._steps.show((_BEGINNING, *undo.labels), undo.position)
            current = self._steps.index(undo.position)
            self._list.setCurrentIndex(current)
        self._list.scrollTo(current)
        self._list.viewport().update()
        self._used.setText(f"{undo.nbytes / _MEGABYTE:.0f} MB used")

    def _choose(self, current: QModelIndex, _: QModelIndex) -> None:
        if current.isValid():
            self.wanted.emit(current.row())


class _Steps(QAbstractListModel):
    """The words of every step, oldest first; all rows after `_position` are undone."""

    def __init__(self) -> None:
        super().__init__()
        self._words: tuple[str, ...] = ()
        self._position = 0

    def show(self, words: tuple[str, ...], position: int) -> None:
        """Take others, telling only what differs."""
        same, most = 0, min(len(words), len(self._words))
        while same < most and words[same] == self._words[same]:
            same += 1
        if same < len(self._words):
            self.beginRemoveRows(Index(), same, len(self._words) - 1)
            self._words = self._words[:same]
            self.endRemoveRows()
        if same < len(words):
            self.beginInsertRows(Index(), same, len(words) - 1)
            self._words = words
            self.endInsertRows()
        self._position = position

    def rowCount(self, parent: Any = None) -> int:
        """How many steps there are, and the beginning."""
        return len(self._words)

    def data(self, index: Any, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """What the view asks for."""
        if role == Qt.ItemDataRole.DisplayRole:
            return self._words[index.row()]
        if role == Qt.ItemDataRole.ForegroundRole and index.row() > self._position:
            return QColor(palette.FAINT)
        return None
