"""What is set about tools and aids comes back another time."""

from hypothesis import given
from hypothesis import strategies as st

from studio.core.settings import (
    ALIGNS,
    GRADIENT_FORMS,
    MAX_UNDO,
    MIN_UNDO,
    SHAPE_LOOKS,
    Options,
    Settings,
)
from studio.ui.preferences import Preferences

options = st.builds(
    Options,
    tolerance=st.integers(0, 255),
    contiguous=st.booleans(),
    gap=st.integers(0, 64),
    all_layers=st.booleans(),
    shape_look=st.sampled_from(SHAPE_LOOKS),
    shape_inside=st.sampled_from(["#000000", "#12AbeF"]),
    gradient=st.sampled_from(GRADIENT_FORMS),
    font=st.text(max_size=20),
    letters=st.floats(1, 2000),
    align=st.sampled_from(ALIGNS),
    rulers=st.booleans(),
    snap=st.booleans(),
    untold_exports=st.booleans(),
    sign_exports=st.booleans(),
    certificate=st.text(max_size=20),
    private_key=st.text(max_size=20),
    library_megabytes=st.integers(0, 10**9),
    undo_megabytes=st.integers(MIN_UNDO, MAX_UNDO),
)


@given(options)
def test_all_that_can_be_kept_comes_back(kept: Options) -> None:
    again = Settings.from_dict(Settings(options=kept).to_dict()).options
    assert again == kept
    assert Preferences(again).options == kept
