"""The main window's frame. It imports little, so that it is on the screen at once."""

from PySide6.QtCore import QByteArray, QEvent, QSize, Qt
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QMainWindow

from studio.core.signal import Signal

_FIRST_SIZE = QSize(1440, 900)


class MainWindow(QMainWindow):
    """A window that asks before it closes; the Workplace fills it.

    `closing` is emitted when the person wants to close; `let_close` is then what closes.
    `called` carries the files of a second start, which asks for this window instead of its own.
    `activated`: the person has turned to it, from another window or another program.
    """

    def __init__(self, geometry: str) -> None:
        super().__init__()
        self.closing: Signal[None] = Signal()
        self.activated: Signal[None] = Signal()
        self.called: Signal[list[str]] = Signal()
        self._may_close = False
        self.setWindowTitle("Underpaint")
        self.resize(_FIRST_SIZE)
        if geometry:
            self.restoreGeometry(QByteArray.fromBase64(geometry.encode()))

    def arrangement(self) -> tuple[str, str]:
        """Where the window is, for the next one, and its docks, for the Workplace; in base64."""
        return (
            bytes(self.saveGeometry().toBase64().data()).decode(),
            bytes(self.saveState().toBase64().data()).decode(),
        )

    def come_to_front(self) -> None:
        """Show it above all others."""
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.raise_()
        self.activateWindow()

    def let_close(self) -> None:
        """Close without asking again."""
        self._may_close = True
        self.close()

    def changeEvent(self, event: QEvent) -> None:
        """Tell when it becomes the window in use."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and self.isActiveWindow():
            self.activated.emit(None)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask first: the app decides when."""
        if self._may_close:
            event.accept()
        else:
            event.ignore()
            self.closing.emit(None)
