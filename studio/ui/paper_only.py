"""Nothing but the paper: everything around the canvas goes, and comes back as it was."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow, QToolBar, QWidget


class PaperOnly:
    """Hides a window's docks and bars and fills the screen; the next toggle brings all back."""

    def __init__(self, window: QMainWindow) -> None:
        self._window = window
        self._hidden: list[QWidget] = []
        self._was_full = False

    @property
    def on(self) -> bool:
        """Whether only the paper is shown."""
        return bool(self._hidden)

    def toggle(self) -> None:
        """To the paper alone, or back."""
        if self._hidden:
            self._leave()
        else:
            self._enter()

    def _enter(self) -> None:
        window = self._window
        around: list[QWidget] = [window.menuBar(), window.statusBar()]
        around += window.findChildren(QToolBar)
        around += window.findChildren(QDockWidget)
        self._hidden = [widget for widget in around if widget.isVisible()]
        for widget in self._hidden:
            widget.hide()
        self._was_full = window.isFullScreen()
        window.setWindowState(window.windowState() | Qt.WindowState.WindowFullScreen)

    def _leave(self) -> None:
        for widget in self._hidden:
            widget.show()
        self._hidden = []
        if not self._was_full:
            state = self._window.windowState() & ~Qt.WindowState.WindowFullScreen
            self._window.setWindowState(state)
