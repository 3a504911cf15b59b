"""The brush panel: presets to choose from, and how the chosen one behaves."""

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from studio.core.observed import Observed
from studio.core.picture import Size
from studio.core.settings import BrushState, Smoothing
from studio.core.signal import Signal
from studio.paint.brush import Brush
from studio.paint.presets import Preset
from studio.paint.preview import stroke_preview
from studio.paint.shelf import BrushShelf
from studio.paint.symmetry import NO_SYMMETRY, Symmetry
from studio.ui import palette
from studio.ui.canvas.tools import brush_from
from studio.ui.theme import faint_label

_ICON = Size(92, 30)
_SMOOTHINGS = {
    Smoothing.NONE: "No smoothing",
    Smoothing.EURO: "Steady hand",
    Smoothing.STRING: "Pulled string",
}
_SYMMETRIES = {
    "No symmetry": NO_SYMMETRY,
    "Left and right": Symmetry(vertical=True),
    "Top and bottom": Symmetry(horizontal=True),
    "Both ways": Symmetry(vertical=True, horizontal=True),
    **{f"Around, {n} times": Symmetry(radial=n) for n in (3, 4, 5, 6, 8, 12)},
}


class BrushPanel(QWidget):
    """Shows and changes a BrushState, the shelf that it comes from, and the symmetry."""

    def __init__(
        self, brush: Observed[BrushState], shelf: BrushShelf, symmetry: Observed[Symmetry]
    ) -> None:
        super().__init__()
        self._brush = brush
        self._shelf = shelf
        self._list = QListWidget()
        self._list.setAccessibleName("Brushes")
        self._list.setIconSize(QSize(_ICON.width, _ICON.height))
        self._list.setMinimumHeight(120)
        self._list.setMaximumHeight(270)
        self._flow = self._slider("Flow", lambda value: brush.change(flow=value / 100))
        self._spacing = self._slider("Spacing", lambda value: brush.change(spacing=value / 100), 1)
        self._smoothness = self._slider(
            "Smoothness", lambda value: brush.change(smoothness=value / 100)
        )
        self._smoothing = self._choice("Smoothing", list(_SMOOTHINGS.values()))
        self._symmetry = self._choice("Symmetry", list(_SYMMETRIES))
        self.edit: Signal[str] = Signal()  # the name of an own brush that shall be edited
        self._icons: dict[str, tuple[Brush, QIcon]] = {}
        self._save = QPushButton("Keep as new")
        self._edit = QPushButton("Edit…")
        self._edit.setToolTip("Tip, grain and pressure. A brush of ours is kept as your own first")
        self._delete = QPushButton("Delete")
        self._painter = QTimer(self, interval=0)  # previews, one at a time, when there is time
        self._lay_out()
        self._connect(symmetry)
        self._refill()
        self._show(brush.value)

    def _slider(self, name: str, moved: Callable[[int], object], low: int = 0) -> QSlider:
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setRange(low, 100)
        slider.setAccessibleName(name)
        slider.valueChanged.connect(moved)
        return slider

    def _choice(self, name: str, words: list[str]) -> QComboBox:
        box = QComboBox()
        box.addItems(words)
        box.setAccessibleName(name)
        return box

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.addWidget(self._save, 1)
        buttons.addWidget(self._edit)
        buttons.addWidget(self._delete)
        rows = QFormLayout()
        rows.addRow(faint_label("Flow"), self._flow)
        rows.addRow(faint_label("Spacing"), self._spacing)
        rows.addRow(self._smoothing, self._smoothness)
        rows.addRow(faint_label("Symmetry"), self._symmetry)
        layout = QVBoxLayout(self)
        layout.addWidget(self._list, 1)
        layout.addLayout(buttons)
        layout.addLayout(rows)

    def _connect(self, symmetry: Observed[Symmetry]) -> None:
        self._list.currentItemChanged.connect(lambda item, _: self._choose(item))
        self._list.itemChanged.connect(self._rename)
        self._save.clicked.connect(self._keep)
        self._edit.clicked.connect(self._begin_edit)
        self._delete.clicked.connect(lambda: self._shelf.remove(self._brush.value.preset))
        kinds = list(_SMOOTHINGS)
        self._smoothing.activated.connect(
            lambda index: self._brush.change(smoothing=kinds[index].value)
        )
        modes = list(_SYMMETRIES.values())
        self._symmetry.activated.connect(lambda index: symmetry.set(modes[index]))
        self._painter.timeout.connect(self._paint_next)
        self._brush.changed.connect(self._show)
        self._shelf.changed.connect(lambda _: self._refill())

    def _choose(self, item: QListWidgetItem | None) -> None:
        if item is None:
            return
        name = item.data(Qt.ItemDataRole.UserRole)
        brush = self._shelf.find(name)
        self._brush.change(
            preset=name,
            size=brush.size,
            hardness=brush.hardness,
            opacity=brush.opacity,
            flow=brush.flow,
            spacing=brush.spacing,
            smoothing=brush.smoothing.value,
            smoothness=brush.smoothness,
        )

    def _keep(self) -> None:
        """The brush in hand becomes an own one, whose name can be typed at once."""
        self._add()
        self._list.editItem(self._list.currentItem())

    def _add(self) -> None:
        state = self._brush.value
        brush = replace(brush_from(state, self._shelf), colour=Brush().colour)
        name = self._shelf.add(state.preset, brush)
        self._brush.change(preset=name)

    def _begin_edit(self) -> None:
        if not self._shelf.is_own(self._brush.value.preset):
            self._add()
        self.edit.emit(self._brush.value.preset)

    def _rename(self, item: QListWidgetItem) -> None:
        name = item.data(Qt.ItemDataRole.UserRole)
        if item.text() == name:
            return
        new = self._shelf.rename(name, item.text())
        if new == name:
            item.setText(name)
        elif self._brush.value.preset == name:
            self._brush.change(preset=new)

    def _refill(self) -> None:
        with QSignalBlocker(self._list):
            self._list.clear()
            for preset in self._shelf.all:
                item = QListWidgetItem(preset.name)
                item.setData(Qt.ItemDataRole.UserRole, preset.name)
                if self._shelf.is_own(preset.name):
                    item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
                self._set_icon(item, preset)
                self._list.addItem(item)
        self._select(self._brush.value.preset)
        self._painter.start()

    def _paint_next(self) -> None:
        for row, preset in enumerate(self._shelf.all):
            item = self._list.item(row)
            if item.icon().isNull():
                self._draw_icon(preset)
                self._set_icon(item, preset)
                return
        self._painter.stop()

    def _draw_icon(self, preset: Preset) -> None:
        image = stroke_preview(preset.brush, _ICON, QColor(palette.TEXT))
        self._icons[preset.name] = preset.brush, QIcon(QPixmap.fromImage(image))

    def _set_icon(self, item: QListWidgetItem, preset: Preset) -> None:
        """The one that was drawn for this brush, if there is one."""
        brush, icon = self._icons.get(preset.name, (None, None))
        if icon is not None and brush == preset.brush:
            with QSignalBlocker(self._list):
                item.setIcon(icon)

    def _select(self, name: str) -> None:
        self._list.blockSignals(True)
        for row in range(self._list.count()):
            if self._list.item(row).data(Qt.ItemDataRole.UserRole) == name:
                self._list.setCurrentRow(row)
        self._list.blockSignals(False)
        self._delete.setEnabled(self._shelf.is_own(name))

    def _show(self, state: BrushState) -> None:
        values = (
            (self._flow, state.flow),
            (self._spacing, state.spacing),
            (self._smoothness, state.smoothness),
        )
        for slider, value in values:
            slider.blockSignals(True)
            slider.setValue(round(value * 100))
            slider.blockSignals(False)
        self._smoothing.setCurrentIndex(list(_SMOOTHINGS).index(Smoothing(state.smoothing)))
        self._smoothness.setEnabled(state.smoothing != Smoothing.NONE)
        self._select(state.preset)
