"""The command palette: every action by a few letters of its name."""

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from studio.core.search import found
from studio.ui.actions import ACTIONS, ActionId, Actions

WIDTH, HEIGHT = 460, 360
RECENT = 5
"""So many actions that were used last come first while nothing is typed."""


class CommandPalette(QFrame):
    """Opens over the top of a window; Enter does what is chosen, Escape closes it."""

    def __init__(self, window: QWidget, actions: Actions) -> None:
        super().__init__(window)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setAutoFillBackground(True)
        self.hide()
        self._window = window
        self._actions = actions
        self._recent: list[ActionId] = []
        self._line = QLineEdit(placeholderText="Type what you want to do")
        self._line.setAccessibleName("Command")
        self._line.textChanged.connect(self._search)
        self._line.installEventFilter(self)
        self._list = QListWidget()
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._list.itemClicked.connect(lambda _: self._do())
        layout = QVBoxLayout(self)
        layout.addWidget(self._line)
        layout.addWidget(self._list)
        self.resize(WIDTH, HEIGHT)

    def open(self) -> None:
        """Show it, empty, with what was used last first."""
        self._line.clear()
        self._search("")
        self.move((self._window.width() - self.width()) // 2, 60)
        self.show()
        self.raise_()
        self._line.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrows and Enter in the line belong to the list, Escape closes, leaving it, too."""
        if event.type() == QEvent.Type.FocusOut:
            self.hide()
        if isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            event.accept()  # also where it would be a shortcut, which is asked first
            self.hide()
            return True
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            rows = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}
            if event.key() in rows:
                row = self._list.currentRow() + rows[Qt.Key(event.key())]
                self._list.setCurrentRow(row % max(1, self._list.count()))
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._do()
                return True
        return super().eventFilter(watched, event)

    def _search(self, query: str) -> None:
        specs = [spec for spec in ACTIONS if self._actions[spec.id].isEnabled()]
        if not query:
            specs.sort(key=lambda spec: self._lately(spec.id))
        self._list.clear()
        for index in found(query, [f"{spec.text} {spec.menu}" for spec in specs]):
            action = self._actions[specs[index].id]
            item = QListWidgetItem(action.icon(), _words(action), self._list)
            item.setData(Qt.ItemDataRole.UserRole, specs[index].id)
        self._list.setCurrentRow(0)

    def _lately(self, action: ActionId) -> int:
        return self._recent.index(action) if action in self._recent else RECENT

    def _do(self) -> None:
        item = self._list.currentItem()
        if item is None:
            return
        action: ActionId = item.data(Qt.ItemDataRole.UserRole)
        self._recent = [action, *(each for each in self._recent if each != action)][:RECENT]
        self.hide()  # first: what it does may open something
        self._actions[action].trigger()


def _words(action: QAction) -> str:
    keys = action.shortcut().toString()
    return f"{action.text()}    {keys}" if keys else action.text()
