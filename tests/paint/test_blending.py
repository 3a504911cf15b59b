"""What layers look like together, beside the formulas of the specification."""

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QRect, QSize
from PySide6.QtGui import QImage

from studio.core.picture import Size
from studio.paint.canvas import Canvas
from studio.paint.compositor import Compositor
from studio.paint.layer import LayerProps
from studio.paint.modes import BlendMode
from studio.paint.snapshot import Sheet, Snapshot
from studio.paint.tiles import TILE_FORMAT, Tiles
from tests.paint.spec import Pixel, composite

SIDE = 40
LEVELS = (0, 1, 2, 63, 64, 127, 128, 129, 200, 254, 255)


def _noise(seed: int, side: int = SIDE) -> QImage:
    """Premultiplied colours with every kind of alpha."""
    dice = random.Random(seed)
    data = bytearray()
    for _ in range(side * side):
        alpha = dice.choice((0, 1, 20, 128, 254, 255, 255, 255, dice.randrange(256)))
        data += bytes(round(_level(dice) * alpha / 255) for _ in range(3))
        data.append(alpha)
    return QImage(bytes(data), side, side, 4 * side, TILE_FORMAT).copy()


def _level(dice: random.Random) -> int:
    return dice.choice((*LEVELS, dice.randrange(256), dice.randrange(256)))


def _read(image: QImage) -> list[Pixel]:
    data = bytes(image.constBits())
    return [
        (data[at + 2] / 255, data[at + 1] / 255, data[at] / 255, data[at + 3] / 255)
        for at in range(0, len(data), 4)
    ]


def _tiles(image: QImage) -> Tiles:
    return Tiles.from_image(image, QPoint(0, 0))


def _farthest(canvas: Canvas, expected: list[Pixel]) -> float:
    """The largest difference of any channel, in 255ths."""
    found = _read(canvas.compositor.image())
    pairs = zip(found, expected, strict=True)
    return max(255 * abs(a - b) for have, want in pairs for a, b in zip(have, want, strict=True))


TOLERANCE = {BlendMode.SOFT_LIGHT: 4.0}  # Qt rounds it down at each step


@pytest.mark.parametrize("mode", BlendMode)
@pytest.mark.parametrize("opacity", [1.0, 102 / 255])
def test_every_mode_follows_the_formula(mode: BlendMode, opacity: float) -> None:
    ground, paint = _noise(1), _noise(2)
    props = LayerProps(name="", mode=mode, opacity=opacity)
    sheets = (
        Sheet(props=LayerProps(name=""), tiles=_tiles(ground)),
        Sheet(props=props, tiles=_tiles(paint)),
    )
    canvas = Snapshot(size=Size(SIDE, SIDE), sheets=sheets).canvas()
    pairs = zip(_read(ground), _read(paint), strict=True)
    expected = [composite(_name(mode), below, above, opacity) for below, above in pairs]
    assert _farthest(canvas, expected) <= TOLERANCE.get(mode, 1.5)


@pytest.fixture(scope="module")
def stack() -> list[Sheet]:
    """Three layers of more than a tile."""
    return [Sheet(props=LayerProps(name=""), tiles=_tiles(_noise(n, 260))) for n in range(3)]


@pytest.mark.parametrize("mode", BlendMode)
@pytest.mark.parametrize("opacity", [1.0, 0.6])
def test_every_mode_gives_the_same_in_parts_as_at_once(
    stack: list[Sheet], mode: BlendMode, opacity: float
) -> None:
    middle = replace(stack[1], props=LayerProps(name="", mode=mode, opacity=opacity))
    canvas = Snapshot(size=Size(260, 260), sheets=(stack[0], middle, stack[2])).canvas()
    document, dice = canvas.document, random.Random(mode.value)
    whole = [Compositor(document).image(level).copy() for level in range(3)]
    for number in range(9):
        document.set_active(document.layers[number % 3].id)
        corner = QPoint(dice.randrange(240, 260), dice.randrange(240, 260))
        part = QRect(corner, QSize(dice.randrange(1, 9), dice.randrange(1, 9)))
        document.swap_tiles(document.layers[0].id, {}, [part])  # to be composed again
        for level in range(3):
            assert canvas.compositor.image(level) == whole[level]


# Those that do not make more of the differences that rounding leaves below them.
_GENTLE = [mode for mode in BlendMode if mode.name not in ("COLOR_DODGE", "COLOR_BURN", "HUE")]
_GENTLE = [
    mode for mode in _GENTLE if mode.name not in ("SOFT_LIGHT", "SATURATION", "COLOR", "LUMINOSITY")
]

