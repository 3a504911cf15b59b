"""Brushes in a file: ours, a person's own, and hostile ones."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.core.errors import UserError
from studio.core.settings import Smoothing
from studio.paint.brush import Blend, Brush, Tip
from studio.paint.curve import Curve
from studio.paint.presets import MAX_NAME, MAX_TEXT, Preset, read_presets, write_presets

FILE = Path(__file__).resolve().parents[2] / "resources" / "brushes" / "brushes.toml"

_shares = st.floats(0, 1)
_curves = st.none() | st.builds(
    lambda low, middle, high: Curve(((0.0, low), (0.375, middle), (1.0, high))),
    _shares,
    _shares,
    _shares,
)
_presets = st.builds(
    Preset,
    st.text(min_size=1, max_size=MAX_NAME).filter(
        lambda text: text.isprintable() and text.strip() == text
    ),
    st.builds(
        Brush,
        size=st.floats(1, 500),
        hardness=_shares,
        opacity=_shares,
        flow=_shares,
        spacing=st.floats(0.01, 10),
        jitter=_shares,
        tip=st.sampled_from(Tip),
        grain=_shares,
        tilt_size=st.floats(0, 4),
        size_curve=_curves,
        opacity_curve=_curves,
        flow_curve=_curves,
        smoothing=st.sampled_from(Smoothing),
        smoothness=_shares,
        blend=st.sampled_from(Blend),
    ),
)


@given(st.lists(_presets, max_size=4, unique_by=lambda preset: preset.name))
def test_what_is_written_is_read_again(presets):
    assert read_presets(write_presets(presets)) == tuple(presets)


def test_the_brushes_that_come_with_the_app_can_be_read():
    presets = {preset.name: preset.brush for preset in read_presets(FILE.read_text("utf-8"))}
    wanted = {"Pencil", "Ink", "Soft airbrush", "Marker", "Watercolour", "Smudge", "Eraser"}
    assert wanted <= presets.keys()
    assert presets["Smudge"].blend is Blend.SMUDGE
    assert presets["Eraser"].blend is Blend.ERASE
    assert presets["Soft airbrush"].flow < 0.2


@given(st.text() | st.text("[]{}=\"'\n#abrush.,0123456789e-", max_size=200))
def test_any_text_is_read_or_refused_in_words(text):
    with suppress(UserError):
        assert isinstance(read_presets(text), tuple)


@pytest.mark.parametrize(
    "text",
    [
        "brush = 3",
        "brush = [1, 2]",
        "[[brush]]\nsize = 3.0",
        '[[brush]]\nname = "a"\nsize = nan',
        '[[brush]]\nname = "a"\nsize = 1e300',
        '[[brush]]\nname = "a"\nsize = true',
        f'[[brush]]\nname = "a"\nsize = {"9" * 4000}',
        '[[brush]]\nname = "a"\ncolour = "red"',
        '[[brush]]\nname = "a"\n__class__ = 1',
        '[[brush]]\nname = "a"\ntip = "nail"',
        '[[brush]]\nname = "a"\nsize_curve = [[0, 0], [nan, 1]]',
        '[[brush]]\nname = "a"\nsize_curve = [[0], [1, 1]]',
        '[[brush]]\nname = "a\\nb"',
        '[[brush]]\nname = " "',
        f'[[brush]]\nname = "{"a" * 61}"',
        '[[brush]]\nname = "a"\n[[brush]]\nname = "a"',
        "x = " + "[" * 50_000,
        "#" * (MAX_TEXT + 1),
        "\n".join(f'[[brush]]\nname = "{n}"' for n in range(501)),
    ],
    ids=range(19),
)
def test_files_that_hold_no_brushes_are_refused(text):
    with pytest.raises(UserError, match="not a file of brushes"):
        read_presets(text)
