"""The gallery's place in the window: a row below the painting, or a grid where there is room."""

from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow, QWidget

from studio.ui.icons import Icons
from studio.ui.panels.gallery.layout import GAP, USUAL

if TYPE_CHECKING:
    from studio.ui.panels.gallery.panel import GalleryPanel
    from studio.ui.preferences import Preferences

_ROW = USUAL + 2 * GAP + 16
"""Height of one row of pictures and a scroll bar."""

_LARGE = 0.6  # of the window's height


class GalleryDock(QDockWidget):
    """Empty until the panel is asked for, so that the window is there sooner."""

    def __init__(self, window: QMainWindow, icons: Icons, preferences: "Preferences") -> None:
        super().__init__("Gallery", window)
        self._window = window
        self._icons = icons
        self._preferences = preferences
        self._small = _ROW
        feature = QDockWidget.DockWidgetFeature
        self.setFeatures(feature.DockWidgetMovable | feature.DockWidgetFloatable)
        self.setObjectName("dock-gallery")
        room = QWidget()
        room.setMinimumHeight(_ROW)
        self.setWidget(room)

    @cached_property
    def panel(self) -> "GalleryPanel":
        """What is in it; its bar takes the place of a title, and drags the dock as one does."""
        from studio.ui.panels.gallery.panel import GalleryPanel

        panel = GalleryPanel(
            self._icons, self._preferences.picture_side, self._preferences.library_megabytes
        )
        self.setTitleBarWidget(panel.bar)
        self.setWidget(panel)
        return panel

    def toggle_size(self) -> None:
        """Fill most of the window's height, or as little as before."""
        large = round(self._window.height() * _LARGE)
        if self.height() < large * 0.9:
            self._small, height = self.height(), large
        else:
            height = self._small
        self._window.resizeDocks([self], [height], Qt.Orientation.Vertical)
