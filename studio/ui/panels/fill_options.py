"""What bucket and wand take for one region, and how gradients run."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QSlider, QWidget

from studio.core.observed import Observed
from studio.paint.region import MAX_GAP, Likeness
from studio.ui.canvas.fills import GradientForm
from studio.ui.theme import faint_label


class FillOptions(QWidget):
    """Shows and changes a Likeness and a GradientForm."""

    def __init__(self, likeness: Observed[Likeness], gradient: Observed[GradientForm]) -> None:
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
        self._gradient = QComboBox()
        self._gradient.setAccessibleName("Gradient")
        for form in GradientForm:
            self._gradient.addItem(form.value, form)
        self._gradient.setCurrentIndex(self._gradient.findData(gradient.value))
        self._gradient.activated.connect(lambda _: gradient.set(self._gradient.currentData()))
        rows = QFormLayout(self)
        rows.addRow(faint_label("Tolerance"), self._tolerance)
        rows.addRow(faint_label("Closes gaps"), self._gap)
        rows.addRow(self._contiguous)
        rows.addRow(self._all_layers)
        rows.addRow(faint_label("Gradient"), self._gradient)


def _slider(name: str, most: int, value: int) -> QSlider:
    slider = QSlider(Qt.Orientation.Horizontal)
    slider.setMaximum(most)
    slider.setValue(value)
    slider.setAccessibleName(name)
    return slider
