"""Builds the window and everything behind it, and runs until it is closed."""

import sys
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QApplication

from studio import __version__
from studio.app.desk import Desk, blank_canvas
from studio.app.places import FONTS, ICONS
from studio.core.form import FormState
from studio.core.jobs import JobQueue
from studio.core.observed import Observed
from studio.core.seeds import draw_seed
from studio.core.settings import BrushState, Settings
from studio.storage.paths import AppPaths
from studio.storage.settings import load_settings
from studio.ui.main_window import MainWindow
from studio.ui.theme import apply_theme


@dataclass(frozen=True, slots=True)
class Front:
    """What a person sees first, before anything that is slow to load."""

    paths: AppPaths
    settings: Settings
    form: Observed[FormState]
    brush: Observed[BrushState]
    queue: JobQueue
    desk: Desk
    window: MainWindow


def run_window(files: list[str]) -> int:
    """Open the window, with `files` in it; returns the exit code once it is closed."""
    app = make_application()
    front = open_front(AppPaths.for_user())
    app.processEvents()  # the first paint; what follows is slower to import
    import qasync

    from studio.app.life import live
    from studio.engine.child import ChildEngine

    with qasync.QEventLoop(app) as loop:
        loop.run_until_complete(live(front, files, ChildEngine()))
    return 0


def make_application() -> QApplication:
    """The Qt application, dressed."""
    app = QApplication(sys.argv[:1])
    # Must come after the application is made, or moves of the pen are lost on X11.
    QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_CompressHighFrequencyEvents, False)
    app.setApplicationName("Underpaint")
    app.setApplicationVersion(__version__)
    app.setDesktopFileName("underpaint")
    app.setQuitOnLastWindowClosed(False)  # the app ends when its work is put away
    apply_theme(app, FONTS)
    return app


def open_front(paths: AppPaths) -> Front:
    """Show the window as it was left, with a blank painting."""
    settings = load_settings(paths.settings)
    form, brush = Observed(settings.form), Observed(settings.brush)
    if not form.value.seed_locked:
        form.change(seed=draw_seed())
    queue = JobQueue()
    desk = Desk(blank_canvas())
    window = MainWindow(form, brush, queue, ICONS)
    window.restore(settings.geometry, settings.docks)
    window.show()
    window.show_canvas(desk.canvas)
    return Front(paths, settings, form, brush, queue, desk, window)
