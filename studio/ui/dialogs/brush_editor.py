"""Edits what a person's own brush is made of; one can paint with it meanwhile."""

from dataclasses import replace
from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QCloseEvent, QColor, QPixmap
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QSlider,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from studio.core.picture import Size
from studio.paint.brush import Blend, Brush, Tip
from studio.paint.curve import LINEAR, Curve
from studio.paint.preview import stroke_preview
from studio.paint.shelf import BrushShelf
from studio.ui import palette
from studio.ui.dialogs.pressure import CurveEditor
from studio.ui.theme import faint_label

_PREVIEW = Size(320, 72)
_CURVE = 220  # widget pixels a side
_SOON = 250  # ms without a change, after which the brush is put on the shelf
_TIPS = {Tip.ROUND: "Round", Tip.CHALK: "Chalk", Tip.BRISTLE: "Bristles"}
_BLENDS = {Blend.PAINT: "Paints", Blend.ERASE: "Erases", Blend.SMUDGE: "Smudges"}
_CURVES = (("size_curve", "Size"), ("opacity_curve", "Opacity"), ("flow_curve", "Flow"))


class BrushEditor(QDialog):
    """Shows one of the shelf's own brushes, and puts it back there as it is changed.

    It closes when that brush is renamed or deleted.
    """

    def __init__(self, shelf: BrushShelf, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Brush: {name}")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._shelf = shelf
        self._name = name
        self._changes: dict[str, Any] = {}  # fields of the brush that are not on the shelf yet
        self._timer = QTimer(self, singleShot=True, interval=_SOON)
        self._timer.timeout.connect(self._put)
        self._preview = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self._unhook = shelf.changed.connect(lambda _: self._follow())
        self._lay_out()
        self._show_preview()

    def closeEvent(self, event: QCloseEvent) -> None:
        """What was changed last is kept, too."""
        self._unhook()
        self._put()
        super().closeEvent(event)

    @property
    def brush(self) -> Brush:
        """As it is shown."""
        return replace(self._shelf.find(self._name), **self._changes)

    def _lay_out(self) -> None:
        brush = self.brush
        rows = QFormLayout()
        rows.addRow(faint_label("Tip"), self._choice("Tip", "tip", _TIPS, brush.tip))
        rows.addRow(faint_label("Effect"), self._choice("Effect", "blend", _BLENDS, brush.blend))
        for field, title, most in (
            ("grain", "Paper grain", 1.0),
            ("jitter", "Scatter", 1.0),
            ("tilt_size", "Wider when tilted", 4.0),
        ):
            rows.addRow(faint_label(title), self._share(title, field, most))
        pages = QTabWidget()
        for field, title in _CURVES:
            pages.addTab(self._curve_page(field, title), title)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.close)
        layout = QVBoxLayout(self)
        layout.addWidget(self._preview)
        layout.addLayout(rows)
        layout.addWidget(QLabel("What pressing harder changes:"))
        layout.addWidget(pages)
        layout.addWidget(buttons)

    def _choice(self, name: str, field: str, words: dict[Any, str], now: Any) -> QComboBox:
        box = QComboBox()
        box.addItems(list(words.values()))
        box.setAccessibleName(name)
        values = list(words)
        box.setCurrentIndex(values.index(now))
        box.activated.connect(lambda index: self._change(**{field: values[index]}))
        return box

    def _share(self, name: str, field: str, most: float) -> QSlider:
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setMaximum(100)
        slider.setAccessibleName(name)
        slider.setValue(round(getattr(self.brush, field) / most * 100))
        slider.valueChanged.connect(lambda step: self._change(**{field: step / 100 * most}))
        return slider

    def _curve_page(self, field: str, title: str) -> QWidget:
        curve: Curve | None = getattr(self.brush, field)
        follows = QCheckBox(f"{title} follows the pressure")
        follows.setChecked(curve is not None)
        editor = CurveEditor(curve or LINEAR)
        editor.setFixedSize(_CURVE, _CURVE)
        editor.setEnabled(curve is not None)
        editor.setAccessibleName(f"{title} by pressure")

        def tell(_: object) -> None:
            editor.setEnabled(follows.isChecked())
            self._change(**{field: editor.curve if follows.isChecked() else None})

        follows.toggled.connect(tell)
        editor.changed.connect(tell)
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.addWidget(follows)
        layout.addWidget(editor, 0, Qt.AlignmentFlag.AlignHCenter)
        return page

    def _change(self, **values: Any) -> None:
        self._changes |= values
        self._show_preview()
        self._timer.start()

    def _put(self) -> None:
        """On the shelf, from where the next stroke takes it."""
        self._timer.stop()
        brush = self.brush
        if self._changes and self._shelf.is_own(self._name):
            self._changes = {}
            self._shelf.change(self._name, brush)

    def _follow(self) -> None:
        if not self._shelf.is_own(self._name):
            self.close()

    def _show_preview(self) -> None:
        image = stroke_preview(self.brush, _PREVIEW, QColor(palette.TEXT))
        self._preview.setPixmap(QPixmap.fromImage(image))
