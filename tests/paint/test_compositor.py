import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QRect, QSize
from PySide6.QtGui import QColor, QImage

from studio.core.picture import Size
from studio.paint.canvas import Canvas
from studio.paint.compositor import Compositor
from studio.paint.tiles import Tiles
from tests.paint.edits import apply, edits, new_canvas, pixels


def _filled(canvas: Canvas, colours: list[QColor]) -> None:
    for colour in colours:
        image = QImage(canvas.document.size, QImage.Format.Format_ARGB32)
        image.fill(colour)
        layer = canvas.document.new_layer(colour.name())
        layer.tiles = Tiles.from_image(image, QPoint(0, 0))
        canvas.document.insert_layer(len(canvas.document.layers), layer)


@settings(max_examples=60, deadline=None)
@given(edits, st.lists(st.integers(0, 3), min_size=7, max_size=7), st.booleans())
def test_repainting_what_changed_equals_repainting_everything(changes, asked, undo):
    canvas = new_canvas()
    for level in range(4):
        canvas.compositor.image(level)
    for change, level in zip(changes, asked, strict=False):
        apply(canvas, change)
        canvas.compositor.image(level)
    if undo:
        canvas.undo.undo()
    fresh = Compositor(canvas.document)
    for level in range(4):
        assert canvas.compositor.image(level) == fresh.image(level)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.tuples(*[st.integers(0, 255)] * 4),
            st.integers(0, 255).map(lambda level: level / 255),
            st.booleans(),
        ),
        min_size=1,
        max_size=3,
    ),
    st.integers(0, 2),
)
def test_layers_blend_by_the_source_over_formula(stack, active):
    canvas = Canvas(Size(3, 2))
    ground = [0] * 4  # blue, green, red, alpha: premultiplied
    for (red, green, blue, alpha), opacity, visible in stack:
        _filled(canvas, [QColor(red, green, blue, alpha)])
        top = canvas.document.layers[-1]
        canvas.document.set_layer(top.id, opacity=opacity, visible=visible)
        share = opacity * visible
        stored = [round(c * alpha / 255) for c in (blue, green, red, 255)]
        expected = [
            s * share + g * (1 - share * alpha / 255) for s, g in zip(stored, ground, strict=True)
        ]
        ground = list(pixels(canvas.compositor.image())[:4])
        # Three roundings to 8 bits: the source, what it leaves of the ground, the share it leaves.
        assert ground == pytest.approx(expected, abs=1.5)
    layers = canvas.document.layers
    canvas.document.set_active(layers[active % len(layers)].id)
    assert list(pixels(Compositor(canvas.document).image())[:4]) == ground


def test_a_half_opaque_layer_shows_half_of_what_is_below():
    canvas = Canvas(Size(3, 2))
    _filled(canvas, [QColor(200, 0, 0), QColor(0, 100, 0)])
    canvas.document.set_layer(canvas.document.layers[1].id, opacity=0.5)
    colour = canvas.compositor.image().pixelColor(1, 1)
    assert (colour.red(), colour.green(), colour.alpha()) == pytest.approx((100, 50, 255), abs=1)


def test_an_opacity_is_exact_to_a_255th():
    canvas = Canvas(Size(1, 1))
    _filled(canvas, [QColor(0, 0, 0)])
    layer = canvas.document.layers[0].id
    for level in range(256):
        canvas.document.set_layer(layer, opacity=level / 255)
        assert canvas.compositor.image().pixelColor(0, 0).alpha() == level


def test_a_single_pixel_is_repainted_as_in_a_crowd():
    canvas = Canvas(Size(40, 40))
    _filled(canvas, [QColor(255, 255, 255), QColor(10, 90, 170, 201)])
    bottom, top = canvas.document.layers
    for level in range(1, 255, 9):
        canvas.document.set_layer(top.id, opacity=level / 255)
        canvas.compositor.image()
        canvas.document.swap_tiles(bottom.id, {}, [QRect(7, 9, 1, 1)])
        assert canvas.compositor.image() == Compositor(canvas.document).image()


def test_changes_below_the_active_layer_are_seen():
    canvas = Canvas(Size(3, 2))
    _filled(canvas, [QColor(200, 0, 0), QColor(0, 200, 0, 128), QColor(0, 0, 200, 128)])
    document = canvas.document
    bottom, middle, _ = document.layers
    changes = [
        lambda: document.set_layer(bottom.id, opacity=0.5),
        lambda: document.move_layer(bottom.id, 1),
        lambda: document.swap_tiles(middle.id, {(0, 0): None}),
        lambda: document.set_layer(bottom.id, visible=False),
    ]
    for change in changes:
        before = canvas.compositor.flatten()
        change()
        assert canvas.compositor.image() == Compositor(document).image()
        assert canvas.compositor.image() != before


@pytest.mark.parametrize(("width", "height"), [(301, 267), (1, 1), (2, 513)])
def test_levels_are_halves_with_their_sides_rounded_up(width, height):
    canvas = Canvas(Size(width, height))
    _filled(canvas, [QColor(10, 20, 30)])
    for level in range(4):
        image = canvas.compositor.image(level)
        assert image.size() == QSize(-(-width // 2**level), -(-height // 2**level))
        # Not even the last odd row and column let the background through.
        corner = image.pixelColor(image.width() - 1, image.height() - 1)
        assert corner.alpha() == 255


def test_a_pixel_of_the_next_level_is_the_mean_of_four():
    canvas = Canvas(Size(4, 2))
    image = QImage(4, 2, QImage.Format.Format_ARGB32)
    image.fill(0)
    for x, y, level in ((0, 0, 40), (1, 0, 80), (0, 1, 120), (1, 1, 160)):
        image.setPixelColor(x, y, QColor(level, 0, 0))
    layer = canvas.document.new_layer("four")
    layer.tiles = Tiles.from_image(image, QPoint(0, 0))
    canvas.document.insert_layer(0, layer)
    half = canvas.compositor.image(1)
    assert half.pixelColor(0, 0).red() == pytest.approx(100, abs=1)
    assert half.pixelColor(1, 0).alpha() == 0


def test_a_negative_level_is_refused():
    with pytest.raises(ValueError, match="level"):
        Canvas(Size(3, 3)).compositor.image(-1)


def test_listeners_find_the_new_pixels_when_they_hear_of_them():
    canvas = Canvas(Size(3, 2))
    canvas.compositor.image()
    heard = []

    def listen(rect: QRect) -> None:
        heard.append((rect, canvas.compositor.image().pixelColor(0, 0).red()))

    canvas.compositor.updated.connect(listen)
    _filled(canvas, [QColor(90, 0, 0)])
    assert heard == [(QRect(0, 0, 3, 2), 90)]


def test_the_flattened_picture_does_not_change_with_the_document():
    canvas = Canvas(Size(3, 2))
    _filled(canvas, [QColor(90, 0, 0)])
    flat = canvas.compositor.flatten()
    canvas.document.remove_layer(canvas.document.layers[0].id)
    assert canvas.compositor.image().pixelColor(0, 0).alpha() == 0
    assert flat.pixelColor(0, 0) == QColor(90, 0, 0)
