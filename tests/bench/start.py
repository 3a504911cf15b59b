"""How long until a window is on the screen: a bare Qt window, or Underpaint's.

usage: python -m tests.bench.start bare|app STARTED   (STARTED: time.monotonic() of the caller)
"""

import sys
import tempfile
import time
from pathlib import Path


def bare() -> None:
    """An empty QWidget, shown and painted."""
    from PySide6.QtWidgets import QApplication, QWidget

    app = QApplication([])
    window = QWidget()
    window.resize(1440, 900)
    window.show()
    app.processEvents()


def app() -> None:
    """Underpaint up to its first paint."""
    from studio.app.window import make_application, open_front
    from studio.storage.paths import AppPaths

    application = make_application()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        open_front(AppPaths(home / "data", home / "config", home / "cache"))
        application.processEvents()


if __name__ == "__main__":
    {"bare": bare, "app": app}[sys.argv[1]]()
    sys.stdout.write(f"{time.monotonic() - float(sys.argv[2])}\n")
