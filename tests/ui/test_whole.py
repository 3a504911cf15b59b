"""What changes a whole layer or painting at once, and is worked out beside the window."""

import pytest
from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from studio.app.painting.edit import do_on_layer
from studio.core.errors import UserError
from studio.paint.frame import Frame
from studio.paint.guides import Guides
from studio.ui.canvas.aside import AsideThread, do_aside
from studio.ui.canvas.whole import WHOLE, resizing
from studio.ui.dialogs.canvas_size import CanvasSize
from tests.paint.edits import snapshot

RED, WHITE = QColor("red"), QColor("white")


@pytest.mark.parametrize(
    "what", ["flip_across", "painting_across", "crop", "merge_down", "flatten", "gradient"]
)
def test_paint_that_came_meanwhile_is_part_of_it_and_undo_leads_back(hand, canvas, what):
    hand.brush.change(size=20)
    hand.use("brush", (60, 60), (100, 100))
    if what == "crop":
        hand.use("select_rectangle", (20, 20), (380, 280))
    before = snapshot(canvas)
    hand.aside.held = True
    if what == "gradient":
        hand.use("gradient", (300, 150), (350, 150))
    elif what in ("crop", "flip_across", "painting_across"):
        hand.whole(what)
    else:
        do_on_layer(what, canvas, hand.aside)
    assert snapshot(canvas) == before
    hand.use("brush", (150, 250))
    painted = snapshot(canvas)
    hand.aside.held = False
    hand.aside.hand_on()
    assert snapshot(canvas) != painted
    assert canvas.undo.labels[-2] == "Paint"
    places = {"flip_across": (60, 250), "painting_across": (249, 250), "crop": (130, 230)}
    place = places.get(what, (150, 250))
    assert hand.colour(*place) == RED
    canvas.undo.undo()
    assert snapshot(canvas) == painted
    canvas.undo.undo()
    assert snapshot(canvas) == before


@pytest.mark.parametrize("what", ["flip_across", "merge_down", "rectangle"])
def test_what_was_meant_for_a_layer_that_is_gone_by_then_is_left(hand, canvas, what):
    hand.use("brush", (60, 60), (100, 100))
    hand.aside.held = True
    if what == "rectangle":
        hand.use("rectangle", (20, 20), (200, 200))
    elif what == "flip_across":
        hand.whole(what)
    else:
        do_on_layer(what, canvas, hand.aside)
    do_on_layer("delete_layer", canvas, hand.aside)
    before = snapshot(canvas)
    hand.aside.held = False
    hand.aside.hand_on()
    assert snapshot(canvas) == before


@pytest.mark.parametrize(
    ("anchor", "corner"),
    [("Left top", (0, 0)), ("Middle middle", (-50, 20)), ("Right bottom", (-100, 40))],
)
def test_the_side_that_is_chosen_stays_when_the_canvas_gets_another_size(
    hand, canvas, qtbot, anchor, corner
):
    parent = QWidget()
    qtbot.addWidget(parent)
    hand.brush.change(size=6)
    hand.use("brush", (200, 150))
    before, areas = snapshot(canvas), []
    dialog = CanvasSize(parent, QSize(400, 300), areas.append)
    by_name = {each.accessibleName(): each for each in dialog.findChildren(QWidget)}
    by_name["Width"].setValue(500)
    by_name["Height"].setValue(260)
    by_name[anchor].click()
    dialog.accept()
    assert areas == [QRect(*corner, 500, 260)]
    do_aside(hand.aside, canvas, resizing(canvas, areas[0]))
    assert canvas.document.size == QSize(500, 260)
    assert hand.colour(200 - corner[0], 150 - corner[1]) == RED
    canvas.undo.undo()
    assert snapshot(canvas) == before


def test_a_size_that_is_left_as_it_was_is_no_change(qtbot):
    parent = QWidget()
    qtbot.addWidget(parent)
    areas: list[QRect] = []
    CanvasSize(parent, QSize(400, 300), areas.append).accept()
    assert not areas


