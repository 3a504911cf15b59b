"""The window's icons: line drawings in SVG, tinted to the theme."""

from pathlib import Path

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from studio.ui import palette

_SIDES = (18, 36)  # logical pixels at 1x and at 2x


class Icons:
    """Draws the SVG files of one folder; a name is a file's name without its ending."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[tuple[str, str], QIcon] = {}

    def get(self, name: str, colour: str = palette.TEXT) -> QIcon:
        """The icon in that colour, drawn once."""
        if (name, colour) not in self._made:
            self._made[name, colour] = self._draw(name, colour)
        return self._made[name, colour]

    def application(self) -> QIcon:
        """Underpaint's own icon, in its own colours."""
        return QIcon(str(self._folder / "underpaint.svg"))

    def _draw(self, name: str, colour: str) -> QIcon:
        # QtSvg draws currentColor black, so the colour is written into the drawing.
        text = (self._folder / f"{name}.svg").read_text("utf-8").replace("currentColor", colour)
        renderer = QSvgRenderer(QByteArray(text.encode()))
        icon = QIcon()
        for side in _SIDES:
            pixmap = QPixmap(side, side)
            pixmap.fill(Qt.GlobalColor.transparent)
            with QPainter(pixmap) as painter:
                renderer.render(painter, QRectF(0, 0, side, side))
            icon.addPixmap(pixmap)
        return icon
