"""The panels show what is so, and write what the person does."""

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QLineEdit,
    QListWidget,
    QMainWindow,
    QPlainTextEdit,
    QSlider,
    QToolButton,
)
from pytestqt.qtbot import QtBot

from studio.app.painting.desk import blank_canvas
from studio.app.painting.edit import add_layer
from studio.app.places import ICONS
from studio.core.form import FormState
from studio.core.jobs import JobQueue
from studio.core.observed import Observed
from studio.core.picture import Size
from studio.core.request import GenerationRequest
from studio.ui.actions import ACTIONS, make_actions
from studio.ui.icons import Icons
from studio.ui.panels.advanced import AdvancedSettings
from studio.ui.panels.brush import size_of, step_of
from studio.ui.panels.layers import LayersPanel
from studio.ui.panels.prompt import PromptPanel
from studio.ui.panels.queue import QueuePanel
from studio.ui.panels.strength import StrengthSlider, effect_of


@pytest.fixture
def form() -> Observed[FormState]:
    return Observed(FormState())


@pytest.fixture
def window(qtbot: QtBot) -> QMainWindow:
    window = QMainWindow()
    qtbot.addWidget(window)
    return window


@pytest.fixture
def panel(window: QMainWindow, form: Observed[FormState]) -> PromptPanel:
    icons = Icons(ICONS)
    actions = make_actions(window, icons)
    panel = PromptPanel(form, actions, icons, QueuePanel(JobQueue(), actions))
    panel.show_models(("starter", "other"))
    panel.show_sizes((Size(160, 120), Size(128, 128)))
    window.setCentralWidget(panel)
    window.show()
    return panel


def field(panel: PromptPanel, text: str) -> QLineEdit:
    """The line that shows that text."""
    return next(each for each in panel.findChildren(QLineEdit) if each.text() == text)


def retype(line: QLineEdit, text: str) -> None:
    line.selectAll()
    QTest.keyClicks(line, text)
    QTest.keyClick(line, Qt.Key.Key_Return)


def test_typing_a_prompt_changes_the_form_and_the_form_changes_the_prompt(
    panel: PromptPanel, form: Observed[FormState]
) -> None:
    edit = panel.findChildren(QPlainTextEdit)[0]
    QTest.keyClicks(edit, "a cat")
    assert form.value.prompt == "a cat"
    form.change(prompt="a dog")
    assert edit.toPlainText() == "a dog"


def test_a_typed_seed_is_locked_and_an_impossible_one_is_refused_and_nothing_lost(
    panel: PromptPanel, form: Observed[FormState]
) -> None:
    form.change(seed=12345)
    line = field(panel, "12345")
    retype(line, "4294967295")
    assert (form.value.seed, form.value.seed_locked) == (4294967295, True)
    told: list[str] = []
    panel.refused.connect(told.append)
    for wrong in ("4294967296", "-1", "seven"):
        retype(line, wrong)
        assert form.value.seed == 4294967295
        assert line.text() == "4294967295"
    assert len(told) == 3


def test_leaving_the_seed_field_untouched_does_not_lock_it(
    panel: PromptPanel, form: Observed[FormState]
) -> None:
    form.change(seed=12345)
    line = field(panel, "12345")
    line.setFocus()
    QTest.keyClick(line, Qt.Key.Key_Tab)
    assert not form.value.seed_locked


def test_sizes_can_be_chosen_typed_and_given_back_to_the_canvas(
    panel: PromptPanel, form: Observed[FormState]
) -> None:
    box = next(each for each in panel.findChildren(QComboBox) if each.isEditable())
    line = box.lineEdit()
    assert line is not None
    retype(line, "320x192")
    assert form.value.size == Size(320, 192)
    told: list[str] = []
    panel.refused.connect(told.append)
    retype(line, "huge")
    assert form.value.size == Size(320, 192)
    assert "not a size" in told[0]
    box.setCurrentIndex(0)
    box.activated.emit(0)
    assert form.value.size is None
    assert line.text() == "Canvas shape (160x120)"


def test_the_strength_slider_has_three_named_bands_and_says_what_each_does(qtbot: QtBot) -> None:
    slider = StrengthSlider()
    qtbot.addWidget(slider)
    slider.resize(212, 44)
    heard: list[float] = []
    slider.moved.connect(heard.append)
    for x in (66, 126, 186):  # the names below 0.3, 0.6 and 0.9
        QTest.mouseClick(slider, Qt.MouseButton.LeftButton, pos=QPoint(x, 34))
    assert heard == [0.3, 0.6, 0.9]
    QTest.keyClick(slider, Qt.Key.Key_Home)
    QTest.keyClick(slider, Qt.Key.Key_Right)
    assert heard[3:] == [0.0, 0.01]
    QTest.mouseClick(slider, Qt.MouseButton.LeftButton, pos=QPoint(5000, 10))
    assert heard[-1] == 1.0
    effects = {effect_of(strength) for strength in (0.0, 0.3, 0.6, 0.9, 1.0)}
    assert len(effects) == 5