def test_the_painting_is_turned_with_all_that_lies_on_it(hand, canvas):
    hand.brush.change(size=6)
    hand.use("brush", (60, 40))
    hand.use("strength", (60, 40))
    hand.use("select_rectangle", (50, 30), (80, 45))
    canvas.frame.set(Frame(40, 20, 100, 50))
    canvas.guides.set(Guides(across=(40,), down=(60, 400)))
    before = _everything(canvas)
    hand.whole("painting_right")
    assert canvas.document.size == QSize(300, 400)
    assert hand.colour(300 - 40, 60) == RED
    assert canvas.strength.within(QRect(300 - 40, 60, 1, 1)).values == b"\xff"
    assert canvas.selection.value.bounds == QRect(300 - 45, 50, 15, 30)
    assert canvas.frame.value == Frame(300 - 70, 40, 50, 100)
    assert canvas.guides.value == Guides(across=(60, 400), down=(260,))
    canvas.undo.undo()
    assert _everything(canvas) == before
    for way in ("right", "right", "round", "across", "down", "round", "left", "right"):
        hand.whole(f"painting_{way}")
    assert _everything(canvas) == before


def _everything(canvas):
    frame, guides = canvas.frame.value, canvas.guides.value
    selected = canvas.selection.value.as_tiles().within(None)
    strength = canvas.strength.within(canvas.document.rect)
    return canvas.compositor.flatten(), canvas.document.size, frame, guides, selected, strength


def test_what_is_selected_stays_selected_where_it_was_turned_to(hand, canvas):
    hand.brush.change(size=6)
    hand.use("brush", (100, 100), (160, 100))
    hand.use("brush", (100, 200), (160, 200))
    hand.use("select_rectangle", (90, 90), (170, 110))
    before = snapshot(canvas)
    hand.whole("layer_right")
    assert [hand.colour(130, y) for y in (75, 125, 200)] == [RED, RED, RED]
    assert hand.colour(105, 100) == WHITE
    assert canvas.selection.value.bounds == QRect(120, 60, 20, 80)
    for _ in range(3):
        hand.whole("layer_right")
    assert hand.colour(105, 100) == hand.colour(155, 100) == RED
    for _ in range(4):
        canvas.undo.undo()
    assert snapshot(canvas) == before
    assert canvas.selection.value.bounds == QRect(90, 90, 80, 20)


def test_part_of_words_in_a_group_is_not_turned_and_the_person_is_told(hand, canvas):
    hand.use("text", (60, 150))
    text = canvas.document.active.id
    do_on_layer("group_layer", canvas, hand.aside)
    canvas.document.set_active(canvas.document.group_of(text))
    hand.use("select_rectangle", (0, 0), (100, 300))
    with pytest.raises(UserError, match="text"):
        hand.whole("layer_round")


def test_a_group_is_turned_as_a_whole_unless_something_in_it_is_locked(hand, canvas):
    hand.brush.change(size=6)
    document = canvas.document
    inner = document.active.id
    hand.use("brush", (100, 100))
    hand.use("brush", (200, 100))
    do_on_layer("group_layer", canvas, hand.aside)
    document.set_active(document.group_of(inner))
    hand.whole("layer_left")
    assert [hand.colour(*at) for at in ((150, 50), (150, 150), (100, 100))] == [RED, RED, WHITE]
    document.set_layer(inner, locked=True)
    before = snapshot(canvas)
    with pytest.raises(UserError, match="locked"):
        hand.whole("layer_left")
    assert snapshot(canvas) == before


def test_undo_takes_back_what_is_still_worked_out(hand, canvas, qtbot):
    aside = AsideThread(hand.view.when_free)
    hand.use("brush", (60, 60), (100, 100))
    painted = snapshot(canvas)
    do_aside(aside, canvas, WHOLE["flip_down"](canvas))
    aside.after(canvas.undo.undo)
    assert snapshot(canvas) == painted
    qtbot.waitUntil(lambda: canvas.undo.can_redo)
    assert snapshot(canvas) == painted
    assert (canvas.undo.undo_label, canvas.undo.redo_label) == ("Paint", "Flip")
    aside.after(canvas.undo.undo)
    assert canvas.undo.redo_label == "Paint"


def test_a_shape_is_seen_until_it_is_there(hand, canvas):
    hand.aside.held = True
    hand.use("rectangle", (60, 60), (200, 160))
    assert hand.colour(60, 100) == WHITE
    assert hand.shown(60, 100) == RED
    hand.aside.hand_on()
    canvas.undo.undo()
    assert hand.shown(60, 100) == WHITE
