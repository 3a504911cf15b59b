"""What the pen's hand becomes: curves, steadying, symmetry."""

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.core.errors import UserError
from studio.core.settings import Smoothing
from studio.paint.brush import Brush
from studio.paint.curve import Curve
from studio.paint.path import PathPoint
from studio.paint.smoothing import OneEuro, PulledString, smoother_for
from studio.paint.symmetry import Symmetry

_shares = st.floats(0, 1)
_points = st.lists(st.tuples(_shares, _shares), min_size=2, max_size=8).map(sorted)


@given(_points, _shares, _shares)
def test_a_curve_passes_its_points_and_stays_between_neighbours(points, one, other):
    try:
        curve = Curve(tuple(points))
    except UserError:
        return
    assert [curve.at(x) for x, _ in points] == pytest.approx([y for _, y in points], abs=1e-9)
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        between = sorted(x0 + share * (x1 - x0) for share in (one, other))
        values = [y0, *(curve.at(x) for x in between), y1]
        slack = 1e-9
        for earlier, later in itertools.pairwise(values):
            assert (later - earlier) * (1 if y1 >= y0 else -1) >= -slack


@pytest.mark.parametrize(
    "points",
    [
        (),
        ((0, 0),),
        ((0.5, 0), (0.5, 1)),
        ((1, 0), (0, 1)),
        ((0, 0), (1, math.nan)),
        ((0, 0), (2, 1)),
    ],
)
def test_points_that_make_no_curve_are_refused(points):
    with pytest.raises(UserError):
        Curve(points)


def _shaken(smoother, gap: float = 5.0) -> list[PathPoint]:
    points = [PathPoint(i * 2.0, 100 + 6.0 * (-1) ** i, 1.0) for i in range(100)]
    return [smoother.add(point, i * gap) for i, point in enumerate(points)]


@pytest.mark.parametrize("kind", [Smoothing.EURO, Smoothing.STRING])
def test_more_smoothness_leaves_less_of_a_shaking_hand(kind):
    rough = []
    for smoothness in (0.1, 0.5, 1.0):
        path = _shaken(smoother_for(Brush(smoothing=kind, smoothness=smoothness)))
        rough.append(sum(abs(b.y - a.y) for a, b in itertools.pairwise(path)))
    assert rough == sorted(rough, reverse=True)
    assert rough[-1] < 100 < 12 * 99


def test_one_euro_lags_less_when_the_pen_is_fast():
    behind = []
    for speed in (1.0, 60.0):  # pixels a report
        smoother = OneEuro(0.7)
        for i in range(200):
            at = smoother.add(PathPoint(i * speed, 0, 1.0), i * 5.0)
        behind.append((199 * speed - at.x) / speed)
    assert behind[1] < behind[0] / 2


@given(st.lists(st.tuples(st.floats(-1e7, 1e7), st.floats(-1e7, 1e7)), min_size=1, max_size=20))
def test_the_string_is_never_longer_than_it_is_and_the_brush_moves_only_when_taut(places):
    smoother = PulledString(0.4)
    last = None
    for x, y in places:
        at = smoother.add(PathPoint(x, y, 1.0), 0.0)
        if last is not None:
            length = math.hypot(x - last.x, y - last.y)
            assert math.hypot(x - at.x, y - at.y) == pytest.approx(min(length, 60), abs=1e-3)
        last = at


@settings(max_examples=50)
@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=2, max_size=9))
def test_wild_clocks_do_not_throw_the_brush_off_the_hands_path(times):
    smoother = OneEuro(0.5)
    for i, time in enumerate(times):
        at = smoother.add(PathPoint(i * 10.0, 50.0, 1.0), time)
        assert 0 <= at.x <= i * 10
        assert at.y == pytest.approx(50)


@given(st.booleans(), st.booleans(), st.integers(1, 8), st.floats(-99, 99), st.floats(-99, 99))
def test_the_images_of_any_image_are_the_same_set(vertical, horizontal, radial, x, y):
    symmetry = Symmetry(x=5, y=-3, vertical=vertical, horizontal=horizontal, radial=radial)
    images = list(symmetry.images(x, y))
    flips = (1 + vertical) * (1 + horizontal)
    assert images[0] == (x, y, 0.0, (False, False))
    assert len(images) == flips * radial
    for other in images[1:]:
        for point in symmetry.images(*other[:2]):
            near = min(math.dist(point[:2], each[:2]) for each in images)
            assert near < 1e-9 or (vertical != horizontal and radial > 1)
