import math
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtGui import QColor, QImage

from studio.core.picture import Size
from studio.paint.brush import Blend, Brush
from studio.paint.commands import RemoveLayer
from studio.paint.stroke import Stroke
from studio.paint.tiles import TILE_FORMAT
from studio.paint.tip import CACHE_BYTES, BrushTip
from tests.paint.edits import new_canvas, paint, pixels, snapshot, strokes

RED = QColor(200, 30, 60)
NAN = float("nan")


def _painted(brush: Brush, points: Iterable[tuple[float, ...]], size: Size | None = None) -> QImage:
    canvas = new_canvas(size or Size(120, 90))
    paint(canvas, list(points), brush)
    return canvas.compositor.flatten()


def _alphas(image: QImage) -> list[int]:
    return list(pixels(image)[3::4])


def _brush(**changes: object) -> Brush:
    return Brush(**{"size": 20.0, "hardness": 0.8, "colour": RED, **changes})


def _line(pressure: float = 1.0) -> list[tuple[float, float, float]]:
    return [(x, 45.0, pressure) for x in range(20, 101, 5)]


def test_one_click_leaves_one_round_dab():
    image = _painted(_brush(hardness=1.0), [(60.5, 45.5)])
    assert image.pixelColor(60, 45) == RED
    for angle in range(0, 360, 15):
        way = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        inside, outside = ((60.5 + r * way[0], 45.5 + r * way[1]) for r in (8.5, 11.5))
        assert image.pixelColor(*map(int, inside)).alpha() == 255
        assert image.pixelColor(*map(int, outside)).alpha() == 0


