"""Words on the painting: put, changed, moved and made into pixels."""

import pytest
from PySide6.QtCore import QPointF, QRect, QRectF
from PySide6.QtGui import QColor, QPainterPath
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from studio.app.painting.desk import blank_canvas
from studio.app.painting.edit import do_on_layer
from studio.app.places import FONTS
from studio.core.errors import UserError
from studio.core.observed import Observed
from studio.core.picture import Size
from studio.core.settings import BrushState
from studio.paint.canvas import Canvas
from studio.paint.layering import crop
from studio.paint.lift import Lift
from studio.paint.selection import Selection
from studio.paint.text import Align, Text
from studio.ui.canvas.aside import do_aside
from studio.ui.canvas.lettering import TextTool
from studio.ui.canvas.pointer import PointerSample
from studio.ui.canvas.selecting import MoveTool
from studio.ui.canvas.transforming import TransformTool
from studio.ui.canvas.whole import WHOLE
from studio.ui.panels.text import TextPanel
from studio.ui.theme import apply_theme
from tests.paint.edits import snapshot
from tests.ui.hands import Waiting

PAPER = QRect(0, 0, 600, 400)


class Desk:
    """A painting with the text tool and the panel beside it."""

    def __init__(self, qtbot: QtBot) -> None:
        self.canvas = blank_canvas(Size(PAPER.width(), PAPER.height()))
        style = Observed(Text(words="", x=0, y=0, size=60))
        self.panel = TextPanel(style)
        qtbot.addWidget(self.panel)
        self.panel.show_canvas(self.canvas)
        self.tool = TextTool(Observed(BrushState(colour="#0000ff")), style, self.panel.begin)
        self.told: list[str] = []
        self.tool.refused.connect(self.told.append)

    def click(self, x: float, y: float) -> None:
        self.tool.press(self.canvas, PointerSample(QPointF(x, y)))

    def write(self, words: str) -> None:
        for letter in words:
            self.panel.words.insertPlainText(letter)

    @property
    def text(self) -> Text | None:
        return self.canvas.document.active.props.text

    def ink(self) -> QRect:
        """Around everything that is not white."""
        return painted(self.canvas)


def painted(canvas: Canvas) -> QRect:
    image = canvas.compositor.flatten()
    dark = [
        (x, y)
        for y in range(0, image.height(), 2)
        for x in range(0, image.width(), 2)
        if image.pixelColor(x, y) != QColor("white")
    ]
    if not dark:
        return QRect()
    across, down = [x for x, _ in dark], [y for _, y in dark]
    return QRect(min(across), min(down), max(across) - min(across), max(down) - min(down))


@pytest.fixture
def desk(qtbot: QtBot, qapp) -> Desk:
    apply_theme(qapp, FONTS)
    return Desk(qtbot)


def test_a_click_puts_words_that_can_be_written_over_in_one_step(desk):
    desk.click(100, 200)
    assert desk.panel.words.textCursor().selectedText() == "Text"
    placed = desk.canvas.compositor.flatten()
    desk.write("Hill")
    assert desk.text.words == "Hill"
    ink = desk.ink()
    assert ink.left() == pytest.approx(104, abs=6)
    assert ink.bottom() == pytest.approx(200, abs=3)
    assert ink.height() == pytest.approx(44, abs=8)
    assert desk.canvas.undo.labels == ("Add text", "Change text")
    desk.canvas.undo.undo()
    assert desk.canvas.compositor.flatten() == placed
    assert desk.panel.words.toPlainText() == "Text"
    desk.canvas.undo.redo()
    assert (desk.ink(), desk.text.words) == (ink, "Hill")


def test_font_size_colour_and_alignment_can_be_changed_at_any_time(desk):
    desk.click(300, 150)
    desk.write("Hill\nby the sea")
    before = desk.ink()
    desk.panel.align.setCurrentIndex(desk.panel.align.findData(Align.RIGHT))
    desk.panel.align.activated.emit(desk.panel.align.currentIndex())
    assert desk.ink().right() <= 301
    desk.panel.letters.setValue(30)
    assert desk.ink().width() == pytest.approx(before.width() / 2, abs=6)
    assert desk.text.size == 30
    desk.click(50, 350)
    assert (desk.text.size, desk.text.align) == (30, Align.RIGHT)


