"""Right angles and mirrors: nothing is lost, blended or shifted."""

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QTransform

from studio.paint.brush import Brush
from studio.paint.canvas import Canvas
from studio.paint.layering import add_mask, group
from studio.paint.lettering import add_text
from studio.paint.lift import bounds_of
from studio.paint.selection import Selection
from studio.paint.text import Text, typeset
from studio.paint.tiles import Tiles, blank_tile
from studio.paint.turning import Turn, turn_layer, turn_painting
from tests.paint.edits import apply, edits, new_canvas, pixels, snapshot

pytestmark = pytest.mark.usefixtures("qapp")  # for the words' letters

TURNS = [Turn(quarters, mirrored) for mirrored in (False, True) for quarters in range(4)][1:]
BRUSH = Brush(size=17.0, opacity=0.7, colour=QColor("black"))
BLANK = pixels(blank_tile())


def back_after(turn: Turn) -> int:
    """How often it is done until all is as it was."""
    return 2 if turn.mirrored or turn.quarters == 2 else 4


def turned(image: QImage, turn: Turn) -> QImage:
    """As Qt turns whole pictures."""
    facing = image.flipped(Qt.Orientation.Horizontal) if turn.mirrored else image
    return facing.transformed(QTransform().rotate(90 * turn.quarters))


def inked(contents: Any) -> Any:
    """A snapshot without tiles on which nothing is, of which a turn makes none."""
    if isinstance(contents, dict):
        return {key: tile for key, tile in contents.items() if tile != BLANK}
    if isinstance(contents, list | tuple):
        return [inked(each) for each in contents]
    return contents


def painting(todo: list[tuple[Any, ...]]) -> Canvas:
    """After these edits, with words and a mask in a group, on top."""
    canvas = new_canvas()
    for edit in todo:
        apply(canvas, edit)
    text = Text(words="Hill", x=41.5, y=120.25, size=60.0, colour="#208040")
    canvas.do(add_text(canvas.document, text))
    words = canvas.document.active.id
    canvas.do(group(canvas.document, words))
    canvas.do(add_mask(canvas.document, words))
    canvas.document.set_active(canvas.document.layer(words).mask.id)
    path = [(60.0, 90.0, 1.0), (130.0, 110.0, 0.5)]
    apply(canvas, ("stroke", path, BRUSH))
    return canvas


def turn_all(canvas: Canvas, turn: Turn) -> None:
    document = canvas.document
    canvas.do(turn_painting(document, turn.onto(document.rect, QPoint()), "Turn"))


@settings(max_examples=25)
@given(edits, st.sampled_from(TURNS))
def test_a_turned_painting_is_the_picture_turned_and_undo_and_more_turns_lead_back(todo, turn):
    canvas = painting(todo)
    first, picture = snapshot(canvas), canvas.compositor.flatten()
    turn_all(canvas, turn)
    assert canvas.compositor.flatten() == turned(picture, turn)
    canvas.undo.undo()
    assert snapshot(canvas) == first
    for _ in range(back_after(turn)):
        turn_all(canvas, turn)
    assert inked(snapshot(canvas)) == inked(first)


@settings(max_examples=25)
@given(edits, st.sampled_from(TURNS), st.booleans())
def test_a_layer_or_group_turned_in_place_until_it_is_back_is_as_it_was(todo, turn, part):
    canvas = painting(todo)
    layer = canvas.document.tree[-1].id if part else canvas.document.tree[0].id
    first = snapshot(canvas)
    for _ in range(back_after(turn)):
        if done := turn_layer(canvas.document, layer, None, turn, "Turn"):
            canvas.do(done[0])
    assert inked(snapshot(canvas)) == inked(first)


@pytest.mark.parametrize("turn", TURNS)
def test_masks_and_words_go_along_with_what_they_belong_to(turn):
    canvas = painting([])
    before, box = canvas.compositor.flatten(), QRect(20, 50, 180, 110)
    words = next(each for each in canvas.document.layers if each.props.text)
    step, done = turn_layer(canvas.document, canvas.document.tree[-1].id, None, turn, "Turn")
    canvas.do(step)
    after = canvas.compositor.flatten()
    assert after.copy(done.rect(box)) == turned(before.copy(box), turn)
    set_anew = typeset(words.props.text, canvas.document.rect)
    drawn, told = (bounds_of(tiles.keys(), tiles.get) for tiles in (words.tiles, set_anew))
    assert told.adjusted(-1, -1, 1, 1).contains(drawn)
    assert drawn.adjusted(-1, -1, 1, 1).contains(told)


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("box", [QRect(37, 121, 90, 41), QRect(230, 60, 40, 90)])
def test_only_what_is_selected_turns_about_its_own_middle_and_stays_selected(turn, box):
    canvas = new_canvas()
    document = canvas.document
    size = document.size
    noise = random.Random(3).randbytes(4 * size.width() * size.height())
    image = QImage(noise, size.width(), size.height(), QImage.Format.Format_RGB32)
    layer = document.active
    document.swap_tiles(layer.id, dict(Tiles.from_image(image, QPoint()).within(None)))
    before, path = canvas.compositor.flatten(), QPainterPath()
    path.addRect(box)
    selection = Selection.of_path(path, document.rect)
    step, done = turn_layer(document, layer.id, selection, turn, "Turn")
    canvas.do(step)
    there, after = done.rect(box), canvas.compositor.flatten()
    assert after.copy(there) == turned(before.copy(box), turn)
    assert (there.center() - box.center()).manhattanLength() <= 1
    assert done.selection(selection, document.rect).bounds == there
    for picture in (before, after):
        with QPainter(picture) as painter:
            for place in (box, there):
                painter.fillRect(place, QColor("black"))
    assert after == before
