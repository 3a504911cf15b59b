"""What a person sees and can use, before anything that is slow to load."""

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QApplication

from studio.app.painting.desk import Desk, blank_canvas
from studio.app.places import BRUSHES, FONTS, ICONS
from studio.core.form import FormState
from studio.core.jobs import JobQueue
from studio.core.observed import Observed
from studio.core.seeds import draw_seed
from studio.core.settings import BrushState, Settings
from studio.paint.presets import read_presets
from studio.paint.shelf import BrushShelf
from studio.storage.paths import AppPaths
from studio.ui.main_window import MainWindow
from studio.ui.preferences import Preferences
from studio.ui.theme import apply_theme
from studio.ui.workplace import Workplace


@dataclass(frozen=True, slots=True)
class Front:
    """The window, what is in it, and the state that its widgets show."""

    paths: AppPaths
    settings: Settings
    form: Observed[FormState]
    brush: Observed[BrushState]
    queue: JobQueue
    desk: Desk
    window: MainWindow
    place: Workplace
    shelf: BrushShelf


def furnish(window: MainWindow, paths: AppPaths, settings: Settings) -> Front:
    """Fill the window, as it was left, around a blank painting."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    # Must come after the application is made, or moves of the pen are lost on X11.
    QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_CompressHighFrequencyEvents, False)
    apply_theme(app, FONTS)
    form, brush = Observed(settings.form), Observed(settings.brush)
    if not form.value.seed_locked:
        form.change(seed=draw_seed())
    queue = JobQueue()
    desk = Desk(blank_canvas())
    shelf = BrushShelf(read_presets(BRUSHES.read_text("utf-8")))
    preferences = Preferences(settings.options)
    place = Workplace(window, form, brush, preferences, queue, shelf, ICONS)
    place.restore(settings.docks)
    place.keymap.restore(settings.keys)
    place.show_canvas(desk.canvas)
    return Front(paths, settings, form, brush, queue, desk, window, place, shelf)
