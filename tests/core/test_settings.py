"""The settings survive, and damaged ones are healed."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.core.form import FormState
from studio.core.observed import Observed
from studio.core.picture import Size
from studio.core.settings import BrushState, Settings

KEPT = Settings(
    form=FormState(prompt="a cat", size=Size(64, 32), strength=0.6, seed=9, seed_locked=True),
    brush=BrushState(size=40, colour="#aabbcc"),
    geometry="AAAA",
    folder="/somewhere",
)


def test_settings_come_back_as_they_were() -> None:
    assert Settings.from_dict(json.loads(json.dumps(KEPT.to_dict()))) == KEPT


plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9)


@given(
    st.sampled_from(["form", "brush"]),
    st.sampled_from([*FormState.__slots__, *BrushState.__slots__]),
    plain | st.lists(plain),
)
def test_any_damage_leaves_usable_settings(part: str, field: str, value: object) -> None:
    data = KEPT.to_dict()
    data[part][field] = value
    healed = Settings.from_dict(data)
    assert Settings.from_dict(healed.to_dict()) == healed
    assert 0 <= healed.form.strength <= 1
    assert 1 <= healed.brush.size <= 500


def test_a_number_too_large_for_a_float_is_healed() -> None:
    assert Settings.from_dict({"form": {"guidance": 10**400}}).form == FormState()


def test_a_damaged_number_does_not_cost_the_prompt() -> None:
    data = KEPT.to_dict()
    data["form"]["steps"] = 10**9
    assert Settings.from_dict(data).form.prompt == "a cat"


def test_no_settings_are_the_usual_ones() -> None:
    for nothing in (None, [], 7, {}, {"form": 3, "brush": []}):
        assert Settings.from_dict(nothing) == Settings()


@pytest.mark.parametrize("wrong", [{"size": 501.0}, {"size": float("nan")}, {"colour": "red"}])
def test_a_brush_that_cannot_be_painted_with_is_refused_where_it_is_set(
    wrong: dict[str, object],
) -> None:
    brush = Observed(BrushState(size=500.0))
    with pytest.raises(ValueError, match="cannot be painted with"):
        brush.change(**wrong)
    assert brush.value == BrushState(size=500.0)
