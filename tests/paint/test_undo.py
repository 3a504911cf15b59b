import random
from typing import Any

from hypothesis import given, settings
from PySide6.QtGui import QColor

from studio.core.picture import Size
from studio.paint.brush import Blend, Brush
from studio.paint.canvas import Canvas
from studio.paint.commands import ChangeLayer
from studio.paint.modes import BlendMode
from studio.paint.undo import UndoStack
from tests.paint.edits import FLAGS, KINDS, apply, edits, new_canvas, paint, snapshot

BRUSH = Brush(size=20, colour=QColor(200, 30, 60))


def _dot(canvas: Canvas, x: float) -> None:
    paint(canvas, [(x, 50, 1.0)], BRUSH)


def _set(canvas: Canvas, merge: bool = True, **changes: object) -> None:
    change = ChangeLayer.of(canvas.document, canvas.document.active.id, **changes)
    canvas.undo.push(change, merge=merge)


def _undo_all(canvas: Canvas) -> int:
    steps = 0
    while canvas.undo.can_undo:
        canvas.undo.undo()
        steps += 1
    return steps


@settings(max_examples=40, deadline=None)
@given(edits)
def test_undoing_and_redoing_everything_restores_every_bit(changes):
    canvas = new_canvas()
    first = snapshot(canvas)
    for change in changes:
        apply(canvas, change)
    last = snapshot(canvas)
    steps = _undo_all(canvas)
    assert snapshot(canvas)[1] == ()
    canvas.undo.redo()
    assert snapshot(canvas) == first
    canvas.undo.go_to(steps)
    assert snapshot(canvas) == last
    assert not canvas.undo.can_redo


def test_a_new_step_ends_what_could_be_redone():
    canvas = new_canvas()
    _dot(canvas, 50)
    canvas.undo.undo()
    assert canvas.undo.redo_label == "Paint"
    _dot(canvas, 90)
    assert not canvas.undo.can_redo
    assert canvas.undo.undo_label == "Paint"


def test_nothing_to_undo_or_redo_is_no_mistake():
    canvas = new_canvas()
    canvas.undo.redo()
    _undo_all(canvas)
    canvas.undo.undo()
    assert canvas.document.layers == ()


def test_dragging_a_slider_is_one_step():
    canvas = new_canvas()
    for percent in range(99, 9, -1):
        _set(canvas, opacity=percent / 100)
    assert canvas.document.active.opacity == 0.1
    canvas.undo.undo()
    assert canvas.document.active.opacity == 1.0
    assert canvas.undo.undo_label == "Add layer"


def test_only_the_same_property_of_the_same_layer_merges():
    canvas = new_canvas()
    _set(canvas, opacity=0.5)
    _set(canvas, name="Sky")
    _set(canvas, name="Sea", merge=False)
    apply(canvas, ("add",))
    canvas.document.set_active(canvas.document.layers[0].id)
    _set(canvas, name="Sand")
    assert _undo_all(canvas) == 6


def test_a_change_merged_with_its_opposite_leaves_no_step():
    canvas = new_canvas()
    canvas.undo.mark_clean()
    _set(canvas, visible=False)
    assert not canvas.undo.is_clean
    _set(canvas, visible=True)
    assert canvas.undo.is_clean
    assert canvas.undo.undo_label == "Add layer"


def test_the_saved_state_is_found_again_and_only_there():
    canvas = new_canvas()
    assert not canvas.undo.is_clean
    _set(canvas, opacity=0.5)
    canvas.undo.mark_clean()
    _set(canvas, opacity=0.4)
    _set(canvas, opacity=0.3)
    assert not canvas.undo.is_clean
    canvas.undo.undo()
    assert canvas.undo.is_clean
    assert canvas.document.active.opacity == 0.5
    canvas.undo.undo()
    assert not canvas.undo.is_clean
    _set(canvas, opacity=0.5)
    assert not canvas.undo.is_clean


def test_a_state_that_was_held_while_it_was_saved_is_clean_and_later_ones_are_not():
    canvas = new_canvas()
    _set(canvas, opacity=0.5)
    held = canvas.undo.hold_state()
    _set(canvas, opacity=0.4)  # would have merged with the step before
    canvas.undo.mark_clean(held)
    assert not canvas.undo.is_clean
    canvas.undo.undo()
    assert canvas.document.active.opacity == 0.5
    assert canvas.undo.is_clean


