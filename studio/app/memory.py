"""Remembers the settings: soon after they change, and once more at the end."""

from pathlib import Path

from PySide6.QtCore import QTimer

from studio.app.painting.files import Files
from studio.app.tasks import Tasks
from studio.core.form import FormState
from studio.core.observed import Observed
from studio.core.settings import BrushState, Settings
from studio.storage.settings import save_settings
from studio.ui.keymap import Keymap
from studio.ui.main_window import MainWindow
from studio.ui.preferences import Preferences

_SOON = 1000  # ms without a change


class Memory:
    """Writes the settings file on the storage thread."""

    def __init__(
        self,
        path: Path,
        form: Observed[FormState],
        brush: Observed[BrushState],
        window: MainWindow,
        files: Files,
        keymap: Keymap,
        preferences: Preferences,
        tasks: Tasks,
    ) -> None:
        self._path = path
        self._form = form
        self._brush = brush
        self._window = window
        self._files = files
        self._keymap = keymap
        self._preferences = preferences
        self._tasks = tasks
        self._timer = QTimer(window, singleShot=True, interval=_SOON)
        self._timer.timeout.connect(self.save)
        form.changed.connect(lambda _: self._timer.start())
        preferences.changed.connect(lambda _: self._timer.start())
        keymap.changed.connect(lambda _: self._timer.start())
        brush.changed.connect(lambda _: self._timer.start())
        files.recent.paths.changed.connect(lambda _: self._timer.start())

    def save(self) -> None:
        """Write everything as it is now."""
        self._timer.stop()
        geometry, docks = self._window.arrangement()
        settings = Settings(
            form=self._form.value,
            brush=self._brush.value,
            options=self._preferences.options,
            geometry=geometry,
            docks=docks,
            folder=self._files.folder,
            recent=self._files.recent.paths.value,
            blank=self._files.blank,
            keys=self._keymap.own,
        )
        self._tasks.start(self._tasks.in_storage(save_settings, self._path, settings))