_props = st.builds(
    LayerProps,
    name=st.just(""),
    visible=st.sampled_from([True, True, True, False]),
    opacity=st.sampled_from([1.0, 1.0, 0.6]),
    mode=st.sampled_from([BlendMode.NORMAL, *_GENTLE]),
    clipped=st.booleans(),
    isolated=st.booleans(),
)
_SMALL = 8
_pixels = st.integers(0, 5).map(lambda seed: _tiles(_noise(seed, _SMALL)))
_masks = st.none() | st.builds(Sheet, props=st.just(LayerProps(name="")), tiles=_pixels)
_sheets = st.recursive(
    st.builds(Sheet, props=_props, tiles=_pixels, mask=_masks),
    lambda inner: st.builds(
        Sheet, props=_props, mask=_masks, sheets=st.lists(inner, min_size=1, max_size=3).map(tuple)
    ),
    max_leaves=5,
)


@settings(max_examples=80, deadline=None)
@given(st.lists(_sheets, min_size=1, max_size=4).map(tuple))
def test_groups_masks_and_clipping_follow_the_formulas(sheets: tuple[Sheet, ...]) -> None:
    canvas = Snapshot(size=Size(_SMALL, _SMALL), sheets=sheets).canvas()
    ground = [(0.0, 0.0, 0.0, 0.0)] * _SMALL**2
    count = len(canvas.document.layers)
    assert _farthest(canvas, _stacked(ground, sheets)) <= 2.5 * count


def _stacked(ground: list[Pixel], sheets: tuple[Sheet, ...]) -> list[Pixel]:
    """The sheets on the ground, one after another."""
    place = 0
    while place < len(sheets):
        base, place = sheets[place], place + 1
        clipped = []
        while place < len(sheets) and sheets[place].props.clipped:
            clipped.append(sheets[place])
            place += 1
        if not base.props.visible:
            continue
        props = base.props
        whole = props.isolated or props.opacity < 1 or props.mode is not BlendMode.NORMAL
        if base.sheets is not None and not (whole or base.mask or clipped):
            ground = _stacked(ground, base.sheets)
            continue
        shape = _content(base)
        for each in clipped:
            if each.props.visible:
                shape = [_inside(b, each, a) for b, a in zip(shape, _content(each), strict=True)]
        ground = [_on(below, base, above) for below, above in zip(ground, shape, strict=True)]
    return ground


def _content(sheet: Sheet) -> list[Pixel]:
    if sheet.sheets is not None:
        pixels = _stacked([(0.0, 0.0, 0.0, 0.0)] * _SMALL**2, sheet.sheets)
    else:
        pixels = _cut(sheet.tiles)
    if sheet.mask is None:
        return pixels
    covers = _cut(sheet.mask.tiles)
    pairs = zip(pixels, covers, strict=True)
    return [tuple(value * (1 - cover[3]) for value in pixel) for pixel, cover in pairs]


def _cut(tiles: Tiles) -> list[Pixel]:
    tile = tiles.get((0, 0))
    assert tile is not None
    return _read(tile.copy(0, 0, _SMALL, _SMALL))


def _on(below: Pixel, sheet: Sheet, above: Pixel) -> Pixel:
    return composite(_name(sheet.props.mode), below, above, round(sheet.props.opacity * 255) / 255)


def _inside(below: Pixel, sheet: Sheet, above: Pixel) -> Pixel:
    """On the colours of what is below as if they were opaque, then cut to its shape."""
    alpha = below[3]
    if not alpha:
        return below
    red, green, blue = (value / alpha for value in below[:3])
    return tuple(alpha * value for value in _on((red, green, blue, 1.0), sheet, above))


def _name(mode: BlendMode) -> str:
    return mode.value.removeprefix("svg:")


def test_a_clipped_layer_shows_only_where_the_one_below_has_paint() -> None:
    red, blue = QImage(8, 8, TILE_FORMAT), QImage(8, 8, TILE_FORMAT)
    red.fill(0xFFFF0000)
    blue.fill(0xFF0000FF)
    base = Sheet(props=LayerProps(name="base"), tiles=_tiles(red.copy(0, 0, 4, 8)))
    above = Sheet(props=LayerProps(name="above", clipped=True), tiles=_tiles(blue))
    canvas = Snapshot(size=Size(8, 8), sheets=(base, above)).canvas()
    image = canvas.compositor.image()
    assert (image.pixel(2, 2), image.pixel(6, 2)) == (0xFF0000FF, 0)
    canvas.document.set_layer(canvas.document.layers[0].id, visible=False)
    assert canvas.compositor.image().pixel(2, 2) == 0
    alone = Snapshot(size=Size(8, 8), sheets=(replace(above),)).canvas()
    assert alone.compositor.image().pixel(6, 2) == 0xFF0000FF  # nothing to clip to


def test_reference_layers_are_seen_by_the_person_and_not_by_the_model() -> None:
    red = QImage(8, 8, TILE_FORMAT)
    red.fill(0xFFFF0000)
    sheet = Sheet(props=LayerProps(name="", reference=True), tiles=_tiles(red))
    group = Sheet(props=LayerProps(name="", opacity=0.5), sheets=(sheet,))
    canvas = Snapshot(size=Size(8, 8), sheets=(group,)).canvas()
    assert canvas.compositor.flatten().pixel(1, 1) != 0
    assert canvas.compositor.flatten(references=False).pixel(1, 1) == 0