@settings(max_examples=40, deadline=None)
@given(
    st.floats(50, 60),
    st.floats(40, 50),
    st.sampled_from([3.0, 20.0, 60.0]),
    st.sampled_from([0, 1]),
)
def test_a_dab_lies_where_it_is_put_to_a_fraction_of_a_pixel(x, y, size, hardness):
    image = _painted(_brush(size=size, hardness=hardness), [(x, y)])
    alphas = _alphas(image)
    total = sum(alphas)
    middle_x = sum(a * (i % 120 + 0.5) for i, a in enumerate(alphas)) / total
    middle_y = sum(a * (i // 120 + 0.5) for i, a in enumerate(alphas)) / total
    assert (middle_x, middle_y) == pytest.approx((x, y), abs=0.2)


@pytest.mark.parametrize(("size", "off"), [(160.0, 0.25), (300.0, 0.5)])
def test_a_large_dab_is_put_where_nobody_can_tell_the_difference(size, off):
    stamps = BrushTip(_brush(size=size, hardness=0))
    for x, y in ((400.26, 300.74), (400.49, 300.51), (399.9, 301.1)):
        place, image = stamps.stamp(x, y, size)
        alphas, side = _alphas(image.convertToFormat(TILE_FORMAT)), image.width()
        total = sum(alphas)
        middle_x = place.x() + sum(a * (i % side + 0.5) for i, a in enumerate(alphas)) / total
        middle_y = place.y() + sum(a * (i // side + 0.5) for i, a in enumerate(alphas)) / total
        assert (middle_x, middle_y) == pytest.approx((x, y), abs=off + 0.01)


def test_a_harder_brush_covers_more_of_its_size():
    covers = [sum(_alphas(_painted(_brush(hardness=h), [(60, 45)]))) for h in (0, 0.5, 1)]
    assert covers == sorted(covers)
    area = math.pi * 10**2 * 255
    assert covers[2] == pytest.approx(area, rel=0.02)
    assert covers[0] < area / 2


@settings(max_examples=30, deadline=None)
@given(st.floats(0.05, 1.0), st.floats(0.1, 1.0))
def test_a_stroke_over_itself_never_covers_more_than_its_opacity(opacity, pressure):
    there_and_back = [*_line(pressure), *reversed(_line(pressure))] * 2
    image = _painted(_brush(opacity=opacity), there_and_back)
    assert max(_alphas(image)) <= round(opacity * 255) + 1


def test_a_full_stroke_reaches_its_opacity():
    alpha = _painted(_brush(opacity=0.4), _line()).pixelColor(60, 45).alpha()
    assert alpha == pytest.approx(0.4 * 255, abs=1)


def test_two_strokes_cover_more_than_one():
    canvas = new_canvas(Size(120, 90))
    for _ in range(2):
        paint(canvas, _line(), _brush(opacity=0.5))
    alpha = canvas.compositor.image().pixelColor(60, 45).alpha()
    assert alpha == pytest.approx(0.75 * 255, abs=2)


def test_low_flow_adds_up_to_full_cover():
    scribble = [(x, 45.0, 1.0) for x in [30, 90] * 300]
    image = _painted(_brush(flow=0.01), scribble)
    assert image.pixelColor(60, 45).alpha() >= 253


def test_the_faintest_flow_leaves_something():
    scribble = [(x, 45.0, 1.0) for x in [30, 90] * 20]
    passes = 2 * 20 - 1
    dabs = passes / Brush().spacing
    alpha = _painted(_brush(flow=0.0005, hardness=1.0), scribble).pixelColor(60, 45).alpha()
    assert alpha == pytest.approx(255 * (1 - (1 - 0.0005) ** dabs), abs=4)


@pytest.mark.parametrize("pressure", [0.02, 0.1, 0.5, 0.9])
def test_a_row_of_dabs_covers_as_much_as_the_pressure_says(pressure):
    brush = _brush(size=40.0, hardness=1.0, size_curve=None)
    along = _painted(brush, _line(pressure)).pixelColor(60, 45).alpha()
    assert along == pytest.approx(pressure * 255, abs=12)
    tap = _painted(brush, [(60, 45, pressure)]).pixelColor(60, 45).alpha()
    assert tap == pytest.approx(pressure * 255, abs=1.5)


def test_a_tap_is_as_strong_as_its_strongest_pressure():
    brush = _brush()
    rising = _painted(brush, [(60, 45, 0.2), (60, 45, 0.9), (60, 45, 0.1)])
    assert rising == _painted(brush, [(60, 45, 0.9)])


def test_a_tap_that_goes_on_as_a_light_stroke_leaves_no_blot():
    light = [(60, 45, 0.2), (60, 45, 0.2), (60, 45, 0.2), (100, 45, 0.2)]
    blot = [light[0], (60, 45, 1.0), *light[2:]]
    assert _painted(_brush(), blot) == _painted(_brush(), light)


def test_a_stroke_keeps_its_first_dab():
    image = _painted(_brush(hardness=1.0), [(60, 45), (100, 45)])
    assert image.pixelColor(50, 45).alpha() > 200
    assert image.pixelColor(51, 45).alpha() == 255


def test_a_harder_press_paints_wider():
    wide = [sum(a > 0 for a in _alphas(_painted(_brush(), _line(p)))) for p in (0.2, 0.6, 1.0)]
    assert wide == sorted(set(wide))


def test_the_brush_s_switches_turn_pressure_off():
    steady = _brush(size_curve=None, opacity_curve=None)
    assert _painted(steady, _line(0.3)) == _painted(steady, _line(1.0))


def test_the_eraser_takes_away_and_leaves_nothing_on_empty_layers():
    canvas = new_canvas(Size(120, 90))
    paint(canvas, _line(), _brush())
    paint(canvas, [(60, 45, 1.0)], _brush(size=8.0, opacity=0.5, blend=Blend.ERASE))
    assert canvas.compositor.image().pixelColor(60, 45).alpha() == pytest.approx(128, abs=2)
    assert canvas.compositor.image().pixelColor(40, 45).alpha() == 255
    empty = new_canvas()
    paint(empty, _line(), _brush(blend=Blend.ERASE))
    assert not empty.document.active.tiles.keys()
    assert empty.undo.undo_label == "Add layer"


def test_a_smooth_stroke_has_no_gaps_and_passes_near_its_points():
    points = [(20, 20, 1.0), (60, 70, 1.0), (100, 20, 1.0)]
    image = _painted(_brush(size=6.0, hardness=1.0), points)
    for x, y in ((20, 20), (100, 20), (60, 57)):
        assert image.pixelColor(x, y).alpha() == 255
    columns = [max(image.pixelColor(x, y).alpha() for y in range(90)) for x in range(20, 101)]
    assert min(columns) == 255


@settings(max_examples=30, deadline=None)
@given(strokes, st.lists(st.booleans(), min_size=4, max_size=4))
def test_the_pixels_depend_on_the_points_only(stroke, looks):
    _, points, brush = stroke
    watched, alone = new_canvas(), new_canvas()
    painting = Stroke(watched.document, watched.document.active.id, brush)
    for point, look in zip(points, looks, strict=False):
        painting.add(*point)
        if look:
            watched.compositor.image(2)
    painting.end()
    paint(alone, points, brush)
    assert watched.compositor.image() == alone.compositor.image()
    assert snapshot(watched) == snapshot(alone)


def test_a_stroke_shows_while_it_is_painted_and_reports_no_more_than_it_touched():
    canvas = new_canvas(Size(600, 600))
    touched = []
    canvas.document.changed.connect(touched.append)
    stroke = Stroke(canvas.document, canvas.document.active.id, _brush())
    stroke.add(300, 300)
    assert canvas.compositor.image().pixelColor(300, 300) == RED
    assert touched
    assert all(rect.width() <= 26 and rect.height() <= 26 for rect in touched)


@pytest.mark.parametrize("opacity", [0.11, 0.37, 0.63, 0.9])
def test_a_single_pixel_is_painted_as_in_a_crowd(opacity):
    brush = _brush(opacity=opacity, flow=0.77)
    alone, crowd = (_painted(brush, [(0, 0)], Size(n, n)) for n in (1, 40))
    assert pixels(alone) == pixels(crowd)[:4]


def test_tiles_that_somebody_holds_never_change():
    canvas = new_canvas()
    paint(canvas, [(50, 50, 1.0)], _brush())
    held = canvas.document.active.tiles.get((0, 0))
    before = pixels(held)
    paint(canvas, [(60, 60, 1.0), (90, 90, 1.0)], _brush(colour=QColor(0, 200, 0)))
    assert pixels(held) == before
    assert pixels(canvas.document.active.tiles.get((0, 0))) != before


@settings(max_examples=20, deadline=None)
@given(strokes, strokes)
def test_a_cancelled_stroke_leaves_no_trace(first, second):
    canvas = new_canvas()
    paint(canvas, *first[1:])
    before = snapshot(canvas)
    stroke = Stroke(canvas.document, canvas.document.active.id, second[2])
    for point in second[1]:
        stroke.add(*point)
    stroke.cancel()
    stroke.add(100, 100)
    assert stroke.end() is None
    assert snapshot(canvas) == before


@pytest.mark.parametrize("wrong", [(NAN, 5.0), (5.0, float("inf")), (float("-inf"), NAN)])
def test_points_that_are_no_numbers_are_left_out(wrong):
    points = _line()
    assert _painted(_brush(), [*points[:5], wrong, *points[5:]]) == _painted(_brush(), points)


@pytest.mark.parametrize(("wrong", "right"), [(NAN, 1.0), (7.0, 1.0), (-3.0, 0.0)])
def test_impossible_pressures_count_as_the_nearest_possible(wrong, right):
    assert _painted(_brush(), _line(wrong)) == _painted(_brush(), _line(right))


def test_no_pressure_paints_nothing():
    canvas = new_canvas()
    paint(canvas, _line(0.0), _brush())
    assert canvas.undo.undo_label == "Add layer"


@pytest.mark.parametrize("far", [1e6, 1e300])
def test_a_stroke_from_far_away_stays_in_the_document_and_ends(far):
    canvas = new_canvas()
    points = [(-far, 100.0, 1.0), (50.0, 100.0, 1.0), (far, 100.0, 1.0), (far, -far, 1.0)]
    paint(canvas, points, _brush(size=5.0, spacing=0.01))
    assert set(canvas.document.active.tiles.keys()) <= {(0, 0), (1, 0)}
    assert canvas.compositor.image().pixelColor(150, 100).alpha() == 255


def test_nothing_is_painted_beyond_the_document_s_edge():
    canvas = new_canvas(Size(120, 90))
    paint(canvas, [(120, 45, 1.0), (60, 90, 1.0)], _brush())
    tile = canvas.document.active.tiles.get((0, 0))
    assert tile.pixelColor(119, 45).alpha() == 255
    assert tile.pixelColor(120, 45).alpha() == 0
    assert tile.pixelColor(60, 90).alpha() == 0


def test_a_stroke_outlives_its_layer_and_half_of_it_does_not_come_back():
    canvas = new_canvas()
    paint(canvas, _line(), _brush())
    before = snapshot(canvas)
    stroke = Stroke(canvas.document, canvas.document.active.id, _brush(colour=QColor(0, 0, 255)))
    stroke.add(50, 50)
    canvas.do(RemoveLayer.of(canvas.document, canvas.document.active.id))
    stroke.add(60, 60)
    assert stroke.end() is None
    canvas.undo.undo()
    assert snapshot(canvas) == before


@pytest.mark.parametrize(
    "wrong",
    [
        {"size": 0.5},
        {"size": 501},
        {"hardness": 1.1},
        {"opacity": NAN},
        {"flow": -1},
        {"spacing": 0},
    ],
)
def test_a_brush_out_of_range_is_refused(wrong):
    with pytest.raises(ValueError, match=r"brush|spacing"):
        Brush(**wrong)


def test_a_long_stroke_of_a_huge_pressure_sensitive_brush_keeps_its_stamps_in_bounds():
    stamps = BrushTip(_brush(size=500.0))
    for step in range(120):
        stamps.stamp(step * 1.37, step * 0.71, 500.0 - step, 0)
        kept = sum(image.sizeInBytes() for image in stamps._stamps.values())
        assert kept <= CACHE_BYTES
