"""The finer settings of a picture, folded away until they are wanted."""

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.core.form import FormState
from studio.core.observed import Observed
from studio.core.request import MAX_CLIP_SKIP, NOISE_MODES, SCHEDULES, NoiseMode, Schedule
from studio.core.seeds import SEEDS

SCHEDULE_NAMES: dict[Schedule, str] = {
    "auto": "What suits the sampler",
    "model": "The model's own",
    "karras": "Karras",
    "exponential": "Exponential",
    "sgm_uniform": "SGM uniform",
    "normal": "Normal",
}
NOISE_NAMES: dict[NoiseMode, str] = {
    "native": "Made for the size",
    "canvas": "The same in every shape",
}
FILTER = "A bicubic filter"


class AdvancedSettings(QWidget):
    """A button that unfolds the finer settings of a FormState."""

    def __init__(self, form: Observed[FormState]) -> None:
        super().__init__()
        self._form = form
        self._shows: list[Callable[[FormState], None]] = []
        self._upscaler = self._choice("refine_upscaler", {"": FILTER})
        self._vae = self._choice("vae", {"": "The model's own"})
        self._body = QWidget()
        self._body.setVisible(False)
        self._lay_out()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._fold())
        layout.addWidget(self._body)
        form.changed.connect(self._show)
        self._show(form.value)

    def show_upscalers(self, names: tuple[str, ...]) -> None:
        """Offer these networks beside the filter."""
        self._offer(self._upscaler, names)

    def show_vaes(self, names: tuple[str, ...]) -> None:
        """Offer these VAEs beside the model's own."""
        self._offer(self._vae, names)

    def _offer(self, box: QComboBox, names: tuple[str, ...]) -> None:
        """Under the first item, which stands for none."""
        with QSignalBlocker(box):
            while box.count() > 1:
                box.removeItem(1)
            for name in names:
                box.addItem(name, name)
        self._show(self._form.value)

    def _fold(self) -> QToolButton:
        fold = QToolButton(autoRaise=True)
        fold.setText("More settings")
        fold.setCheckable(True)
        fold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        fold.setArrowType(Qt.ArrowType.RightArrow)

        def unfold(on: bool) -> None:
            fold.setArrowType(Qt.ArrowType.DownArrow if on else Qt.ArrowType.RightArrow)
            self._body.setVisible(on)

        fold.toggled.connect(unfold)
        return fold

    def _lay_out(self) -> None:
        rows = QFormLayout(self._body, horizontalSpacing=12)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
        exact = QCheckBox("All steps at every strength")
        exact.setToolTip("Otherwise a strength of 0.5 runs half of the steps")
        exact.toggled.connect(lambda on: self._form.change(exact_steps=on))
        self._shows.append(lambda state: exact.setChecked(state.exact_steps))
        schedule = {each: SCHEDULE_NAMES[each] for each in SCHEDULES}
        noise = {each: NOISE_NAMES[each] for each in NOISE_MODES}
        amount = self._share("variation", "0 is the seed's own picture, 1 the other seed's")
        other = self._whole("variation_seed", 0, SEEDS - 1, "The seed to vary towards")
        rows.addRow("", exact)
        rows.addRow("Schedule", self._choice("schedule", schedule))
        rows.addRow("Vary by", amount)
        rows.addRow("towards seed", other)
        rows.addRow("Noise", self._choice("noise", noise))
        rows.addRow("Guide from", self._share("guidance_start", "Share of the run, 0 to 1"))
        rows.addRow("to", self._share("guidance_end", "Share of the run, 0 to 1"))
        rows.addRow("Rescale", self._share("guidance_rescale", "Against glare at high guidance"))
        skip = "Which layer of a CLIP text encoder is used, counted from its end"
        rows.addRow("Clip skip", self._whole("clip_skip", 1, MAX_CLIP_SKIP, skip))
        rows.addRow("Enlarge with", self._upscaler)
        rows.addRow("VAE", self._vae)

    def _share(self, name: str, hint: str) -> QDoubleSpinBox:
        return self._number(name, QDoubleSpinBox(maximum=1, singleStep=0.05, decimals=2), hint)

    def _whole(self, name: str, low: int, high: int, hint: str) -> QDoubleSpinBox:
        # QSpinBox ends at 2**31 - 1, below the largest seeds.
        return self._number(name, QDoubleSpinBox(minimum=low, maximum=high, decimals=0), hint)

    def _number(self, name: str, box: QDoubleSpinBox, hint: str) -> QDoubleSpinBox:
        kind = type(getattr(self._form.value, name))
        box.setToolTip(hint)
        box.valueChanged.connect(lambda value: self._write(name, kind(value)))
        self._shows.append(lambda state: box.setValue(getattr(state, name)))
        return box

    def _choice(self, name: str, names: Mapping[Any, str]) -> QComboBox:
        box = QComboBox()
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        for value, words in names.items():
            box.addItem(words, value)
        box.activated.connect(lambda index: self._write(name, box.itemData(index)))
        self._shows.append(
            lambda state: box.setCurrentIndex(max(0, box.findData(getattr(state, name))))
        )
        return box

    def _write(self, name: str, value: Any) -> None:
        state = self._form.value
        # Guidance cannot end before it starts: the end that is not being moved gives way.
        late = name == "guidance_start" and value > state.guidance_end
        early = name == "guidance_end" and value < state.guidance_start
        if late or early:
            self._form.change(guidance_start=value, guidance_end=value)
        else:
            self._form.change(**{name: value})

    def _show(self, state: FormState) -> None:
        for show in self._shows:
            show(state)
