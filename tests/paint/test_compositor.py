import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QRect, QRectF, QSize
from PySide6.QtGui import QColor, QImage, QPainter

from studio.core.picture import Size
from studio.paint import compositor as compositor_module
from studio.paint import layering, mixer
from studio.paint.canvas import Canvas
from studio.paint.compositor import Compositor, halved
from studio.paint.modes import BlendMode
from studio.paint.tiles import Tiles, rects_of
from tests.paint.edits import apply, edits, new_canvas, pixels, strokes


def _filled(canvas: Canvas, colours: list[QColor]) -> None:
    for colour in colours:
        image = QImage(canvas.document.size, QImage.Format.Format_ARGB32)
        image.fill(colour)
        layer = canvas.document.new_layer(colour.name())
        layer.tiles = Tiles.from_image(image, QPoint(0, 0))
        canvas.document.insert_layer(len(canvas.document.layers), layer)


@settings(max_examples=120, deadline=None)
@given(edits, st.lists(st.integers(0, 3), min_size=9, max_size=9), st.booleans())
def test_repainting_what_changed_equals_repainting_everything(changes, asked, undo):
    canvas = new_canvas()
    for level in asked[:2]:  # some sizes are kept up to date, some made from those
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


def test_changes_inside_of_what_is_not_worked_on_are_seen():
    canvas = Canvas(Size(3, 2))
    _filled(canvas, [QColor(200, 0, 0), QColor(0, 200, 0, 128), QColor(0, 0, 200, 128)])
    _filled(canvas, [QColor(90, 90, 90, 90), QColor(40, 40, 90, 90)])
    document = canvas.document
    layer, clipped, base, _, top = document.layers
    document.set_layer(clipped.id, clipped=True)
    canvas.do(layering.add_mask(document, layer.id))
    canvas.do(layering.group(document, base.id))
    document.set_active(top.id)
    cover = Tiles.from_image(_plain(QColor(0, 0, 0, 99)), QPoint()).get((0, 0))
    changes = [
        lambda: document.swap_tiles(layer.mask.id, {(0, 0): cover}),
        lambda: document.swap_tiles(clipped.id, {(0, 0): cover}),
        lambda: document.swap_tiles(base.id, {(0, 0): cover}),
        lambda: document.set_layer(base.id, opacity=0.5),
        lambda: document.set_layer(clipped.id, opacity=0.3),
        lambda: document.set_layer(layer.mask.id, visible=False),
    ]
    for change in changes:
        before = canvas.compositor.flatten()
        change()
        assert canvas.compositor.image() == Compositor(document).image()
        assert canvas.compositor.image() != before


def test_a_clipped_layer_is_repainted_whole_when_it_gets_another_base():
    canvas = Canvas(Size(600, 40))
    base = canvas.document.new_layer("base")
    base.tiles = Tiles.from_image(_plain(QColor(0, 0, 0)), QPoint(5, 5))
    canvas.document.insert_layer(0, base)
    _filled(canvas, [QColor(200, 0, 0)])
    canvas.document.set_layer(canvas.document.layers[1].id, clipped=True)
    assert canvas.compositor.image().pixelColor(590, 9).alpha() == 0
    canvas.document.remove_layer(base.id)
    assert canvas.compositor.image().pixelColor(590, 9) == QColor(200, 0, 0)
    canvas.document.insert_layer(0, base)
    assert canvas.compositor.image().pixelColor(590, 9).alpha() == 0
    canvas.document.move_layer(base.id, 1)
    assert canvas.compositor.image().pixelColor(590, 9) == QColor(200, 0, 0)


def _plain(colour: QColor) -> QImage:
    image = QImage(3, 2, QImage.Format.Format_ARGB32)
    image.fill(colour)
    return image


@pytest.mark.parametrize("mode", [mode for mode in BlendMode if mode.reaches_out])
def test_what_a_layer_keeps_of_those_below_ends_where_its_paint_does(mode: BlendMode):
    canvas = Canvas(Size(600, 300))
    _filled(canvas, [QColor(200, 0, 0)])
    dot = canvas.document.new_layer("dot")
    dot.tiles = Tiles.from_image(_plain(QColor(0, 0, 0)), QPoint(20, 20))
    canvas.document.insert_layer(1, dot)
    canvas.compositor.image()
    canvas.document.set_layer(dot.id, mode=mode)
    image = canvas.compositor.image()
    assert [image.pixelColor(x, 20).alpha() for x in (21, 100, 590)] == [255, 0, 0]
    canvas.document.set_layer(dot.id, mode=BlendMode.NORMAL)
    assert canvas.compositor.image().pixelColor(590, 20) == QColor(200, 0, 0)


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


def test_only_the_area_that_is_asked_for_is_composed():
    canvas = Canvas(Size(8192, 8192))
    layer = canvas.document.new_layer("Paper")
    layer.tiles = Tiles.filled(canvas.document.rect, QColor(9, 90, 200))
    canvas.document.insert_layer(0, layer)
    area = QRect(4000, 5000, 700, 500)
    assert canvas.compositor.image(0, area).copy(area) == canvas.compositor.flatten(area)
    whole = canvas.compositor.image(4)
    assert whole.size() == QSize(512, 512)
    assert whole.pixelColor(500, 500) == QColor(9, 90, 200)


