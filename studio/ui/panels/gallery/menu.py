"""The menu of what can be done with pictures of the gallery."""

from collections.abc import Callable, Container

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from studio.ui.panels.gallery.acts import ACTS, Act


def show_acts(
    parent: QWidget, possible: Container[Act], place: QPoint, ask: Callable[[Act], None]
) -> None:
    """Open it at a place of the screen; `ask` is called with what is chosen."""
    menu = QMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    for row in ACTS:
        if row.id not in possible:
            continue
        if row.rule and not menu.isEmpty():
            menu.addSeparator()
        action = QAction(row.text, menu)
        if row.key is not None:
            action.setShortcut(QKeySequence(row.key))
            action.setShortcutVisibleInContextMenu(True)
        action.triggered.connect(lambda _=False, act=row.id: ask(act))
        menu.addAction(action)
    menu.popup(place)
