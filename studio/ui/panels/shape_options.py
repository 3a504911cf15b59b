"""How rectangles and ellipses look."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPixmap
from PySide6.QtWidgets import QColorDialog, QComboBox, QFormLayout, QToolButton, QWidget

from studio.core.observed import Observed
from studio.ui.canvas.shapes import ShapeLook, ShapeStyle
from studio.ui.theme import faint_label


class ShapeOptions(QWidget):
    """Shows and changes a ShapeStyle."""

    def __init__(self, style: Observed[ShapeStyle]) -> None:
        super().__init__()
        self._style = style
        self._look = QComboBox()
        self._look.setAccessibleName("Rectangles and ellipses")
        for look in ShapeLook:
            self._look.addItem(look.value, look)
        self._look.activated.connect(lambda _: style.change(look=self._look.currentData()))
        self._inside = QToolButton()
        self._inside.setToolTip("Colour within the outline")
        self._inside.clicked.connect(self._choose_colour)
        rows = QFormLayout(self)
        rows.addRow(faint_label("Shapes"), self._look)
        rows.addRow(faint_label("Inside"), self._inside)
        style.changed.connect(self._show)
        self._show(style.value)

    def _show(self, style: ShapeStyle) -> None:
        self._look.setCurrentIndex(self._look.findData(style.look))
        self._inside.setEnabled(style.look is ShapeLook.BOTH)
        pixmap = QPixmap(22, 22)
        pixmap.fill(QColor(style.inside))
        self._inside.setIcon(pixmap)

    def _choose_colour(self) -> None:
        dialog = QColorDialog(QColor(self._style.value.inside), self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.currentColorChanged.connect(lambda colour: self._style.change(inside=colour.name()))
        dialog.open()
