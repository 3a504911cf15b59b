"""The File menu: what its actions do, and when there is anything for them to do."""

import asyncio

from studio.app.painting.desk import Desk
from studio.app.painting.files import Files
from studio.app.painting.recent import gone
from studio.app.tasks import Tasks
from studio.ui.actions import Actions
from studio.ui.main_window import MainWindow
from studio.ui.recent_menu import RecentMenu


class FileMenu:
    """Connects the actions, and fills the list of files that were used last."""

    def __init__(
        self, window: MainWindow, actions: Actions, desk: Desk, files: Files, tasks: Tasks
    ) -> None:
        self._actions = actions
        self._desk = desk
        self._files = files
        actions["new"].triggered.connect(lambda: files.ask_new())
        actions["open"].triggered.connect(lambda: files.ask_open())
        actions["save"].triggered.connect(lambda: files.save())
        actions["save_as"].triggered.connect(lambda: files.save_as())
        actions["revert"].triggered.connect(lambda: files.revert())
        actions["export"].triggered.connect(lambda: files.export())
        actions["export_again"].triggered.connect(lambda: files.export_again())
        self._recent = RecentMenu(window, files.recent.paths, files.open_if_safe)
        self._recent.opening.connect(lambda _: tasks.start(self._grey_out()))
        actions["recent"].setMenu(self._recent)
        actions["recent"].triggered.connect(lambda: self._recent.popup(window.cursor().pos()))
        desk.touched.connect(lambda _: self._enable())
        self._enable()

    def _enable(self) -> None:
        desk = self._desk
        self._actions["revert"].setEnabled(bool(desk.saved_as) and desk.unsaved)

    async def _grey_out(self) -> None:
        """A drive that is gone may take its time: the menu does not wait for it."""
        paths = self._files.recent.paths.value
        self._recent.grey_out(await asyncio.to_thread(gone, paths))
