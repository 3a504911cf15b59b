"""Asks how large the painting is to be, and which of its sides stay where they are."""

from collections.abc import Callable

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QGridLayout,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.core.picture import MAX_SIDE
from studio.ui.dialogs.new_painting import whole_number

_ACROSS, _DOWN = ("Left", "Middle", "Right"), ("top", "middle", "bottom")
_MIDDLE = 4


class CanvasSize(QDialog):
    """`answer` gets what of the painting is to be all of it, in its pixels; it may reach out."""

    def __init__(self, parent: QWidget, size: QSize, answer: Callable[[QRect], None]) -> None:
        super().__init__(parent)
        self.setWindowTitle("Canvas size")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._before = size
        self._answer = answer
        self._width = whole_number("Width", MAX_SIDE)
        self._height = whole_number("Height", MAX_SIDE)
        self._width.setValue(size.width())
        self._height.setValue(size.height())
        self._anchor = QButtonGroup(self)
        self._lay_out()

    def accept(self) -> None:
        """Hand on what is shown."""
        super().accept()
        across, down = self._anchor.checkedId() % 3, self._anchor.checkedId() // 3
        size = QSize(self._width.value(), self._height.value())
        more = size - self._before
        if more.width() or more.height():
            corner = QPoint(more.width() * across // 2, more.height() * down // 2)
            self._answer(QRect(-corner, size))

    def _lay_out(self) -> None:
        anchors = QWidget()
        grid = QGridLayout(anchors)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(2)
        for place in range(9):
            button = QToolButton()
            button.setText("•")
            button.setCheckable(True)
            button.setChecked(place == _MIDDLE)
            button.setAccessibleName(f"{_ACROSS[place % 3]} {_DOWN[place // 3]}")
            button.setToolTip("What is there stays there")
            button.setFixedSize(26, 26)
            self._anchor.addButton(button, place)
            grid.addWidget(button, place // 3, place % 3)
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        form = QFormLayout()
        form.addRow("Width", self._width)
        form.addRow("Height", self._height)
        form.addRow("What stays", anchors)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(buttons)