def test_a_click_on_words_takes_them_up_and_another_begins_new_ones(desk):
    desk.click(100, 200)
    desk.write("Hill")
    first = desk.canvas.document.active
    desk.click(400, 350)
    assert desk.canvas.document.active is not first
    steps = desk.canvas.undo.position
    desk.click(*desk.canvas.document.active.props.text.box().center().toTuple())
    desk.click(*first.props.text.box().center().toTuple())
    assert desk.canvas.document.active is first
    assert desk.panel.words.toPlainText() == "Hill"
    assert desk.canvas.undo.position == steps


def test_moved_words_stay_words_and_can_be_written_on_where_they_are(desk):
    desk.click(100, 200)
    desk.write("Hill")
    before, state = desk.ink(), snapshot(desk.canvas)
    move = MoveTool(Waiting())
    move.press(desk.canvas, PointerSample(QPointF(0, 0)))
    move.move(PointerSample(QPointF(50, 40)))
    move.release()
    moved = desk.canvas.compositor.flatten()
    assert desk.ink() == before.translated(50, 40)
    assert (desk.text.x, desk.text.y) == (150, 240)
    desk.panel.words.setPlainText("Hills")
    desk.panel.words.setPlainText("Hill")
    assert desk.canvas.compositor.flatten() == moved
    desk.canvas.undo.go_to(2)
    assert snapshot(desk.canvas) == state
    assert (desk.text.x, desk.text.y) == (100, 200)


def turn(desk: Desk, tool: TransformTool, start: QPointF, end: QPointF) -> None:
    tool.press(desk.canvas, PointerSample(start))
    tool.move(PointerSample(end))
    tool.release()


def test_turned_and_stretched_words_stay_words_drawn_as_sharp_as_ever(desk):
    desk.click(150, 200)
    desk.write("Hill")
    state, ink = snapshot(desk.canvas), desk.text.box()
    tool = TransformTool(Waiting())
    centre = QRectF(typeset_bounds(desk)).center()
    turn(desk, tool, centre + QPointF(200, 0), centre + QPointF(0, 200))
    box = desk.text.box()
    assert box.width() == pytest.approx(ink.height(), abs=0.1)
    assert box.height() == pytest.approx(ink.width(), abs=0.1)
    turn(desk, tool, centre + QPointF(0, 200), centre + QPointF(200, 0))  # back again
    turn(desk, tool, centre + QPointF(200, 0), centre + QPointF(120, 120))
    turned = desk.canvas.compositor.flatten()
    assert desk.text.linear == pytest.approx((0.7071, 0.7071, -0.7071, 0.7071), abs=1e-4)
    desk.panel.words.setPlainText("Hills")
    desk.panel.words.setPlainText("Hill")
    assert desk.canvas.compositor.flatten() == turned  # as if they had been written there
    desk.canvas.undo.go_to(2)
    assert snapshot(desk.canvas) == state
    desk.canvas.undo.go_to(5)
    assert desk.canvas.compositor.flatten() == turned


def typeset_bounds(desk: Desk) -> QRect:
    return Lift(desk.canvas.document, desk.canvas.document.active).bounds


def test_a_corner_drag_makes_the_letters_larger(desk):
    desk.click(100, 200)
    desk.write("Hill")
    ink, bounds = desk.text.box(), QRectF(typeset_bounds(desk))
    tool = TransformTool(Waiting())
    turn(desk, tool, bounds.bottomRight(), bounds.bottomRight() + QPointF(bounds.width(), 0))
    assert desk.text.box().width() == pytest.approx(2 * ink.width(), rel=0.02)
    assert desk.text.box().height() == pytest.approx(ink.height(), rel=0.02)
    assert desk.text.size == 60


def test_letters_beyond_the_edge_come_in_and_leave_nothing_behind_when_they_go(desk):
    desk.click(-650, 250)
    desk.write("Hillside")
    desk.panel.letters.setValue(240)
    before, centre = desk.ink(), QRectF(typeset_bounds(desk)).center()
    tool = TransformTool(Waiting())
    turn(desk, tool, centre + QPointF(200, 0), centre - QPointF(200, 0))
    assert desk.ink().right() > before.right() + 100
    tool.press(desk.canvas, PointerSample(centre - QPointF(200, 0)))
    tool.move(PointerSample(centre + QPointF(200, 0)))
    tool.release()
    assert desk.ink() == before


