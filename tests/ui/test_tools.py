"""The tools on the canvas, used with a pen."""

import pytest
from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import QColor, QImage

from studio.core.picture import Size
from studio.ui.actions import ACTIONS
from studio.ui.canvas.aside import AsideThread
from studio.ui.canvas.fills import FillTool, GradientForm
from studio.ui.canvas.pointer import PointerSample
from studio.ui.canvas.selecting import reshape
from studio.ui.canvas.shapes import ShapeLook
from studio.ui.canvas.toolbox import RESHAPES, SELECTS
from studio.ui.canvas.whole import WHOLE
from tests.paint.edits import snapshot
from tests.ui.hands import red_block
from tests.ui.pens import Pen, on_widget

RED, WHITE = QColor("red"), QColor("white")
ALPHA = QImage.Format.Format_Alpha8
SHIFT = Qt.KeyboardModifier.ShiftModifier


def test_there_is_a_tool_for_every_action_of_a_tool(hand):
    wanted = {spec.id for spec in ACTIONS if spec.tool} - {"pan"}
    assert set(hand.tools) == wanted
    assert {*SELECTS, *RESHAPES, *WHOLE} <= {spec.id for spec in ACTIONS}


PAINTING = ["brush", "smudge", "fill", "gradient", "line", "rectangle", "ellipse", "move", "eraser"]


@pytest.mark.parametrize("tool", PAINTING)
def test_every_painting_tool_is_one_undo_step_and_stays_inside_the_selection(hand, canvas, tool):
    hand.use("brush", (20, 20), (380, 280))
    hand.use("select_rectangle", (0, 0), (200, 150))
    before, picture = snapshot(canvas), canvas.compositor.flatten()
    hand.use(tool, (60, 40), (250, 200))
    after = canvas.compositor.flatten()
    assert after.copy(0, 0, 200, 150) != picture.copy(0, 0, 200, 150)
    if tool != "move":
        assert after.copy(201, 0, 199, 300) == picture.copy(201, 0, 199, 300)
        assert after.copy(0, 151, 400, 149) == picture.copy(0, 151, 400, 149)
    canvas.undo.undo()
    assert snapshot(canvas) == before
    assert canvas.selection.value is not None
    canvas.undo.redo()
    assert canvas.compositor.flatten() == after


@pytest.mark.parametrize("tool", PAINTING)
@pytest.mark.parametrize(
    ("state", "words"), [({"locked": True}, "locked"), ({"visible": False}, "hidden")]
)
def test_locked_and_hidden_layers_are_left_alone_and_the_person_is_told(
    hand, canvas, tool, state, words
):
    hand.use("brush", (20, 20), (380, 280))
    canvas.document.set_layer(canvas.document.active.id, **state)
    before = snapshot(canvas)
    hand.use(tool, (60, 40), (250, 200))
    assert snapshot(canvas) == before
    assert words in hand.told[0]


@pytest.mark.parametrize("tool", [tool for tool in PAINTING if tool != "move"])
def test_text_is_not_painted_on_and_the_person_is_told(hand, canvas, tool):
    hand.use("text", (60, 150))
    before = snapshot(canvas)
    hand.use(tool, (60, 40), (250, 200))
    assert snapshot(canvas) == before
    assert "Rasterise" in hand.told[-1]


@pytest.mark.parametrize("tool", [tool for tool in PAINTING if tool != "move"])
def test_a_locked_alpha_keeps_what_is_transparent(hand, canvas, tool):
    hand.use("brush", (20, 20), (380, 280))
    hand.brush.change(colour="#0000ff")
    layer = canvas.document.active
    alphas = {key: layer.tiles.get(key).convertedTo(ALPHA) for key in layer.tiles.keys()}  # noqa: SIM118
    canvas.document.set_layer(layer.id, alpha_locked=True)
    hand.use(tool, (60, 40), (250, 200))
    assert alphas == {
        key: layer.tiles.get(key).convertedTo(ALPHA)
        for key in layer.tiles.keys()  # noqa: SIM118
    }