@settings(max_examples=25, deadline=None)
@given(st.lists(strokes, min_size=1, max_size=4), st.integers(0, 3))
def test_a_picture_made_in_slices_becomes_the_one_made_at_once(changes, level):
    canvas = new_canvas(Size(1301, 1067))
    _filled(canvas, [QColor(20, 90, 40, 90)])
    for change in changes:
        apply(canvas, change)
        canvas.compositor.image(level, until=0.0)
    whole = Compositor(canvas.document).image(level)
    for _ in range(200):
        image = canvas.compositor.image(level, canvas.document.rect, until=0.0)
        left = canvas.compositor.unfinished(level, canvas.document.rect)
        if left.isEmpty():
            break
        reach = QRect(left.topLeft() / 2**level, left.size() / 2**level).adjusted(0, 0, 1, 1)
        for side in _around(reach, image.rect()):
            assert image.copy(side) == whole.copy(side)  # what is not called unfinished is right
    assert image == whole


def _around(hole: QRect, whole: QRect) -> list[QRect]:
    """What lies above and below of a part, and left and right of it."""
    sides = (
        QRect(0, 0, whole.width(), hole.top()),
        QRect(0, hole.bottom() + 1, whole.width(), whole.height()),
        QRect(0, 0, hole.left(), whole.height()),
        QRect(hole.right() + 1, 0, whole.width(), whole.height()),
    )
    return [part for side in sides if not (part := side.intersected(whole)).isEmpty()]


@pytest.mark.parametrize(("wanted", "known"), [(0, 3), (2, 1)])
def test_what_was_never_composed_shows_another_size_meanwhile(wanted, known):
    canvas = Canvas(Size(2000, 1500))
    _filled(canvas, [QColor(200, 0, 0), QColor(0, 90, 0, 90)])
    area = QRect(100, 100, 1800, 1300)
    corner = halved(area, wanted).bottomRight()
    assert _shown(canvas, wanted, area).pixelColor(corner).alpha() == 0
    canvas.compositor.image(known)
    shown = _shown(canvas, wanted, area)
    assert not canvas.compositor.unfinished(wanted, area).isEmpty()
    whole = Compositor(canvas.document).image(wanted)
    assert shown.copy(halved(area, wanted)) == whole.copy(halved(area, wanted))


@pytest.mark.parametrize(("wanted", "known"), [(0, 2), (1, 0), (3, 0)])
def test_a_size_stands_for_another_only_where_it_was_composed(wanted, known):
    canvas = Canvas(Size(2000, 1500))
    _filled(canvas, [QColor(200, 0, 0)])
    composed = QRect(1100, 702, 305, 299)  # ends amid pixels of the smaller sizes
    canvas.compositor.image(known, composed)
    right = QRectF(halved(composed, known))
    parts = canvas.compositor.parts(wanted, canvas.document.rect, until=0.0)
    others = [part for part in parts if part.scale != 1]
    assert others
    for part in others:
        assert all(right.contains(part.source(rect)) for rect in rects_of(part.region))


def _shown(canvas: Canvas, level: int, area: QRect) -> QImage:
    """What a view would draw of a level that has no time to be composed."""
    shown = QImage(canvas.document.size / 2**level, QImage.Format.Format_ARGB32_Premultiplied)
    shown.fill(0)
    with QPainter(shown) as painter:
        for part in canvas.compositor.parts(level, area, until=0.0):
            for rect in rects_of(part.region):
                painter.drawImage(QRectF(rect), part.image, part.source(rect))
    return shown


def test_parts_take_turns_while_everything_keeps_changing():
    canvas = Canvas(Size(1024, 1024))
    _filled(canvas, [QColor(0, 0, 0)])
    layer = canvas.document.layers[0]
    canvas.compositor.image()
    for step in range(4):
        canvas.document.set_layer(layer.id, opacity=0.5 + step / 100)
        image = canvas.compositor.image(0, canvas.document.rect, until=0.0)
    corners = [image.pixelColor(x, y).alpha() for x in (5, 1000) for y in (5, 1000)]
    assert max(corners) < 140


def test_the_picture_follows_the_document_s_size():
    canvas = Canvas(Size(40, 30))
    _filled(canvas, [QColor(200, 0, 0)])
    for level in range(3):
        canvas.compositor.image(level)
    for size in (Size(300, 290), Size(1, 1), Size(40, 30)):
        canvas.document.resize(size)
        for level in range(3):
            fresh = Compositor(canvas.document).image(level)
            assert canvas.compositor.image(level) == fresh
        assert canvas.compositor.image().size() == QSize(size.width, size.height)


def test_what_lies_below_was_put_together_before_the_first_stroke(monkeypatch):
    canvas = Canvas(Size(600, 300))
    _filled(canvas, [QColor(200, 0, 0), QColor(0, 200, 0, 128), QColor(0, 0, 200, 128)])
    _filled(canvas, [QColor(90, 90, 90, 90), QColor(40, 40, 90, 90)])
    document, compositor = canvas.document, canvas.compositor
    _, _, low, middle, top = document.layers
    canvas.do(layering.group(document, low.id))
    group = document.group_of(low.id)
    for place, layer in enumerate((middle, top), start=1):
        document.move_layer(layer.id, place, group)
    document.set_layer(group, isolated=True)
    document.set_active(top.id)
    compositor.look_ahead(document.rect)
    slices = 1
    while compositor.prepare(until=0.0):
        slices += 1
    assert slices == 1 + 2 * 6  # for each tile what lies below in the group, and below the group
    laid: list[int] = []
    for room in (compositor_module, mixer):
        lay = room.lay_coats
        monkeypatch.setattr(
            room, "lay_coats", lambda *how, lay=lay: (laid.append(len(how[3])), lay(*how))
        )
    compositor.image()
    assert set(laid) == {2}
    monkeypatch.undo()
    assert compositor.image() == Compositor(document).image()