def test_the_steps_that_are_told_are_those_that_will_run(
    panel: PromptPanel, form: Observed[FormState]
) -> None:
    form.change(steps=20, strength=0.6)
    words = [label.text() for label in panel.findChildren(type(panel._strength_effect))]
    assert any(text.startswith("12 steps") for text in words)


def test_exact_steps_are_told_too(panel: PromptPanel, form: Observed[FormState]) -> None:
    form.change(steps=20, strength=0.6)
    for box in panel.findChildren(QCheckBox):
        if box.text().startswith("All steps"):
            box.click()
    assert form.value.exact_steps
    assert panel._strength_effect.text().startswith("20 steps")


def test_more_settings_unfold_and_write_what_they_show(
    panel: PromptPanel, form: Observed[FormState]
) -> None:
    body = panel.findChildren(AdvancedSettings)[0]._body
    assert not body.isVisible()
    fold = next(each for each in panel.findChildren(QToolButton) if each.text() == "More settings")
    fold.click()
    assert body.isVisible()
    panel.show_upscalers(("sharp", "soft"))
    wanted = FormState(
        schedule="karras",
        noise="canvas",
        variation=0.25,
        variation_seed=2**32 - 1,
        guidance_start=0.2,
        guidance_end=0.8,
        guidance_rescale=0.7,
        clip_skip=2,
        refine_upscaler="soft",
    )
    form.set(wanted)
    boxes = [*body.findChildren(QDoubleSpinBox), *body.findChildren(QComboBox)]
    shown = {each.value() for each in boxes if isinstance(each, QDoubleSpinBox)}
    assert shown == {0.25, 2**32 - 1, 0.2, 0.8, 0.7, 2}
    form.set(FormState())
    for box in boxes:
        if isinstance(box, QComboBox):
            box.setCurrentIndex(box.count() - 1)
            box.activated.emit(box.count() - 1)
        else:
            box.setValue(1)
    assert form.value == FormState(
        schedule="normal",
        noise="canvas",
        variation=1.0,
        variation_seed=1,
        guidance_start=1.0,
        guidance_end=1.0,
        guidance_rescale=1.0,
        clip_skip=1,
        refine_upscaler="soft",
    )


def test_guidance_never_ends_before_it_starts(
    panel: PromptPanel, form: Observed[FormState]
) -> None:
    form.change(guidance_start=0.2, guidance_end=0.6)
    start, end = [box for box in panel.findChildren(QDoubleSpinBox) if "Share" in box.toolTip()]
    start.setValue(0.9)
    assert (form.value.guidance_start, form.value.guidance_end) == (0.9, 0.9)
    end.setValue(0.1)
    assert (form.value.guidance_start, form.value.guidance_end) == (0.1, 0.1)


def test_every_action_has_words_and_no_key_means_two_things() -> None:
    keys = [key for spec in ACTIONS for key in spec.keys]
    assert len(keys) == len(set(keys))
    assert all(spec.text for spec in ACTIONS)
    assert all((ICONS / f"{spec.icon}.svg").is_file() for spec in ACTIONS if spec.icon)


def test_layers_are_hidden_renamed_and_faded_undoably(window: QMainWindow) -> None:
    icons = Icons(ICONS)
    panel = LayersPanel(make_actions(window, icons), icons)
    window.setCentralWidget(panel)
    window.show()
    canvas = blank_canvas(Size(64, 64))
    panel.show_canvas(canvas)
    add_layer(canvas)
    rows = panel.findChild(QListWidget)
    assert rows is not None
    assert [rows.item(row).text() for row in range(3)] == ["Layer 2", "Layer 1", "Paper"]
    top = canvas.document.layers[-1]
    place = rows.visualItemRect(rows.item(0)).topLeft() + QPoint(15, 20)
    QTest.mouseClick(rows.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert not top.visible
    rows.item(0).setText("Sky")
    assert top.name == "Sky"
    rows.item(0).setText("  ")
    assert (top.name, rows.item(0).text()) == ("Sky", "Sky")
    opacity = panel.findChild(QSlider)
    assert opacity is not None
    opacity.setValue(40)
    assert top.opacity == 0.4
    opacity.setValue(30)
    for _ in range(3):
        canvas.undo.undo()
    assert (top.visible, top.name, top.opacity) == (True, "Layer 2", 1.0)


def test_brush_sizes_reach_both_ends_of_the_slider() -> None:
    assert (size_of(0), round(size_of(100))) == (1.0, 500)
    assert all(step_of(size_of(step)) == step for step in range(101))


def test_the_queue_tells_where_a_picture_is_and_how_many_wait(window: QMainWindow) -> None:
    queue = JobQueue()
    panel = QueuePanel(queue, make_actions(window, Icons(ICONS)))
    window.setCentralWidget(panel)
    request = GenerationRequest(model=Path("m"), seed=1, size=Size(8, 8))
    first, _ = queue.add(request), queue.add(request)
    queue.advance(first.id, "Painting", 3, 20)
    assert panel._stage.text() == "Painting, step 3 of 20, 1 waiting"