def test_the_bucket_fills_a_closed_shape_and_small_gaps_do_not_leak(hand):
    hand.box(QRect(50, 50, 200, 150))
    hand.brush.change(colour="#00ff00")
    hand.use("fill", (150, 120))
    assert hand.colour(150, 120) == hand.colour(60, 60) == QColor("#00ff00")
    assert hand.colour(20, 20) == WHITE
    hand.canvas.undo.undo()
    hand.use("eraser", (150, 46), (150, 56))  # a door
    hand.brush.change(size=1.0)
    hand.use("fill", (150, 120))
    assert hand.colour(20, 20) == QColor("#00ff00")
    hand.canvas.undo.undo()
    hand.likeness.change(gap=12)
    hand.use("fill", (150, 120))
    assert hand.colour(150, 120) == QColor("#00ff00")
    assert hand.colour(20, 20) == WHITE


def test_the_bucket_looks_at_all_layers_or_at_one(hand, canvas):
    hand.box(QRect(50, 50, 200, 150))
    layer = canvas.document.new_layer("Above")
    canvas.document.insert_layer(2, layer)
    hand.use("fill", (150, 120))
    assert hand.colour(20, 20) == WHITE
    canvas.undo.undo()
    hand.likeness.change(all_layers=False)
    hand.use("fill", (150, 120))
    assert hand.colour(20, 20) == RED


@pytest.mark.parametrize("tool", ["fill", "wand", "brush", "line", "select_rectangle", "move"])
def test_a_press_far_outside_the_paper_breaks_nothing(hand, canvas, tool):
    hand.use(tool, (1e6, -1e6), (-1e6, 2e6))
    hand.use(tool, (5e8, 5e8))


def test_paint_that_came_while_the_region_was_sought_is_filled_over_not_lost(hand, canvas):
    hand.aside.held = True
    hand.brush.change(opacity=0.5)
    hand.use("fill", (380, 20))
    hand.brush.change(opacity=1.0)
    hand.use("brush", (300, 150))
    painted = canvas.compositor.flatten()
    hand.aside.hand_on()
    assert hand.colour(50, 50) == hand.colour(380, 20)
    assert hand.colour(50, 50).green() == pytest.approx(128, abs=1)
    assert hand.colour(300, 150) == RED
    canvas.undo.undo()
    assert canvas.compositor.flatten() == painted


@pytest.mark.parametrize("change", ["deleted", "locked"])
def test_a_fill_for_a_layer_that_is_gone_or_locked_by_then_changes_nothing(hand, canvas, change):
    hand.aside.held = True
    hand.use("fill", (380, 20))
    layer = canvas.document.active.id
    if change == "deleted":
        canvas.document.remove_layer(layer)
    else:
        canvas.document.set_layer(layer, locked=True)
    before = snapshot(canvas)
    hand.aside.hand_on()
    assert snapshot(canvas) == before
    assert not canvas.undo.can_undo


def test_a_fill_waits_for_the_stroke_that_is_under_way(hand, canvas, qtbot):
    aside = AsideThread(hand.view.when_free)
    tool = FillTool(hand.brush, hand.likeness, aside)
    pen = Pen(hand.view)
    pen.press((100, 100))
    with qtbot.waitSignal(aside._came):
        tool.press(canvas, PointerSample(QPointF(380, 20)))
    qtbot.wait(1)
    assert hand.colour(300, 250) == WHITE
    pen.move((200, 100))
    pen.release((200, 100))
    assert hand.colour(300, 250) == hand.colour(150, 100) == RED
    assert canvas.undo.labels == ("Paint", "Fill")