def test_the_budget_drops_the_oldest_steps_and_keeps_the_saved_mark_right():
    canvas = new_canvas()
    tile = 256 * 256 * 4
    canvas.undo = UndoStack(canvas.document, budget=3 * tile)
    for x in range(50, 200, 30):
        _dot(canvas, x)
    assert not canvas.undo.is_clean
    assert _undo_all(canvas) == 3
    assert not canvas.undo.is_clean  # the dropped steps cannot be taken back
    canvas.undo.mark_clean()
    _dot(canvas, 20)
    canvas.undo.undo()
    assert canvas.undo.is_clean


def test_one_step_stays_however_small_the_budget():
    canvas = new_canvas()
    canvas.undo = UndoStack(canvas.document, budget=1)
    _dot(canvas, 50)
    _dot(canvas, 150)
    assert _undo_all(canvas) == 1


def test_listeners_hear_of_every_step():
    canvas = new_canvas()
    heard = []
    canvas.undo.changed.connect(lambda _: heard.append(canvas.undo.can_redo))
    _dot(canvas, 50)
    canvas.undo.undo()
    canvas.undo.redo()
    canvas.undo.mark_clean()
    assert heard == [False, True, False, False]


def test_a_thousand_edits_are_undone_to_the_first_document_and_redone_to_the_last():
    dice = random.Random(7)
    canvas = Canvas(Size(300, 280))
    canvas.undo = UndoStack(canvas.document, budget=2**40, near=2**20)
    first = snapshot(canvas)
    for step in range(1000):
        if len(canvas.document.layers) > 12:
            apply(canvas, ("flatten",))
        apply(canvas, _edit(dice))
        if step % 50 == 0:  # some of it is packed on the way
            canvas.undo.tidy(most=40)
            canvas.undo.go_to(canvas.undo.position - dice.randrange(5))
    last = snapshot(canvas)
    while canvas.undo.tidy(most=100):
        pass
    steps = canvas.undo.position
    assert steps > 500
    canvas.undo.go_to(0)
    assert snapshot(canvas) == first
    canvas.undo.go_to(steps)
    assert snapshot(canvas) == last
    assert not canvas.undo.can_redo


def _edit(dice: random.Random) -> tuple[Any, ...]:
    kind = dice.choice(KINDS)
    if kind == "stroke":
        points = [(dice.uniform(0, 300), dice.uniform(0, 280), dice.random()) for _ in range(2)]
        blend = dice.choice(list(Blend))
        colour = QColor.fromHsv(dice.randrange(360), 200, 200)
        return kind, points, Brush(size=dice.choice([3, 40]), blend=blend, colour=colour)
    if kind == "flip":
        return kind, dice.choice(FLAGS)
    values = {
        "opacity": dice.random(),
        "mode": dice.choice(list(BlendMode)),
        "picture": dice.randbytes(64),
    }
    return kind, values.get(kind, dice.randrange(6))


def test_packing_takes_less_memory_and_changes_nothing():
    canvas = new_canvas()
    canvas.undo = UndoStack(canvas.document, near=0)
    for x in range(20, 280, 20):
        _dot(canvas, x)
    last, before = snapshot(canvas), canvas.undo.nbytes
    while canvas.undo.tidy(most=1):
        pass
    assert canvas.undo.nbytes < before / 10
    assert not canvas.undo.tidy()
    steps = canvas.undo.position
    canvas.undo.go_to(0)
    assert snapshot(canvas)[1][0][2] == {}
    canvas.undo.go_to(steps)
    assert snapshot(canvas) == last


def test_steps_near_the_present_are_not_packed():
    canvas = new_canvas()
    tile = 256 * 256 * 4
    canvas.undo = UndoStack(canvas.document, near=2 * tile)
    for x in range(50, 170, 30):
        _dot(canvas, x)
    while canvas.undo.tidy():
        pass
    assert 2 * tile < canvas.undo.nbytes < 2.5 * tile
    assert canvas.undo.position == 4


def test_a_smaller_budget_drops_the_oldest_steps_at_once():
    canvas = new_canvas()
    for x in range(50, 170, 30):
        _dot(canvas, x)
    canvas.undo.set_budget(2 * 256 * 256 * 4)
    assert canvas.undo.position == 2
    assert canvas.undo.labels == ("Paint", "Paint")
