"""The brush panel and the options of bucket and wand."""

import pytest
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QListWidget,
    QPushButton,
    QSlider,
    QWidget,
)
from pytestqt.qtbot import QtBot

from studio.app.places import BRUSHES
from studio.core.observed import Observed
from studio.core.settings import BrushState
from studio.paint.brush import Blend, Tip
from studio.paint.curve import Curve
from studio.paint.presets import read_presets
from studio.paint.region import Likeness
from studio.paint.shelf import BrushShelf
from studio.paint.symmetry import NO_SYMMETRY, Symmetry
from studio.ui.canvas.fills import GradientForm
from studio.ui.canvas.tools import brush_from
from studio.ui.dialogs.brush_editor import BrushEditor
from studio.ui.dialogs.pressure import CurveEditor
from studio.ui.panels.brushes import BrushPanel
from studio.ui.panels.fill_options import FillOptions
from tests.named import named


@pytest.fixture
def brush() -> Observed[BrushState]:
    return Observed(BrushState())


@pytest.fixture
def shelf() -> BrushShelf:
    return BrushShelf(read_presets(BRUSHES.read_text("utf-8")))


@pytest.fixture
def symmetry() -> Observed[Symmetry]:
    return Observed(NO_SYMMETRY)


@pytest.fixture
def panel(
    qtbot: QtBot,
    brush: Observed[BrushState],
    shelf: BrushShelf,
    symmetry: Observed[Symmetry],
) -> BrushPanel:
    panel = BrushPanel(brush, shelf, symmetry)
    qtbot.addWidget(panel)
    panel.show()
    return panel


def rows(panel: QWidget) -> list[str]:
    brushes = named(panel, "Brushes", QListWidget)
    return [brushes.item(row).text() for row in range(brushes.count())]


def test_choosing_a_brush_takes_over_all_that_it_says_but_not_the_colour(panel, brush, shelf):
    brush.change(colour="#123456")
    brushes = named(panel, "Brushes", QListWidget)
    brushes.setCurrentRow(rows(panel).index("Soft airbrush"))
    chosen = shelf.find("Soft airbrush")
    assert brush.value == BrushState(
        preset="Soft airbrush",
        size=chosen.size,
        hardness=chosen.hardness,
        opacity=chosen.opacity,
        flow=chosen.flow,
        spacing=chosen.spacing,
        smoothing=chosen.smoothing.value,
        smoothness=chosen.smoothness,
        colour="#123456",
    )


def test_every_brush_gets_a_picture_of_its_stroke(qtbot, panel):
    brushes = named(panel, "Brushes", QListWidget)
    items = [brushes.item(row) for row in range(brushes.count())]
    qtbot.waitUntil(lambda: not any(item.icon().isNull() for item in items))
    looks = {item.icon().pixmap(92, 30).toImage().cacheKey() for item in items}
    assert len(looks) == len(items)


def test_sliders_and_choices_write_into_the_brush_and_show_it(panel, brush, symmetry):
    named(panel, "Flow", QSlider).setValue(30)
    named(panel, "Spacing", QSlider).setValue(25)
    assert (brush.value.flow, brush.value.spacing) == (0.3, 0.25)
    smoothing = named(panel, "Smoothing", QComboBox)
    assert not named(panel, "Smoothness", QSlider).isEnabled()
    smoothing.activated.emit(smoothing.findText("Pulled string"))
    assert brush.value.smoothing == "pulled string"
    assert named(panel, "Smoothness", QSlider).isEnabled()
    box = named(panel, "Symmetry", QComboBox)
    box.activated.emit(box.findText("Left and right"))
    assert symmetry.value.vertical
    brush.change(flow=0.8)
    assert named(panel, "Flow", QSlider).value() == 80


def test_the_brush_in_hand_can_be_kept_renamed_and_deleted(panel, brush, shelf):
    keep, _, delete = panel.findChildren(QPushButton)
    assert not delete.isEnabled()
    brush.change(size=77.0)
    keep.click()
    assert brush.value.preset == "Ink 2"
    assert shelf.find("Ink 2").size == 77
    brushes = named(panel, "Brushes", QListWidget)
    brushes.item(brushes.count() - 1).setText("My ink")
    assert brush.value.preset == "My ink"
    assert shelf.own[0].name == "My ink"
    assert delete.isEnabled()
    delete.click()
    assert "My ink" not in rows(panel)
    assert not shelf.own


