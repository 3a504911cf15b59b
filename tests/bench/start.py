"""How long until a window is painted: a bare Qt window, Underpaint's frame, Underpaint in full.

usage: python -m tests.bench.start bare|frame|full STARTED   (STARTED: the caller's monotonic time)
"""

import sys
import tempfile
import time
from pathlib import Path

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication, QWidget


class FirstPaint(QObject):
    """Notes when `window` is painted for the first time after it was watched."""

    def __init__(self, window: QWidget) -> None:
        super().__init__()
        self.at: float | None = None
        self._window = window
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let every event through."""
        if event.type() == QEvent.Type.Paint and self.at is None:
            self.at = time.monotonic()
        return False


def wait_for_paint(app: QApplication, window: QWidget) -> float:
    """Until the window's next paint event; returns when that was."""
    paint = FirstPaint(window)
    window.update()
    while paint.at is None:
        app.processEvents()
    return paint.at


def bare() -> float:
    """An empty QWidget of the same size."""
    app = QApplication([])
    window = QWidget()
    window.resize(1440, 900)
    window.show()
    return wait_for_paint(app, window)


def ours(*, full: bool) -> float:
    """Underpaint's window, its frame alone or with everything in it."""
    from studio.app.window import make_application, open_window
    from studio.storage.paths import AppPaths
    from studio.storage.settings import load_settings

    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        paths = AppPaths(home / "data", home / "config", home / "cache")
        app = make_application()
        settings = load_settings(paths.settings)
        window = open_window(app, settings)
        if not full:
            return wait_for_paint(app, window)
        from studio.app.front import furnish

        return wait_for_paint(app, furnish(window, paths, settings).place.view)


if __name__ == "__main__":
    which = {"bare": bare, "frame": lambda: ours(full=False), "full": lambda: ours(full=True)}
    sys.stdout.write(f"{which[sys.argv[1]]() - float(sys.argv[2])}\n")
