"""How the active layer is shown: its mode, its opacity and its switches."""

from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.core.signal import Signal
from studio.paint.layer import Layer
from studio.paint.modes import BlendMode

_SWITCHES = (
    ("locked", "Lock", "Nothing can be painted on this layer, or in this group"),
    ("alpha_locked", "Alpha", "Painting changes colours, but not how much they cover"),
    ("clipped", "Clip", "Show only where the layer below has paint"),
    ("reference", "Ref", "You see this layer, the model does not"),
    ("passed", "Pass", "The group's layers blend with what is below it, one by one"),
)


class LayerControls(QWidget):
    """`changed` carries what the person chose (LayerProps' names), and whether a drag goes on."""

    def __init__(self) -> None:
        super().__init__()
        self.changed: Signal[tuple[dict[str, Any], bool]] = Signal()
        self._dragged = False  # the last change was part of the same drag
        self._modes = QComboBox()
        self._modes.setAccessibleName("Blend mode")
        for mode in BlendMode:
            self._modes.addItem(mode.label, mode)
        self._modes.activated.connect(lambda _: self._tell(mode=self._modes.currentData()))
        self._opacity = QSlider(Qt.Orientation.Horizontal)
        self._opacity.setMaximum(100)
        self._opacity.setAccessibleName("Layer opacity")
        self._opacity.sliderPressed.connect(self._begin_drag)
        self._opacity.valueChanged.connect(self._fade)
        self._percent = QLabel()
        self._switches: dict[str, QToolButton] = {}
        self._lay_out()

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.addWidget(self._modes)
        top.addWidget(self._opacity, 1)
        top.addWidget(self._percent)
        switches = QHBoxLayout()
        switches.setSpacing(2)
        for name, text, tip in _SWITCHES:
            button = QToolButton()
            button.setText(text)
            button.setToolTip(tip)
            button.setCheckable(True)
            button.clicked.connect(lambda on, name=name: self._switch(name, on))
            switches.addWidget(button)
            self._switches[name] = button
        switches.addStretch()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(top)
        layout.addLayout(switches)

    def show_layer(self, layer: Layer | None, mask: bool) -> None:
        """Show a layer's properties. Of a mask, only the lock means anything."""
        self.setEnabled(layer is not None)
        if layer is None:
            return
        props = layer.props
        self._modes.setEnabled(not mask)
        self._modes.setCurrentIndex(self._modes.findData(props.mode))
        self._opacity.setEnabled(not mask)
        with QSignalBlocker(self._opacity):
            self._opacity.setValue(round(props.opacity * 100))
        self._percent.setText(f"{round(props.opacity * 100)} %")
        for name, button in self._switches.items():
            on = not props.isolated if name == "passed" else getattr(props, name)
            button.setChecked(on)
            button.setVisible(not mask or name == "locked")
        self._switches["alpha_locked"].setVisible(not mask and not layer.is_group)
        self._switches["passed"].setVisible(not mask and layer.is_group)

    def _begin_drag(self) -> None:
        self._dragged = False

    def _fade(self, percent: int) -> None:
        self.changed.emit(({"opacity": percent / 100}, self._dragged))
        self._dragged = True
        self._percent.setText(f"{percent} %")

    def _switch(self, name: str, on: bool) -> None:
        if name == "passed":
            self._tell(isolated=not on)
        else:
            self._tell(**{name: on})

    def _tell(self, **values: Any) -> None:
        self._dragged = False
        self.changed.emit((values, False))
