"""What the brush's settings do to the pixels."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage, QTransform

from studio.core.picture import Size
from studio.core.settings import Smoothing
from studio.paint.brush import Blend, Brush, Tip
from studio.paint.curve import Curve
from studio.paint.path import PathPoint
from studio.paint.stroke import Stroke, StrokePoint
from studio.paint.symmetry import NO_SYMMETRY, Symmetry
from studio.paint.tiles import TILE, TileKey
from tests.paint.edits import new_canvas, paint, pixels, snapshot

RED = QColor(200, 30, 60)
NAN = float("nan")

_numbers = st.floats(-50, 350) | st.sampled_from([NAN, 1e6, -1e6])
_reports = st.builds(
    StrokePoint,
    _numbers,
    _numbers,
    st.floats(0, 1) | st.sampled_from([NAN, -1.0, 7.0]),
    st.floats(-100, 1000),
    st.floats(0, 1),
    st.floats(-400, 400) | st.sampled_from([NAN, 0.0]),
)
_brushes = st.builds(
    Brush,
    size=st.sampled_from([1.0, 9.5, 70.0]),
    flow=st.sampled_from([0.03, 1.0]),
    opacity=st.sampled_from([0.4, 1.0]),
    spacing=st.sampled_from([0.1, 0.6]),
    jitter=st.sampled_from([0.0, 0.5]),
    tip=st.sampled_from(Tip),
    grain=st.sampled_from([0.0, 0.8]),
    tilt_size=st.sampled_from([0.0, 1.5]),
    smoothing=st.sampled_from(Smoothing),
    blend=st.sampled_from(Blend),
    colour=st.just(RED),
)
_symmetries = st.sampled_from(
    [NO_SYMMETRY, Symmetry(x=150, y=130, vertical=True), Symmetry(x=150, y=130, radial=5)]
)
_PHASES = [Phase.explicit, Phase.reuse, Phase.generate]  # strokes are slow to shrink


class LeftHalf:
    """Lets strokes leave something left of x = 60 only."""

    def tile(self, key: TileKey) -> QImage | None:
        if key[0] > 0:
            return None
        image = QImage(TILE, TILE, QImage.Format.Format_Alpha8)
        image.fill(0)
        for row in range(TILE):
            for column in range(60):
                image.setPixelColor(column, row, QColor(0, 0, 0, 255))
        return image


def ground() -> object:
    canvas = new_canvas()
    paint(canvas, [(30, 40, 1.0), (220, 200, 1.0)], Brush(size=60, colour=QColor(20, 90, 200)))
    return canvas


def line(x: float = 20, end: float = 100) -> list[tuple[float, float, float]]:
    return [(at, 45.0, 1.0) for at in range(int(x), int(end) + 1, 5)]


def drawn(brush: Brush, points=None, **how) -> QImage:
    canvas = new_canvas(Size(120, 90))
    stroke = Stroke(canvas.document, canvas.document.active.id, brush, **how)
    stroke.extend(StrokePoint(*point) for point in points or line())
    stroke.end()
    return canvas.compositor.flatten()


def cover(image: QImage) -> int:
    return sum(pixels(image)[3::4])


@settings(max_examples=60, deadline=None, phases=_PHASES)
@given(_brushes, _symmetries, st.lists(_reports, min_size=1, max_size=9), st.data())
def test_a_recorded_stroke_gives_the_same_pixels_however_its_reports_are_batched(
    brush, symmetry, reports, data
):
    singly, batched = ground(), ground()
    one = Stroke(singly.document, singly.document.active.id, brush, symmetry)
    for report in reports:
        one.add(*report)
    other = Stroke(batched.document, batched.document.active.id, brush, symmetry)
    rest = reports
    while rest:
        count = data.draw(st.integers(1, len(rest)))
        other.extend(rest[:count])
        rest = rest[count:]
        if data.draw(st.booleans()):
            batched.compositor.image(1)  # a frame in between
    commands = one.end(), other.end()
    assert (commands[0] is None) == (commands[1] is None)
    assert snapshot(singly) == snapshot(batched)
    assert singly.compositor.image() == batched.compositor.image()


@settings(max_examples=30, deadline=None)
@given(_brushes, _symmetries, st.lists(_reports, min_size=1, max_size=6))
def test_undo_takes_back_every_kind_of_stroke(brush, symmetry, reports):
    canvas = ground()
    before = snapshot(canvas)
    stroke = Stroke(canvas.document, canvas.document.active.id, brush, symmetry)
    stroke.extend(reports)
    if command := stroke.end():
        canvas.undo.push_done(command)
        after = snapshot(canvas)
        canvas.undo.undo()
        assert snapshot(canvas) == before
        canvas.undo.redo()
        assert snapshot(canvas) == after
    assert snapshot(canvas) == before or command


def test_a_pressure_curve_decides_what_a_press_is_worth():
    soft = Brush(size=40, size_curve=Curve(((0, 0.5), (1, 1))), opacity_curve=None)
    light = cover(drawn(soft, [(60, 45, 0.0)]))
    full = cover(drawn(soft, [(60, 45, 1.0)]))
    assert light == pytest.approx(full / 4, rel=0.1)
    flow = replace(soft, size_curve=None, flow_curve=Curve(((0, 0.2), (1, 1))))
    assert cover(drawn(flow, [(60, 45, 0.0)])) == pytest.approx(full / 5, rel=0.05)


def test_a_flat_pen_paints_wider_where_the_brush_says_so():
    pencil = Brush(size=20, hardness=1, tilt_size=1.0)
    upright, flat = (drawn(pencil, [(60, 45, 1.0, 0.0, tilt)]) for tilt in (0.0, 1.0))
    assert cover(flat) == pytest.approx(4 * cover(upright), rel=0.1)


def test_jitter_throws_dabs_off_the_line_no_farther_than_it_says():
    brush = Brush(size=10, hardness=1, spacing=0.5, jitter=1.0)
    image = drawn(brush)
    rows = [y for y in range(90) if any(image.pixelColor(x, y).alpha() for x in range(120))]
    assert min(rows) < 38
    assert max(rows) > 52
    assert min(rows) >= 45 - 5 - 10 - 1
    assert max(rows) <= 45 + 5 + 10 + 1


@pytest.mark.parametrize("rough", [{"tip": Tip.CHALK}, {"tip": Tip.BRISTLE}, {"grain": 1.0}])
def test_rough_tips_and_papers_leave_gaps_but_keep_the_shape(rough):
    even = Brush(size=40, hardness=1)
    tap = [(60.0, 45.0, 1.0)]
    whole, broken = drawn(even, tap), drawn(replace(even, **rough), tap)
    assert 0.25 * cover(whole) < cover(broken) < 0.9 * cover(whole)
    outside = zip(pixels(broken)[3::4], pixels(whole)[3::4], strict=True)
    assert all(rough_alpha <= even_alpha + 1 for rough_alpha, even_alpha in outside)


def test_the_paper_s_grain_stays_with_the_paper():
    brush = Brush(size=80, hardness=1, grain=1.0)
    near = drawn(brush, [(60, 45, 1.0)])
    moved = drawn(brush, [(52, 41, 1.0)])
    inner = [(x, y) for x in range(45, 68) for y in range(35, 52)]
    assert all(near.pixelColor(*at) == moved.pixelColor(*at) for at in inner)


ACROSS, DOWN = Qt.Orientation.Horizontal, Qt.Orientation.Vertical


@pytest.mark.parametrize("tip", Tip)
@pytest.mark.parametrize("ways", [[ACROSS], [DOWN], [ACROSS, DOWN]])
def test_a_stroke_over_the_mirror_s_line_is_its_own_mirror_image_whatever_the_tip(tip, ways):
    middle = Symmetry(x=60, y=45, vertical=ACROSS in ways, horizontal=DOWN in ways)
    turned = [(20.3, 20.7, 0.7, 0, 0, 37), (50, 61.9, 0.7, 5, 0, 57), (77.7, 52.3, 0.7, 9, 0, 77)]
    brush = Brush(size=23, hardness=0.6, flow=0.5, jitter=0.3, tip=tip, colour=RED)
    image = drawn(brush, turned, symmetry=middle)
    assert cover(image) > 0
    for way in ways:
        # The two halves lay their dabs in another order, which the last bit can tell.
        assert _differences(image, image.flipped(way))[1] <= 1


@pytest.mark.parametrize("tip", [Tip.CHALK, Tip.BRISTLE])
@pytest.mark.parametrize("vertical", [False, True])
def test_the_tip_turns_with_strokes_around_a_point(tip, vertical):
    middle = Symmetry(x=60, y=45, vertical=vertical, radial=4)
    points = [(50, 20, 1), (52, 27, 1)]
    image = drawn(Brush(size=23, tip=tip, colour=RED), points, symmetry=middle)
    square = image.copy(15, 0, 90, 90)
    assert cover(square) > 0
    images = [square.transformed(QTransform().rotate(90))]
    images += [square.flipped(ACROSS)] if vertical else []
    for each in images:
        assert _differences(square, each)[0] < 4.0  # of what lies otherwise: above 5


def _differences(one: QImage, other: QImage) -> tuple[float, int]:
    """On average and at most, of all channels."""
    each = [abs(a - b) for a, b in zip(pixels(one), pixels(other), strict=True)]
    return sum(each) / len(each), max(each)


def test_a_stroke_outside_the_document_still_paints_its_images_inside():
    middle = Symmetry(x=120, y=45, vertical=True)
    image = drawn(Brush(size=9), [(160, 30, 1), (200, 60, 1)], symmetry=middle)
    assert image.pixelColor(60, 45).alpha() > 200


def test_smudging_drags_paint_along_and_leaves_even_areas_alone():
    canvas = new_canvas(Size(120, 90))
    paint(canvas, line(0, 50), Brush(size=60, hardness=1, colour=RED))
    before = canvas.compositor.flatten()
    finger = Brush(size=20, blend=Blend.SMUDGE, flow=0.9)
    paint(canvas, [(20, 45, 1.0), (30, 45, 1.0)], finger)
    assert canvas.compositor.image().pixelColor(25, 45) == RED
    paint(canvas, line(50, 110), finger)
    image = canvas.compositor.image()
    assert before.pixelColor(95, 45).alpha() == 0
    carried = [image.pixelColor(x, 45).alpha() for x in (82, 90, 98)]
    assert carried == sorted(carried, reverse=True)
    assert carried[0] > 20
    assert image.pixelColor(90, 45).red() == pytest.approx(RED.red(), abs=12)


def test_what_is_smudged_fades_without_rings():
    canvas = new_canvas(Size(120, 90))
    paint(canvas, [(30, y, 1.0) for y in range(0, 91, 10)], Brush(size=60, hardness=1, colour=RED))
    finger = Brush(size=20.6, spacing=0.08, blend=Blend.SMUDGE, flow=0.9)
    paint(canvas, [(54.3, 40, 1.0), (80, 45, 1.0), (112, 49, 1.0)], finger)
    image = canvas.compositor.image()
    faded = [image.pixelColor(x, 46).alpha() for x in range(66, 100)]
    assert all(later <= earlier + 1 for earlier, later in itertools.pairwise(faded))


def test_a_mask_keeps_every_kind_of_stroke_inside():
    for blend in Blend:
        canvas = new_canvas(Size(120, 90))
        paint(canvas, [(60, 10, 1.0), (60, 60, 1.0)], Brush(size=50, colour=QColor(0, 0, 255)))
        before = canvas.compositor.flatten()
        brush = Brush(size=30, colour=RED, blend=blend)
        stroke = Stroke(canvas.document, canvas.document.active.id, brush, mask=LeftHalf())
        stroke.extend(StrokePoint(*point) for point in [(40, 20, 1.0), (80, 70, 1.0)])
        stroke.end()
        after = canvas.compositor.flatten()
        assert after.copy(60, 0, 60, 90) == before.copy(60, 0, 60, 90)
        assert after != before


def test_wherever_alpha_is_locked_strokes_change_colours_only():
    for blend in Blend:
        canvas = new_canvas(Size(120, 90))
        paint(canvas, line(20, 60), Brush(size=40, opacity=0.6, colour=QColor(0, 0, 255)))
        paint(canvas, line(50, 70), Brush(size=30, opacity=0.6, colour=QColor(0, 255, 0)))
        canvas.document.set_layer(canvas.document.active.id, alpha_locked=True)
        before = canvas.compositor.flatten()
        paint(canvas, line(20, 100), Brush(size=20, blend=blend, colour=RED))
        after = canvas.compositor.flatten()
        alphas = zip(pixels(after)[3::4], pixels(before)[3::4], strict=True)
        assert all(abs(new - old) <= 1 for new, old in alphas)
        assert (after != before) == (blend is not Blend.ERASE)


def test_a_pen_that_is_turned_turns_a_rough_tip_and_leaves_a_round_one():
    for tip in Tip:
        brush = Brush(size=60, hardness=1, tip=tip)
        upright, quarter, whole, mad = (
            drawn(brush, [(60, 45, 1.0, 0.0, 0.0, turn)]) for turn in (0, 90, 360, NAN)
        )
        assert upright == whole == mad
        turned = upright.copy(30, 15, 61, 61).transformed(QTransform().rotate(90))
        same = unlike(turned, quarter.copy(30, 15, 61, 61))
        other = unlike(upright.copy(30, 15, 61, 61), quarter.copy(30, 15, 61, 61))
        if tip is Tip.ROUND:
            assert upright == quarter
        else:
            assert same < other / 2


def test_a_turn_past_the_top_goes_the_short_way():
    start, end = PathPoint(0, 0, 1.0, turn=350.0), PathPoint(10, 0, 1.0, turn=10.0)
    assert start.towards(end, 0.5).turn % 360 == pytest.approx(0)
    assert end.towards(start, 0.25).turn % 360 == pytest.approx(5)


def unlike(one: QImage, other: QImage) -> float:
    pairs = zip(pixels(one)[3::4], pixels(other)[3::4], strict=True)
    return sum(abs(a - b) for a, b in pairs)


@pytest.mark.parametrize("masked", [False, True])
def test_a_large_dab_is_as_thick_in_every_row(masked: bool):
    canvas = new_canvas(Size(300, 280))
    brush = Brush(size=240, hardness=1, opacity=0.5, flow=0.8, colour=RED)
    mask = Everywhere() if masked else None
    stroke = Stroke(canvas.document, canvas.document.active.id, brush, mask=mask)
    stroke.extend([StrokePoint(150, 140, 1.0)])
    stroke.end()
    image = canvas.compositor.flatten()
    thick = {image.pixelColor(150, y).alpha() for y in range(25, 256)}
    assert thick <= {101, 102}
    assert len(thick) == 1
    assert image.pixelColor(150, 10).alpha() == image.pixelColor(150, 270).alpha() == 0


class Everywhere:
    """A mask that lets everything through."""

    def tile(self, key: TileKey) -> QImage:
        image = QImage(TILE, TILE, QImage.Format.Format_Alpha8)
        image.fill(255)
        return image
