"""What bucket and wand take for one region."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QFormLayout, QSlider, QWidget

from studio.core.observed import Observed
from studio.paint.region import MAX_GAP, Likeness
from studio.ui.theme import faint_label


class FillOptions(QWidget):
    """Shows and changes a Likeness."""

    def __init__(self, likeness: Observed[Likeness]) -> None:
        super().__init__()
        start = likeness.value
        self._tolerance = _slider("Tolerance", 255, start.tolerance)
        self._gap = _slider("Closes gaps", MAX_GAP, start.gap)
        self._contiguous = QCheckBox("Only what hangs together")
        self._contiguous.setChecked(start.contiguous)
        self._all_layers = QCheckBox("Look at all layers")
        self._all_layers.setChecked(start.all_layers)
        self._tolerance.valueChanged.connect(lambda value: likeness.change(tolerance=value))
        self._gap.valueChanged.connect(lambda value: likeness.change(gap=value))
        self._contiguous.toggled.connect(lambda on: likeness.change(contiguous=on))
        self._all_layers.toggled.connect(lambda on: likeness.change(all_layers=on))
        rows = QFormLayout(self)
        rows.addRow(faint_label("Tolerance"), self._tolerance)
        rows.addRow(faint_label("Closes gaps"), self._gap)
        rows.addRow(self._contiguous)
        rows.addRow(self._all_layers)


def _slider(name: str, most: int, value: int) -> QSlider:
    slider = QSlider(Qt.Orientation.Horizontal)
    slider.setMaximum(most)
    slider.setValue(value)
    slider.setAccessibleName(name)
    return slider
