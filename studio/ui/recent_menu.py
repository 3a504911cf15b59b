"""The files that were opened or saved last, as a menu."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from studio.core.observed import Observed
from studio.core.signal import Signal


class RecentMenu(QMenu):
    """Shows `paths`, last used first. `opening`: it is about to be seen."""

    def __init__(
        self, parent: QWidget, paths: Observed[tuple[str, ...]], chosen: Callable[[str], None]
    ) -> None:
        super().__init__(parent)
        self.opening: Signal[None] = Signal()
        self._paths = paths
        self._chosen = chosen
        self.setToolTipsVisible(True)
        self.aboutToShow.connect(self._fill)

    def grey_out(self, gone: set[str]) -> None:
        """Of the entries, those cannot be chosen: there is no such file any more."""
        for action in self.actions():
            action.setEnabled(action.toolTip() not in gone)

    def _fill(self) -> None:
        self.clear()
        for path in self._paths.value:
            action = QAction(_shown(path), self)
            action.setToolTip(path)
            action.triggered.connect(lambda _=False, path=path: self._chosen(path))
            self.addAction(action)
        self.addSeparator()
        clear = self.addAction("Forget these")
        clear.setEnabled(bool(self._paths.value))
        clear.triggered.connect(lambda: self._paths.set(()))
        self.opening.emit(None)


def _shown(path: str) -> str:
    """The name, and where it lies; no letter of it is a shortcut."""
    place = Path(path)
    return f"{place.name}  ({place.parent.name})".replace("&", "&&")
