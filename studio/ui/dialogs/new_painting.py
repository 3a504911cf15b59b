"""Asks what a new painting is to be like."""

from collections.abc import Callable

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import (
    QColorDialog,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from studio.core.blank import MAX_DPI, TEMPLATES, Blank
from studio.core.picture import MAX_SIDE

_WHITE = "#ffffff"


class NewPainting(QDialog):
    """Templates on the left; size, paper and resolution on the right, where all can be changed."""

    def __init__(self, parent: QWidget, blank: Blank, answer: Callable[[Blank], None]) -> None:
        """`blank` is proposed; `answer` gets what was chosen, if anything is."""
        super().__init__(parent)
        self.setWindowTitle("New painting")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._answer = answer
        self._templates = QListWidget()
        self._templates.setAccessibleName("Templates")
        self._templates.setSpacing(3)
        self._width, self._height = (
            whole_number("Width", MAX_SIDE),
            whole_number("Height", MAX_SIDE),
        )
        self._dpi = whole_number("Resolution", MAX_DPI, " dpi")
        self._paper = QComboBox()
        self._paper.setAccessibleName("Paper")
        self._own = blank.paper if blank.paper not in ("", _WHITE) else "#808080"
        self._fill(blank)
        self._lay_out()
        self._templates.currentRowChanged.connect(self._use_template)
        self._templates.itemActivated.connect(lambda _: self.accept())
        self._paper.activated.connect(self._choose_paper)
        for spin in (self._width, self._height):
            spin.valueChanged.connect(self._mark_template)
        self._mark_template()

    def accept(self) -> None:
        """Hand on what is shown."""
        super().accept()
        blank = Blank(
            width=self._width.value(),
            height=self._height.value(),
            paper=self._paper.currentData(),
            dpi=self._dpi.value(),
        )
        self._answer(blank)

    def _fill(self, blank: Blank) -> None:
        for template in TEMPLATES:
            item = QListWidgetItem(f"{template.name}\n{template.width} x {template.height}")
            self._templates.addItem(item)
        self._width.setValue(blank.width)
        self._height.setValue(blank.height)
        self._dpi.setValue(blank.dpi)
        papers = (("White", _WHITE), ("None: transparent", ""), ("Another colour…", self._own))
        for name, paper in papers:
            self._paper.addItem(name, paper)
        self._paper.setCurrentIndex(self._paper.findData(blank.paper))

    def _lay_out(self) -> None:
        turn = QPushButton("Turn")
        turn.setToolTip("Width and height change places")
        turn.clicked.connect(self._turn)
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        create = buttons.button(QDialogButtonBox.StandardButton.Ok)
        create.setText("Create")
        create.setDefault(True)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        form = QFormLayout()
        form.addRow("Width", self._width)
        form.addRow("Height", self._height)
        form.addRow("", turn)
        form.addRow("Paper", self._paper)
        form.addRow("Resolution", self._dpi)
        sides = QHBoxLayout()
        sides.addWidget(self._templates, 1)
        sides.addLayout(form)
        layout = QVBoxLayout(self)
        layout.addLayout(sides)
        layout.addWidget(buttons)
        self.resize(560, 420)
        self._width.setFocus()

    def _use_template(self, row: int) -> None:
        if row < 0:
            return
        with QSignalBlocker(self._width), QSignalBlocker(self._height):
            self._width.setValue(TEMPLATES[row].width)
            self._height.setValue(TEMPLATES[row].height)

    def _mark_template(self) -> None:
        """Select the template that has this size, or none."""
        size = (self._width.value(), self._height.value())
        sizes = [(each.width, each.height) for each in TEMPLATES]
        with QSignalBlocker(self._templates):
            self._templates.setCurrentRow(sizes.index(size) if size in sizes else -1)

    def _turn(self) -> None:
        width, height = self._width.value(), self._height.value()
        self._width.setValue(height)
        self._height.setValue(width)

    def _choose_paper(self, index: int) -> None:
        if index < 2:
            return
        dialog = QColorDialog(self._paper.itemData(index), self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.colorSelected.connect(lambda colour: self._paper.setItemData(index, colour.name()))
        dialog.open()


def whole_number(name: str, most: int, suffix: str = " px") -> QSpinBox:
    """A field for 1 .. `most`; `name` is for those who cannot see what stands beside it."""
    spin = QSpinBox(minimum=1, maximum=most, suffix=suffix)
    spin.setAccessibleName(name)
    return spin
