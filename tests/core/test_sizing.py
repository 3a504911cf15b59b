"""Which sizes a model makes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.core.errors import UserError
from studio.core.picture import MAX_SIDE, Size
from studio.core.sizing import SizeRule

RULE = SizeRule(native=Size(128, 128), granularity=8)
sides = st.integers(1, 8192)


@pytest.mark.parametrize(("text", "size"), [("512x384", Size(512, 384)), (" 8 X 16 ", Size(8, 16))])
def test_sizes_are_read(text: str, size: Size) -> None:
    assert Size.parse(text) == size


@pytest.mark.parametrize(
    "text", ["", "512", "0x8", "8x0", "-8x8", "8.5x8", "99999x8", "1e3x8", "8x8x8", "٨x٨"]
)
def test_other_texts_are_no_sizes(text: str) -> None:
    with pytest.raises(UserError, match=r"\."):
        Size.parse(text)


def test_a_size_that_the_model_does_not_make_is_refused_with_the_nearest_that_it_does() -> None:
    with pytest.raises(UserError) as caught:
        RULE.check(Size(100, 130))
    assert "multiples of 8" in caught.value.problem
    assert "104x128" in caught.value.remedy or "96x128" in caught.value.remedy


@given(sides, sides, st.sampled_from([8, 16, 64]))
def test_the_nearest_size_is_always_one_that_the_model_makes(w: int, h: int, grain: int) -> None:
    rule = SizeRule(native=Size(512, 512), granularity=grain)
    near = rule.nearest(Size(w, h))
    assert near.width % grain == near.height % grain == 0
    assert abs(near.width - w) <= max(grain / 2, grain - w)


@given(sides, sides)
def test_a_canvas_gets_its_own_shape_near_the_native_area(w: int, h: int) -> None:
    size = RULE.in_shape_of(Size(w, h))
    assert RULE.check(size) == size
    if 1 / 3 <= w / h <= 3:
        assert size.width / size.height == pytest.approx(w / h, rel=0.08)
        assert size.pixels == pytest.approx(RULE.native.pixels, rel=0.5)


def test_common_canvases_keep_their_shape_exactly() -> None:
    assert RULE.in_shape_of(Size(1024, 768)) == Size(160, 120)
    assert RULE.in_shape_of(Size(1000, 1000)) == Size(128, 128)


def test_refinement_multiplies_the_sides() -> None:
    assert RULE.refined(Size(160, 120), 2) == Size(320, 240)
    assert RULE.refined(Size(128, 128), 1.5) == Size(192, 192)
    with pytest.raises(UserError, match="too large"):
        RULE.refined(Size(MAX_SIDE // 4, MAX_SIDE // 4), 4)