def edited(qtbot: QtBot, panel: BrushPanel, shelf: BrushShelf) -> BrushEditor:
    """The editor that opens for the brush in hand."""
    names: list[str] = []
    panel.edit.connect(names.append)
    panel.findChildren(QPushButton)[1].click()
    editor = BrushEditor(shelf, names[0], panel)
    editor.show()
    return editor


def test_a_brush_of_ours_is_kept_as_an_own_one_before_it_is_edited(qtbot, panel, brush, shelf):
    before = shelf.find("Ink")
    editor = edited(qtbot, panel, shelf)
    assert brush.value.preset == "Ink 2"
    named(editor, "Paper grain", QSlider).setValue(60)
    named(editor, "Scatter", QSlider).setValue(25)
    named(editor, "Wider when tilted", QSlider).setValue(50)
    for name, words in (("Tip", "Bristles"), ("Effect", "Smudges")):
        box = named(editor, name, QComboBox)
        box.activated.emit(box.findText(words))
    editor.close()
    assert shelf.find("Ink") == before
    found = brush_from(brush.value, shelf)
    assert (found.grain, found.jitter, found.tilt_size) == (0.6, 0.25, 2.0)
    assert (found.tip, found.blend) == (Tip.BRISTLE, Blend.SMUDGE)
    editor = edited(qtbot, panel, shelf)
    assert brush.value.preset == "Ink 2"
    assert named(editor, "Wider when tilted", QSlider).value() == 50
    assert named(editor, "Tip", QComboBox).currentText() == "Bristles"


def test_what_pressure_does_is_drawn_as_curves_or_turned_off(qtbot, panel, brush, shelf):
    editor = edited(qtbot, panel, shelf)
    curve = Curve(((0.0, 0.2), (0.5, 0.9), (1.0, 1.0)))
    named(editor, "Flow by pressure", CurveEditor).set_curve(curve)  # which was off
    assert editor.brush.flow_curve is None
    next(b for b in editor.findChildren(QCheckBox) if b.text().startswith("Flow")).click()
    next(b for b in editor.findChildren(QCheckBox) if b.text().startswith("Size")).click()
    qtbot.waitUntil(lambda: shelf.find("Ink 2").flow_curve == curve)
    assert shelf.find("Ink 2").size_curve is None


def test_the_editor_goes_when_its_brush_does_and_the_list_shows_the_new_look(
    qtbot, panel, brush, shelf
):
    editor = edited(qtbot, panel, shelf)
    brushes = named(panel, "Brushes", QListWidget)
    row = rows(panel).index("Ink 2")
    qtbot.waitUntil(lambda: not brushes.item(row).icon().isNull())
    before = brushes.item(row).icon().pixmap(92, 30).toImage()
    named(editor, "Scatter", QSlider).setValue(100)
    qtbot.waitUntil(lambda: shelf.find("Ink 2").jitter == 1.0)
    qtbot.waitUntil(lambda: not brushes.item(row).icon().isNull())
    assert brushes.item(row).icon().pixmap(92, 30).toImage() != before
    with qtbot.waitSignal(editor.destroyed):
        shelf.remove("Ink 2")


def test_the_options_of_bucket_wand_and_gradient_are_written(qtbot):
    likeness = Observed(Likeness())
    gradient = Observed(GradientForm.LINEAR)
    options = FillOptions(likeness, gradient)
    qtbot.addWidget(options)
    named(options, "Tolerance", QSlider).setValue(99)
    named(options, "Closes gaps", QSlider).setValue(12)
    options._contiguous.click()
    options._all_layers.click()
    assert likeness.value == Likeness(99, contiguous=False, gap=12, all_layers=False)
    form = named(options, "Gradient", QComboBox)
    for chosen in (GradientForm.RADIAL, GradientForm.LINEAR):
        form.setCurrentText(chosen.value)
        form.activated.emit(form.currentIndex())
        assert gradient.value is chosen
