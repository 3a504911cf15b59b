"""Opens the window: its frame first, then what is in it, then what is behind it."""

import sys

from PySide6.QtWidgets import QApplication

from studio import __version__
from studio.app.instance import Instance, LockError
from studio.core.errors import UserError
from studio.core.settings import Settings
from studio.storage.paths import AppPaths
from studio.storage.settings import load_settings
from studio.ui.main_window import MainWindow
from studio.ui.palette import apply_palette


def run_window(files: list[str]) -> int:
    """Open the window, with `files` in it; returns the exit code once it is closed.

    Where a window is open already, that one comes to the front and opens them.
    """
    paths = AppPaths.for_user()
    instance, complaints = Instance(paths), []
    try:
        if not instance.take() and instance.hand_over(files):
            return 0
    except LockError as error:  # better without a lock than not at all
        complaints.append(str(error))
    app = make_application()
    try:
        settings = load_settings(paths.settings)
    except UserError as error:
        settings = Settings()
        complaints.append(str(error))
    window = open_window(app, settings)
    # Only now, because each of these takes longer to import than the window took to show.
    from studio.app.front import furnish

    front = furnish(window, paths, settings)
    if complaints:
        front.place.notice.say(" ".join(complaints))
    instance.listen(window.called.emit, window.isEnabled)
    app.processEvents()
    import qasync

    from studio.app.life import live
    from studio.engine.child import ChildEngine

    with qasync.QEventLoop(app) as loop:
        loop.run_until_complete(live(front, files, ChildEngine()))
    instance.release()
    return 0


def make_application() -> QApplication:
    """The Qt application, in its colours."""
    app = QApplication(sys.argv[:1])
    app.setApplicationName("Underpaint")
    app.setApplicationVersion(__version__)
    app.setQuitOnLastWindowClosed(False)  # the app ends when its work is put away
    apply_palette(app)
    return app


def open_window(app: QApplication, settings: Settings) -> MainWindow:
    """The window's frame, painted, where it was left."""
    window = MainWindow(settings.geometry)
    window.show()
    app.processEvents()
    return window
