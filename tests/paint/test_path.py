import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QRectF

from studio.paint.path import DabPath, PathPoint

_AREA = QRectF(0, 0, 400, 300)
_places = st.tuples(st.floats(-500, 900), st.floats(-500, 800))


def _dabs(points: list[tuple[float, float]], step: float, area: QRectF = _AREA) -> list[PathPoint]:
    path = DabPath(lambda _: step, area)
    dabs = [dab for x, y in points for dab in path.add(PathPoint(x, y, 1.0))]
    return dabs + path.end()


@settings(deadline=None)
@given(st.lists(st.floats(0.01, 0.99), max_size=6), st.floats(0.7, 30))
def test_dabs_are_evenly_spaced_however_the_line_is_cut(cuts, step):
    along = sorted({0.0, *cuts, 1.0})
    dabs = _dabs([(20 + 300 * share, 30 + 200 * share) for share in along], step)
    gaps = [math.hypot(b.x - a.x, b.y - a.y) for a, b in itertools.pairwise(dabs)]
    assert gaps == pytest.approx([step] * int(math.hypot(300, 200) / step), abs=1e-6)


@settings(deadline=None)
@given(st.lists(_places, min_size=1, max_size=5), st.floats(0.5, 30))
def test_a_clipped_path_has_the_same_dabs_inside_and_none_outside(points, step):
    everywhere = QRectF(-2000, -2000, 5000, 5000)
    # A hair off the edge, where rounding decides.
    inner = _AREA.adjusted(0.01, 0.01, -0.01, -0.01)
    outer = _AREA.adjusted(-0.01, -0.01, 0.01, 0.01)
    clipped = _dabs(points, step)
    wanted = [(d.x, d.y) for d in _dabs(points, step, everywhere) if inner.contains(d.x, d.y)]
    assert all(outer.contains(dab.x, dab.y) for dab in clipped)
    got = [(d.x, d.y) for d in clipped if inner.contains(d.x, d.y)]
    assert len(got) == pytest.approx(len(wanted), abs=2)
    if len(got) == len(wanted):
        for one, other in zip(got, wanted, strict=True):
            assert one == pytest.approx(other, abs=1e-4)


def test_pressure_runs_evenly_between_two_points():
    path = DabPath(lambda _: 10.0, _AREA)
    path.add(PathPoint(0, 50, 0.0))
    dabs = [*path.add(PathPoint(100, 50, 1.0)), *path.end()]
    assert [dab.pressure for dab in dabs] == pytest.approx([dab.x / 100 for dab in dabs], abs=0.02)
