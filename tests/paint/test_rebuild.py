"""A history made of states alone leads through the same pictures, there and back."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.paint.brush import Brush
from studio.paint.canvas import Canvas
from studio.paint.rebuild import State, canvas_of
from studio.paint.snapshot import Snapshot
from studio.paint.tiles import TILE
from tests.paint.edits import apply, edits, new_canvas, paint
from tests.storage.snapshots import canvases, contents, without_active


def states_of(canvas: Canvas) -> list[State]:
    """Every state of a canvas, from the oldest; it is then in the last one."""
    undo = canvas.undo
    labels, states = undo.labels, []
    for place in range(len(labels) + 1):
        undo.go_to(place)
        states.append(State(labels[place - 1] if place else "", Snapshot.of_canvas(canvas)))
    return states


@given(edits, st.data())
@settings(max_examples=60, deadline=None)
def test_undo_and_redo_lead_through_all_states(made: list, data: st.DataObject) -> None:
    canvas = new_canvas()
    for edit in made:
        apply(canvas, edit)
    states = states_of(canvas)
    position = data.draw(st.integers(0, len(states) - 1))
    back = canvas_of(states, position, saved=position)
    assert contents(Snapshot.of_canvas(back)) == contents(states[position].snapshot)
    assert back.undo.labels == canvas.undo.labels
    assert back.undo.is_clean
    for place in [*range(len(states)), *reversed(range(len(states)))]:
        back.undo.go_to(place)
        assert without_active(Snapshot.of_canvas(back)) == without_active(states[place].snapshot)
        assert back.undo.is_clean == (place == position)


@given(st.lists(canvases(), min_size=2, max_size=3))
@settings(max_examples=30, deadline=None)
def test_any_state_can_follow_any_other(canvases: list[Canvas]) -> None:
    states = [State("Step", Snapshot.of_canvas(canvas)) for canvas in canvases]
    back = canvas_of(states, 0)
    assert not back.undo.is_clean
    for place in [*range(len(states)), *reversed(range(len(states)))]:
        back.undo.go_to(place)
        assert without_active(Snapshot.of_canvas(back)) == without_active(states[place].snapshot)


def test_a_stroke_in_the_history_costs_what_it_touched() -> None:
    canvas = new_canvas()
    apply(canvas, ("group",))
    apply(canvas, ("picture", bytes(range(64))))
    paint(canvas, [(20, 20, 1.0)], Brush(size=9))
    before, after = states_of(canvas)[-2:]
    again = canvas_of([before, after], 1)
    assert again.undo.nbytes == TILE * TILE * 4


def test_the_state_to_show_is_shown_even_where_the_history_does_not_fit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("studio.paint.undo.UndoStack.__init__.__defaults__", (1, 1))
    canvas, states = new_canvas(), []
    for corner in (20, 60, 100):
        paint(canvas, [(corner, corner, 1.0)], Brush(size=9))
        states.append(State("Paint", Snapshot.of_canvas(canvas)))
    back = canvas_of(states, 0)
    assert contents(Snapshot.of_canvas(back)) == contents(states[0].snapshot)
