"""Shows over the paper what is not selected, and where the model may paint."""

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter

from studio.paint.canvas import Canvas
from studio.paint.selection import Selection
from studio.paint.tiles import TileKey, blank_tile, keys_in, tile_rect
from studio.ui.canvas.viewport import Viewport

_OUT = QPainter.CompositionMode.CompositionMode_DestinationOut
_VEIL = QColor(40, 40, 60, 110)
_TINT = 0.55  # how much of a painted strength is shown


class Veils:
    """Draws both in the document's own pixels; veiled tiles are kept as long as they hold."""

    def __init__(self) -> None:
        self._selection: Selection | None = None
        self._tiles: dict[TileKey, QImage] = {}

    def draw(self, painter: QPainter, canvas: Canvas, viewport: Viewport, area: QRect) -> None:
        """Draw what of them lies in `area`, widget pixels."""
        selection, sheet = canvas.selection.value, canvas.strength
        if selection is None and sheet.blank:
            return
        if selection is not self._selection:
            self._selection, self._tiles = selection, {}
        visible = viewport.from_widget(QRectF(area)).toAlignedRect()
        painter.save()
        painter.setClipRect(area)
        painter.setTransform(viewport.transform, True)
        painter.setClipRect(canvas.document.rect, Qt.ClipOperation.IntersectClip)
        for key in keys_in(visible.intersected(canvas.document.rect)):
            if selection is not None:
                painter.drawImage(tile_rect(key).topLeft(), self._veiled(key, selection))
            tint = sheet.layer.tiles.get(key)
            if tint is not None:
                painter.setOpacity(_TINT)
                painter.drawImage(tile_rect(key).topLeft(), tint)
                painter.setOpacity(1.0)
        painter.restore()

    def _veiled(self, key: TileKey, selection: Selection) -> QImage:
        if key not in self._tiles:
            tile = self._tiles[key] = blank_tile()
            mask = selection.tile(key)
            with QPainter(tile) as painter:
                painter.fillRect(tile.rect(), _VEIL)
                if mask is not None:
                    painter.setCompositionMode(_OUT)
                    painter.drawImage(0, 0, mask)
        return self._tiles[key]