def test_words_flipped_twice_are_as_they_were(desk):
    desk.click(100, 200)
    desk.write("Hill")
    before = desk.canvas.compositor.flatten()
    do_aside(Waiting(), desk.canvas, WHOLE["flip_across"](desk.canvas))
    assert desk.text.linear == (-1, 0, 0, 1)
    flipped = desk.canvas.compositor.flatten()
    assert flipped != before
    do_aside(Waiting(), desk.canvas, WHOLE["flip_across"](desk.canvas))
    assert desk.canvas.compositor.flatten() == before
    assert desk.canvas.undo.labels[-2:] == ("Flip", "Flip")


def test_words_stretched_beyond_all_measure_become_pixels(desk):
    desk.click(100, 200)
    desk.write("Hill")
    bounds = QRectF(typeset_bounds(desk))
    turn(
        desk,
        TransformTool(Waiting()),
        bounds.bottomRight(),
        bounds.bottomRight() + QPointF(90_000, 0),
    )
    assert desk.text is None
    desk.canvas.undo.undo()
    assert desk.text.words == "Hill"


def test_part_of_the_words_is_not_transformed_alone(desk):
    desk.click(100, 200)
    path = QPainterPath()
    path.addRect(QRectF(0, 0, 120, 400))
    desk.canvas.selection.set(Selection.of_path(path, PAPER))
    before, tool = snapshot(desk.canvas), TransformTool(Waiting())
    told: list[str] = []
    tool.refused.connect(told.append)
    turn(desk, tool, QPointF(300, 10), QPointF(300, 300))
    assert "Rasterise" in told[0]
    with pytest.raises(UserError):
        WHOLE["flip_down"](desk.canvas)
    assert snapshot(desk.canvas) == before


def test_cropping_takes_the_words_along(desk):
    desk.click(100, 200)
    desk.write("Hill")
    ink = desk.ink()
    desk.canvas.do(crop(desk.canvas.document, QRect(60, 100, 300, 200)))
    cropped = desk.canvas.compositor.flatten()
    assert desk.ink() == ink.translated(-60, -100)
    desk.panel.words.setPlainText("Hills")
    desk.panel.words.setPlainText("Hill")
    assert desk.canvas.compositor.flatten() == cropped


def test_rasterised_words_are_pixels_that_look_the_same(desk):
    desk.click(100, 200)
    desk.write("Hill")
    looks = desk.canvas.compositor.flatten()
    do_on_layer("rasterise", desk.canvas, Waiting())
    assert desk.text is None
    assert not desk.panel.words.isEnabled()
    assert desk.canvas.compositor.flatten() == looks
    desk.canvas.undo.undo()
    assert desk.text.words == "Hill"


def test_words_merged_into_or_out_of_a_layer_are_words_no_longer(desk):
    desk.click(100, 200)
    do_on_layer("duplicate_layer", desk.canvas, Waiting())
    looks = desk.canvas.compositor.flatten()
    do_on_layer("merge_down", desk.canvas, Waiting())
    assert desk.text is None
    assert desk.canvas.compositor.flatten() == looks


def test_too_many_words_and_places_far_away_are_refused(desk):
    desk.click(5e8, -3.0)
    desk.click(float("nan"), 0.0)
    assert desk.canvas.undo.labels == ()
    desk.click(100, 200)
    desk.panel.words.setPlainText("a" * 5001)
    assert desk.text.words == desk.panel.words.toPlainText() == "Text"


def test_coming_back_to_the_words_begins_a_new_step(desk, qtbot):
    with qtbot.waitActive(desk.panel):
        desk.panel.show()
        desk.panel.activateWindow()
    desk.click(100, 200)
    desk.write("Hill")
    desk.panel.letters.setFocus()
    desk.panel.words.setFocus()
    QTest.keyClicks(desk.panel.words, "s")
    assert desk.canvas.undo.labels == ("Add text", "Change text", "Change text")
