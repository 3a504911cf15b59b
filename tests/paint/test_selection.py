"""Selections: paths, sums, edges; and what is laid over or lifted from a layer through them."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QRect, QRectF
from PySide6.QtGui import QColor, QPainter, QPainterPath, QTransform

from studio.core.picture import Size
from studio.paint.brush import Brush
from studio.paint.canvas import Canvas
from studio.paint.lay import lay
from studio.paint.lift import Lift, bounds_of
from studio.paint.selection import Combine, Selection, used_part
from studio.paint.tiles import Tiles, blank_tile
from tests.paint.edits import new_canvas, paint, snapshot

AREA = QRect(0, 0, 301, 267)
RED = QColor("red")

_rects = st.builds(
    QRect, st.integers(-20, 300), st.integers(-20, 260), st.integers(1, 200), st.integers(1, 200)
)


def box(rect: QRect, area: QRect = AREA) -> Selection:
    path = QPainterPath()
    path.addRect(QRectF(rect))
    return Selection.of_path(path, area)


def disc(x: float, y: float, radius: float) -> Selection:
    path = QPainterPath()
    path.addEllipse(QRectF(x - radius, y - radius, 2 * radius, 2 * radius))
    return Selection.of_path(path, AREA)


def selected(selection: Selection, points: list[QPoint]) -> list[bool]:
    values = [selection.at(point) for point in points]
    assert set(values) <= {0, 255}
    return [value == 255 for value in values]


@settings(max_examples=40, deadline=None)
@given(_rects, _rects, st.lists(st.builds(QPoint, st.integers(-5, 305), st.integers(-5, 270))))
def test_selections_combine_like_sets(one, other, points):
    a, b = box(one), box(other)
    in_a = [AREA.contains(p) and one.contains(p) for p in points]
    in_b = [AREA.contains(p) and other.contains(p) for p in points]
    both = list(zip(in_a, in_b, strict=True))
    assert selected(a, points) == in_a
    assert selected(a.combined(b, Combine.ADD), points) == [x or y for x, y in both]
    assert selected(a.combined(b, Combine.SUBTRACT), points) == [x and not y for x, y in both]
    assert selected(a.combined(b, Combine.INTERSECT), points) == [x and y for x, y in both]
    rest = [AREA.contains(p) and not x for p, x in zip(points, in_a, strict=True)]
    assert selected(a.inverted(AREA), points) == rest
    assert a.bounds == one.intersected(AREA)
    assert a.empty == one.intersected(AREA).isEmpty()


@settings(max_examples=30, deadline=None)
@given(_rects, _rects)
def test_a_selection_kept_as_paint_comes_back_as_far_as_it_lies_in_the_area(one, area):
    soft = disc(150, 130, 90).combined(box(one), Combine.ADD)
    inside = area.intersected(AREA)
    back = Selection.of_tiles(soft.as_tiles(), inside)
    assert back.tiles == soft.combined(box(inside), Combine.INTERSECT).tiles


@pytest.mark.parametrize("by", [1, 5, 23, -1, -5, -23])
def test_growing_moves_the_edge_by_that_many_pixels_all_around(by):
    grown = disc(150, 130, 60).grown(by, AREA)
    for way in ((1, 0), (0, 1), (-1, 0), (0, -1), (0.707, 0.707), (-0.707, 0.707)):
        inside, outside = (
            QPoint(round(150 + r * way[0]), round(130 + r * way[1]))
            for r in ((60 + by) * 0.94 - 2, (60 + by) * 1.03 + 3)
        )
        assert grown.at(inside) > 200
        assert grown.at(outside) < 60


def test_growing_stays_inside_the_document_and_its_edge_is_no_edge_to_shrink_from():
    edge = box(QRect(0, 0, 50, 50))
    assert edge.grown(10, AREA).bounds == QRect(0, 0, 60, 60)
    assert edge.grown(-10, AREA).bounds == QRect(0, 0, 40, 40)


def test_feathering_fades_evenly_around_the_old_edge():
    soft = box(QRect(-50, -50, 200, 500)).feathered(16, AREA)
    row = [soft.at(QPoint(x, 130)) for x in range(301)]
    assert all(later <= earlier + 2 for earlier, later in itertools.pairwise(row))
    assert row[149] == pytest.approx(128, abs=14)
    assert row[110] >= 250
    assert row[190] <= 5


def test_what_is_laid_through_a_selection_stays_inside_and_can_be_undone():
    canvas = new_canvas()
    paint(canvas, [(30, 30, 1.0), (280, 250, 1.0)], Brush(size=50))
    before = snapshot(canvas)
    layer = canvas.document.active

    def red(painter: QPainter) -> None:
        painter.fillRect(AREA, RED)

    command = lay(canvas.document, layer, AREA, red, "Fill", box(QRect(100, 100, 180, 60)))
    canvas.undo.push_done(command)
    image = canvas.compositor.image()
    assert image.pixelColor(100, 100) == image.pixelColor(279, 159) == RED
    assert image.pixelColor(99, 100) != RED
    assert image.pixelColor(279, 160) != RED
    canvas.undo.undo()
    assert snapshot(canvas) == before


def blob() -> Canvas:
    canvas = new_canvas(Size(301, 267))
    paint(canvas, [(60, 60, 1.0)], Brush(size=40, hardness=1, colour=RED))
    return canvas


def test_lifted_pixels_move_without_loss_even_over_the_edge_and_back():
    canvas = blob()
    before = snapshot(canvas)
    picture = canvas.compositor.flatten()
    lift = Lift(canvas.document, canvas.document.active)
    for place in ((200.0, 150.0), (-500.0, 40.0), (170.0, 130.0)):
        lift.place(QTransform.fromTranslate(*place))
    canvas.undo.push_done(lift.end("Move"))
    moved = canvas.compositor.flatten()
    assert moved.copy(200, 160, 61, 61) == picture.copy(30, 30, 61, 61)
    assert moved.pixelColor(60, 60).alpha() == 0
    canvas.undo.undo()
    assert snapshot(canvas) == before
    canvas.undo.redo()
    assert canvas.compositor.flatten() == moved


def test_only_what_is_selected_is_lifted():
    canvas = blob()
    lift = Lift(canvas.document, canvas.document.active, box(QRect(0, 0, 60, 267)))
    lift.place(QTransform.fromTranslate(100, 0))
    lift.end("Move")
    image = canvas.compositor.image()
    assert [image.pixelColor(x, 60).alpha() for x in (55, 65, 155, 165)] == [0, 255, 255, 0]


def test_lifted_pixels_can_be_scaled_turned_and_put_back():
    canvas = blob()
    before = snapshot(canvas)
    lift = Lift(canvas.document, canvas.document.active)
    lift.place(QTransform().translate(150, 130).rotate(90).scale(2, 2).translate(-60, -60))
    image = canvas.compositor.image()
    assert image.pixelColor(150, 130) == RED
    assert image.pixelColor(150 + 37, 130) == RED
    assert image.pixelColor(150 + 43, 130).alpha() == 0
    lift.cancel()
    assert snapshot(canvas) == before
    assert lift.end("Transform") is None


@given(
    st.lists(
        st.tuples(st.integers(-300, 900), st.integers(-300, 900), st.integers(1, 300)), max_size=4
    )
)
def test_bounds_are_close_around_all_paint_also_where_whole_tiles_are_blank(blocks):
    tiles, wanted = Tiles(), QRect()
    for x, y, side in blocks:
        block = Tiles.filled(QRect(x, y, side, 7), QColor("red"))
        tiles.swap({key: block.get(key) for key in block.keys()})  # noqa: SIM118
    tiles.swap({(9, 2): blank_tile(), (-5, -5): blank_tile()})
    for key in tiles.keys():  # noqa: SIM118
        wanted = wanted.united(used_part(tiles.get(key), key))
    assert bounds_of(tuple(tiles.keys()), tiles.get) == wanted
