"""The prompt panel: everything that decides the next picture."""

from collections.abc import Callable

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QSizePolicy,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.core.errors import UserError
from studio.core.example import EXAMPLE_PROMPT
from studio.core.form import FormState
from studio.core.observed import Observed
from studio.core.picture import Size
from studio.core.prompt_syntax import LoraTag, write_lora
from studio.core.request import (
    MAX_GUIDANCE,
    MAX_REFINE,
    MAX_STEPS,
    SAMPLER_NAMES,
    SAMPLERS,
    schedule_steps,
    steps_to_run,
)
from studio.core.seeds import check_seed
from studio.core.signal import Signal
from studio.ui.actions import Actions
from studio.ui.icons import Icons
from studio.ui.panels.advanced import AdvancedSettings
from studio.ui.panels.strength import StrengthSlider, effect_of
from studio.ui.theme import faint_label


class PromptPanel(QWidget):
    """Widgets for a FormState: they write into `form` and show what it holds.

    `refused` carries a sentence when what was typed cannot be used; the form keeps its value.
    """

    def __init__(
        self, form: Observed[FormState], actions: Actions, icons: Icons, queue: QWidget
    ) -> None:
        super().__init__()
        self._form = form
        self._icons = icons
        self._lock = actions["lock_seed"]
        self.refused: Signal[str] = Signal()
        self._make_words()
        self._make_numbers()
        self._make_strength()
        self._make_refine()
        self._advanced = AdvancedSettings(form)
        self._lay_out(actions, queue)
        form.changed.connect(self._show)
        self._show(form.value)

    def show_models(self, names: tuple[str, ...]) -> None:
        """Offer these models; the first is the one that comes with the app."""
        with QSignalBlocker(self._model):
            self._model.clear()
            for name in names:
                self._model.addItem(name, "" if name == names[0] else name)
        self._show(self._form.value)

    def show_sizes(self, sizes: tuple[Size, ...], framed: bool = False) -> None:
        """Offer these sizes; the first is what the shape of the canvas, or its frame, comes to."""
        with QSignalBlocker(self._size):
            self._size.clear()
            self._size.addItem(f"{'Frame' if framed else 'Canvas'} shape ({sizes[0]})", None)
            for size in sizes[1:]:
                self._size.addItem(str(size), size)
        self._show(self._form.value)

    def show_adapters(self, loras: tuple[str, ...], vaes: tuple[str, ...]) -> None:
        """Offer these LoRAs, as tags for the prompt, and these VAEs."""
        menu = self._loras.menu()
        menu.clear()
        for name in loras:
            menu.addAction(name).triggered.connect(lambda _=False, n=name: self._add_lora(n))
        if not loras:
            menu.addAction("There are none in the folder for LoRAs").setEnabled(False)
        self._advanced.show_vaes(vaes)

    def show_upscalers(self, names: tuple[str, ...]) -> None:
        """Offer these networks for refining."""
        self._advanced.show_upscalers(names)

    # making the widgets

    def _make_words(self) -> None:
        self._model = QComboBox()
        self._model.setToolTip("The model that paints")
        self._model.activated.connect(
            lambda index: self._form.change(model=self._model.itemData(index))
        )
        self._loras = QToolButton()
        self._loras.setText("LoRA")
        self._loras.setToolTip("Add a LoRA to the prompt")
        self._loras.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._loras.setMenu(QMenu(self._loras))
        self._prompt = QPlainTextEdit(placeholderText=f"What to paint: {EXAMPLE_PROMPT}")
        self._prompt.setAccessibleName("Prompt")
        self._negative = QPlainTextEdit(placeholderText="What to leave out")
        self._negative.setAccessibleName("Negative prompt")
        for edit, high, name in ((self._prompt, 96, "prompt"), (self._negative, 44, "negative")):
            edit.setFixedHeight(high)
            edit.setTabChangesFocus(True)
            edit.textChanged.connect(self._write_text(edit, name))

    def _make_numbers(self) -> None:
        self._size = QComboBox(editable=True, insertPolicy=QComboBox.InsertPolicy.NoInsert)
        self._size.setToolTip("Width x height in pixels, or the canvas's own shape")
        self._size.activated.connect(self._take_size_item)
        line = QLineEdit()
        self._size.setLineEdit(line)
        line.editingFinished.connect(self._take_size_text)
        self._steps = QSpinBox(minimum=1, maximum=MAX_STEPS)
        self._steps.valueChanged.connect(lambda value: self._form.change(steps=value))
        self._guidance = QDoubleSpinBox(maximum=MAX_GUIDANCE, decimals=1, singleStep=0.5)
        self._guidance.setToolTip("How strictly the words are followed")
        self._guidance.valueChanged.connect(lambda value: self._form.change(guidance=value))
        self._sampler = QComboBox()
        for sampler in SAMPLERS:
            self._sampler.addItem(SAMPLER_NAMES[sampler], sampler)
        self._sampler.activated.connect(
            lambda index: self._form.change(sampler=self._sampler.itemData(index))
        )
        self._seed = QLineEdit()
        self._seed.setToolTip("The same seed and the same settings give the same picture")
        self._seed.editingFinished.connect(self._take_seed)

    def _make_strength(self) -> None:
        self._strength = StrengthSlider()
        self._strength.moved.connect(lambda value: self._form.change(strength=value))
        self._strength_value = QLabel()
        self._strength_effect = faint_label()
        self._strength_effect.setWordWrap(True)
        # Two lines always, of any width: the panel must not move with the words.
        self._strength_effect.setFixedHeight(2 * self._strength_effect.fontMetrics().height() + 4)
        self._strength_effect.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._strength_effect.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def _make_refine(self) -> None:
        self._refine = QCheckBox("Refine")
        self._refine.setToolTip("Upscale the picture, then work its details out in a second pass")
        self._refine.toggled.connect(lambda on: self._form.change(refine=on))
        self._factor = QDoubleSpinBox(minimum=1, maximum=MAX_REFINE, singleStep=0.5, decimals=1)
        self._factor.setPrefix("×")  # noqa: RUF001 - the sign for "times"
        self._factor.valueChanged.connect(lambda value: self._form.change(refine_factor=value))
        self._refine_strength = QDoubleSpinBox(maximum=1, singleStep=0.05, decimals=2)
        self._refine_strength.setToolTip("How much the second pass may change")
        self._refine_strength.valueChanged.connect(
            lambda value: self._form.change(refine_strength=value)
        )

    def _lay_out(self, actions: Actions, queue: QWidget) -> None:
        numbers = QFormLayout(labelAlignment=Qt.AlignmentFlag.AlignLeft, horizontalSpacing=12)
        numbers.addRow("Model", _row(self._model, self._loras))
        numbers.addRow("Size", self._size)
        numbers.addRow("Steps", _row(self._steps, QLabel("Guidance"), self._guidance))
        numbers.addRow("Sampler", self._sampler)
        seed = _row(self._seed, _button(actions["new_seed"]), _button(self._lock))
        numbers.addRow("Seed", seed)
        refine = _row(self._refine, self._factor, QLabel("at"), self._refine_strength)
        layout = QVBoxLayout(self)
        layout.setSpacing(8)
        layout.addWidget(self._prompt)
        layout.addWidget(self._negative)
        layout.addWidget(queue)
        layout.addLayout(numbers)
        layout.addSpacing(4)
        layout.addWidget(_row(QLabel("Strength"), self._strength_value))
        layout.addWidget(self._strength)
        layout.addWidget(self._strength_effect)
        layout.addSpacing(4)
        layout.addWidget(refine)
        layout.addWidget(self._advanced)
        layout.addStretch()

    # from the widgets to the form

    def _add_lora(self, name: str) -> None:
        words = self._prompt.toPlainText().rstrip()
        try:
            tag = write_lora(LoraTag(name, 1.0))
        except UserError as error:
            self._refuse(error)
            return
        self._prompt.setPlainText(f"{words} {tag}" if words else tag)

    def _write_text(self, edit: QPlainTextEdit, name: str) -> Callable[[], None]:
        return lambda: self._form.change(**{name: edit.toPlainText()})

    def _take_size_item(self, index: int) -> None:
        self._form.change(size=self._size.itemData(index))

    def _take_size_text(self) -> None:
        text = self._size.currentText()
        index = self._size.findText(text)
        if index >= 0:
            self._form.change(size=self._size.itemData(index))
            return
        try:
            self._form.change(size=Size.parse(text))
        except UserError as error:
            self._refuse(error)

    def _take_seed(self) -> None:
        if not self._seed.isModified():  # only left, not typed into
            return
        text = self._seed.text().strip()
        try:
            if not text.isdecimal():
                raise UserError(f"'{text}' is not a seed.", "Type a whole number.")
            self._form.change(seed=check_seed(int(text)), seed_locked=True)
        except UserError as error:
            self._refuse(error)

    def _refuse(self, error: UserError) -> None:
        self._show(self._form.value)
        self.refused.emit(str(error))

    # from the form to the widgets

    def _show(self, state: FormState) -> None:
        for edit, text in ((self._prompt, state.prompt), (self._negative, state.negative)):
            if edit.toPlainText() != text:
                edit.setPlainText(text)
        self._steps.setValue(state.steps)
        self._guidance.setValue(state.guidance)
        self._model.setCurrentIndex(max(0, self._model.findData(state.model)))
        self._sampler.setCurrentIndex(SAMPLERS.index(state.sampler))
        self._show_size(state.size)
        self._show_seed(state)
        self._strength.set_value(state.strength)
        self._show_strength(state)
        self._refine.setChecked(state.refine)
        self._factor.setValue(state.refine_factor)
        self._refine_strength.setValue(state.refine_strength)
        self._factor.setEnabled(state.refine)
        self._refine_strength.setEnabled(state.refine)

    def _show_size(self, size: Size | None) -> None:
        index = self._size.findText(str(size)) if size else 0
        if index >= 0:
            self._size.setCurrentIndex(index)
        self._size.setEditText(self._size.itemText(0) if size is None else str(size))

    def _show_seed(self, state: FormState) -> None:
        if self._seed.text() != str(state.seed):
            self._seed.setText(str(state.seed))
        self._lock.setIcon(self._icons.get("lock" if state.seed_locked else "lock-open"))
        self._lock.setToolTip(
            "The seed is kept: click for a fresh one each time"
            if state.seed_locked
            else "A fresh seed each time: click to keep this one"
        )

    def _show_strength(self, state: FormState) -> None:
        self._strength_value.setText(f"{state.strength:.2f}")
        whole = schedule_steps(state.steps, state.strength, exact=state.exact_steps)
        steps = steps_to_run(whole, state.strength)
        will = "no step" if steps == 0 else "1 step" if steps == 1 else f"{steps} steps"
        self._strength_effect.setText(f"{will}: {effect_of(state.strength)}")


def _row(*widgets: QWidget) -> QWidget:
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    for widget in widgets:
        grows = isinstance(widget, QLineEdit | QSpinBox | QDoubleSpinBox | QComboBox)
        layout.addWidget(widget, 1 if grows else 0)
    if not any(isinstance(widget, QLineEdit | QSpinBox | QComboBox) for widget in widgets):
        layout.addStretch(1)
    return row


def _button(action: QAction) -> QToolButton:
    button = QToolButton()
    button.setDefaultAction(action)
    return button