def test_what_goes_wrong_beside_the_window_is_raised_in_it(qtbot):
    aside = AsideThread(lambda then: then())
    with qtbot.captureExceptions() as raised:
        aside.run(lambda: 1 // 0, lambda _: None)
        qtbot.waitUntil(lambda: bool(raised))
    assert raised[0][0] is ZeroDivisionError


def test_the_pipette_takes_the_colour_of_all_layers_together(hand, canvas):
    hand.brush.change(opacity=0.5, size=40)
    hand.use("brush", (100, 100), (140, 100))
    hand.use("pick", (120, 100))
    assert hand.picked[-1] == hand.colour(120, 100)
    assert hand.picked[-1] not in (RED, WHITE)


def test_a_group_is_not_painted_on_and_the_person_is_told(hand, canvas):
    canvas.document.insert_layer(2, canvas.document.new_group("Trees"))
    for tool in PAINTING:
        hand.use(tool, (60, 40), (250, 200))
    assert len(hand.told) == len(PAINTING)
    assert all("'Trees' is a group" in told for told in hand.told)


def test_a_gradient_runs_from_colour_to_nothing(hand):
    hand.use("gradient", (100, 150), (300, 150))
    greens = [hand.colour(x, 40).green() for x in (50, 100, 150, 200, 250, 300, 350)]
    assert greens == sorted(greens)
    assert greens[1] <= 2
    assert greens[3] == pytest.approx(128, abs=4)
    assert greens[5] >= 253


def test_a_radial_gradient_runs_from_the_middle_of_a_circle_to_its_edge(hand):
    hand.preferences.gradient.set(GradientForm.RADIAL)
    hand.view.use_tool(hand.tools["gradient"])
    pen = Pen(hand.view)
    pen.press((200, 150))
    pen.move((260, 230))  # a hundred pixels
    assert hand.shown(200, 50) != WHITE  # the circle
    assert hand.shown(200, 110) == WHITE
    pen.release((260, 230))
    ways = [(1, 0), (-1, 0), (0, 1), (0.6, -0.8)]
    for far, green in ((4, 10), (50, 128), (96, 245), (120, 255)):
        for x, y in ways:
            found = hand.colour(round(200 + far * x), round(150 + far * y)).green()
            assert found == pytest.approx(green, abs=5)


def test_shift_makes_squares_and_level_lines(hand):
    hand.use("rectangle", (50, 50), (150, 100), keys=SHIFT)
    assert hand.colour(100, 150) == RED
    assert hand.colour(100, 100) == WHITE
    hand.use("line", (200, 200), (300, 206), keys=SHIFT)
    assert hand.colour(290, 200) == RED
    hand.use("ellipse", (200, 20), (240, 60))
    assert hand.colour(220, 20) == hand.colour(240, 40) == RED
    assert hand.colour(220, 40) == hand.colour(201, 21) == WHITE


@pytest.mark.parametrize("tool", ["rectangle", "ellipse"])
def test_shapes_are_outlined_filled_or_both_and_seen_through_as_a_whole(hand, tool):
    blue = QColor("#0000ff")
    seen = {}
    for look in ShapeLook:
        hand.shapes.change(look=look, inside="#0000ff")
        hand.use(tool, (100, 100), (200, 200))
        seen[look] = hand.colour(150, 150), hand.colour(150, 101)
        hand.canvas.undo.undo()
    assert seen[ShapeLook.OUTLINE] == (WHITE, RED)
    assert seen[ShapeLook.FILLED] == (RED, RED)
    assert seen[ShapeLook.BOTH] == (blue, RED)
    hand.brush.change(opacity=0.5)
    hand.use(tool, (100, 100), (200, 200))
    edge, inside = hand.colour(150, 101), hand.colour(150, 150)
    assert edge.getRgb()[:3] == pytest.approx((255, 128, 128), abs=1)
    assert inside.getRgb()[:3] == pytest.approx((128, 128, 255), abs=1)


def test_a_click_with_a_shape_draws_nothing(hand, canvas):
    before = snapshot(canvas)
    for tool in ("gradient", "rectangle"):
        hand.view.use_tool(hand.tools[tool])
        pen = Pen(hand.view)
        pen.press((100, 100))
        pen.release((100, 100))
    assert snapshot(canvas) == before


def test_selecting_adds_with_shift_and_a_click_lets_go(hand, canvas):
    hand.use("select_rectangle", (10, 10), (50, 50))
    hand.use("lasso", (100, 100), (150, 100), (150, 150), (100, 150), keys=SHIFT)
    selection = canvas.selection.value
    inside = [selection.at(QPointF(*at).toPoint()) for at in ((30, 30), (120, 120), (80, 80))]
    assert inside == [255, 255, 0]
    shown = hand.view.grab().toImage()
    assert shown.pixelColor(on_widget(hand.view, (30, 30)).toPoint()) == WHITE
    assert shown.pixelColor(on_widget(hand.view, (80, 80)).toPoint()) != WHITE
    hand.use("select_rectangle", (300, 200))
    assert canvas.selection.value is None
    canvas.undo.undo()
    assert canvas.selection.value is selection


def test_the_wand_selects_what_is_alike_and_the_menu_changes_it(hand, canvas):
    hand.box(QRect(50, 50, 200, 150))
    hand.use("wand", (150, 120))
    bounds = canvas.selection.value.bounds
    assert QRect(50, 50, 200, 150).contains(bounds)
    reshape(canvas, RESHAPES["select_grow"], hand.aside)
    assert canvas.selection.value.bounds == bounds.adjusted(-4, -4, 4, 4)
    reshape(canvas, RESHAPES["select_shrink"], hand.aside)
    assert canvas.selection.value.bounds == bounds
    reshape(canvas, RESHAPES["select_inverse"], hand.aside)
    assert canvas.selection.value.at(QPointF(150, 120).toPoint()) == 0
    assert canvas.selection.value.at(QPointF(10, 10).toPoint()) == 255
    SELECTS["select_all"](canvas)
    assert canvas.selection.value is None
    for _ in range(4):
        canvas.undo.undo()
    assert canvas.selection.value.bounds == bounds


def test_a_selection_that_is_changed_twice_at_once_is_changed_by_both(hand, canvas):
    hand.box(QRect(50, 50, 200, 150))
    hand.use("select_rectangle", (60, 60), (160, 120))
    bounds = canvas.selection.value.bounds
    hand.aside.held = True
    for _ in range(2):
        reshape(canvas, RESHAPES["select_grow"], hand.aside)
    assert canvas.selection.value.bounds == bounds
    hand.aside.held = False
    hand.aside.hand_on()
    assert canvas.selection.value.bounds == bounds.adjusted(-8, -8, 8, 8)


def test_painted_strength_becomes_the_map_and_leaves_the_picture_alone(hand, canvas):
    before = canvas.compositor.flatten()
    frame = QRect(50, 0, 300, 300)
    assert canvas.strength.within(frame) is None
    hand.brush.change(size=60)
    hand.use("strength", (150, 150), (250, 150), pressure=1.0)
    hand.use("strength", (150, 250), (250, 250), pressure=0.5)
    strength = canvas.strength.within(frame)
    assert strength.size == Size(300, 300)
    values = [strength.values[y * 300 + x - 50] for x, y in ((200, 150), (200, 250), (200, 50))]
    assert values == [255, pytest.approx(128, abs=16), 0]
    assert canvas.compositor.flatten() == before
    shown = hand.view.grab().toImage()
    tint = shown.pixelColor(on_widget(hand.view, (200, 150)).toPoint())
    assert tint.red() > tint.green() + 40
    SELECTS["clear_strength"](canvas)
    assert canvas.strength.within(frame) is None
    canvas.undo.undo()
    assert canvas.strength.within(frame) == strength
    canvas.undo.undo()
    canvas.undo.undo()
    assert canvas.strength.within(frame) is None
    assert not canvas.undo.can_undo


def test_the_eraser_end_takes_strength_away(hand, canvas):
    hand.use("strength", (150, 150), (250, 150))
    hand.view.use_tool(hand.tools["strength"])
    Pen(hand.view, eraser=True).stroke([(150, 150), (250, 150)])
    assert canvas.strength.within(QRect(0, 0, 400, 300)).values[150 * 400 + 200] == 0


def test_flipping_and_cropping_are_steps_that_can_be_undone(hand, canvas):
    red_block(canvas)
    hand.brush.change(colour="#0000ff", size=6)
    hand.use("brush", (110, 120))
    before = canvas.compositor.flatten()
    hand.whole("flip_across")
    assert hand.colour(140, 120) == QColor("#0000ff")
    canvas.undo.undo()
    hand.use("strength", (110, 120), (140, 120))
    hand.use("select_rectangle", (100, 100), (150, 140))
    hand.whole("crop")
    assert canvas.document.size.toTuple() == (50, 40)
    assert hand.colour(10, 20) == QColor("#0000ff")
    assert canvas.strength.within(QRect(0, 0, 50, 40)).values[20 * 50 + 25] == 255
    for _ in range(3):
        canvas.undo.undo()
    assert canvas.compositor.flatten() == before
