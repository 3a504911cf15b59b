"""Where the paper lies: zoomed, turned and mirrored, as geometry."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPointF, QRectF, QSize

from studio.ui.canvas.viewport import Viewport
from tests.ui.pens import apart

_viewports = st.builds(
    Viewport,
    st.floats(1 / 64, 64),
    st.floats(-2000, 2000),
    st.floats(-2000, 2000),
    st.floats(-180, 180),
    st.booleans(),
)
_places = st.builds(QPointF, st.floats(-1e4, 1e4), st.floats(-1e4, 1e4))


@given(_viewports, _places)
def test_there_and_back_is_the_same_place(viewport, place):
    there = viewport.point_on_widget(place)
    assert apart(viewport.to_document(there), place) < 1e-3


@given(_viewports, _places, st.floats(-400, 400), st.floats(0.01, 100))
def test_zooming_turning_and_mirroring_keep_the_point_under_the_anchor(
    viewport, anchor, degrees, factor
):
    under = viewport.to_document(anchor)
    for seen in (
        viewport.zoomed(factor, anchor),
        viewport.turned(degrees, anchor),
        viewport.flipped(anchor),
    ):
        slack = 1e-4 * max(1.0, seen.scale, 1 / seen.scale)
        assert apart(seen.to_document(anchor), under) < max(slack, 1e-2)


@given(_viewports, _places)
def test_mirroring_shows_left_as_right_however_the_paper_is_turned(viewport, place):
    anchor = QPointF(300, 250)
    before = viewport.point_on_widget(place)
    after = viewport.flipped(anchor).point_on_widget(place)
    wanted = QPointF(600 - before.x(), before.y())
    assert apart(after, wanted) < 1e-6 * max(1.0, abs(before.x()), abs(before.y()))


@given(_viewports)
def test_mirroring_twice_and_turning_around_change_nothing(viewport):
    anchor = QPointF(300, 250)
    for same in (
        viewport.flipped(anchor).flipped(anchor),
        viewport.turned(200, anchor).turned(160, anchor),
    ):
        for corner in (QPointF(0, 0), QPointF(300, 0)):
            before, after = viewport.point_on_widget(corner), same.point_on_widget(corner)
            assert apart(before, after) < 1e-6 * max(1.0, viewport.scale * 1e4)


@pytest.mark.parametrize("angle", [0, 30, -90, 180])
@pytest.mark.parametrize("mirrored", [False, True])
def test_a_turned_and_mirrored_paper_fits_whole(angle, mirrored):
    paper, widget = QSize(4000, 300), QSize(600, 500)
    viewport = Viewport(angle=angle, mirrored=mirrored).fitting(paper, widget)
    shown = viewport.to_widget(QRectF(0, 0, 4000, 300))
    assert QRectF(0, 0, 600, 500).contains(shown)
    assert max(shown.width() / 600, shown.height() / 500) > 0.8
