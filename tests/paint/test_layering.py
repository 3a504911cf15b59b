import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QColor, QImage, QPainter

from studio.core.errors import UserError
from studio.core.picture import Size
from studio.paint import layering
from studio.paint.brush import Brush
from studio.paint.canvas import Canvas
from studio.paint.commands import ChangeLayer, InsertLayer
from studio.paint.document import Document
from studio.paint.layer import Layer, LayerId
from studio.paint.modes import BlendMode
from studio.paint.stroke import Stroke
from studio.paint.tiles import TILE_FORMAT, Tiles
from tests.paint.edits import now, paint

SIZE = Size(300, 280)


def _canvas(names: str) -> Canvas:
    """Layers with a block of colour each, one beside the other, bottom first."""
    canvas = Canvas(SIZE)
    for index, name in enumerate(names):
        block = QImage(60, 200, TILE_FORMAT)
        block.fill(QColor.fromHsv(index * 40, 200, 200, 150))
        layer = canvas.document.new_layer(name)
        layer.tiles = Tiles.from_image(block, QPoint(20 + index * 40, 30))
        canvas.document.insert_layer(index, layer)
    return canvas


def _shape(document: Document) -> str:
    """The layers' names, bottom first, groups in brackets."""

    def said(layers: tuple[Layer, ...] | list[Layer]) -> str:
        return "".join(
            each.name if each.children is None else f"({said(each.children)})" for each in layers
        )

    return said(document.tree)


def _id(document: Document, name: str) -> LayerId:
    return next(layer.id for layer in document.layers if layer.name == name)


def test_a_layer_steps_into_groups_and_out_of_them() -> None:
    canvas = _canvas("abc")
    document = canvas.document
    canvas.do(layering.group(document, _id(document, "b")))
    shapes = []
    for by in (1, 1, 1, -1, -1, -1):
        if command := layering.step_over(document, _id(document, "a"), by):
            canvas.do(command)
        shapes.append(_shape(document))
    assert shapes == ["(ab)c", "(ba)c", "(b)ac", "(ba)c", "(ab)c", "a(b)c"]
    assert layering.step_over(document, _id(document, "a"), -1) is None
    assert layering.step_over(document, _id(document, "c"), 1) is None


def test_grouping_and_ungrouping_change_nothing_that_is_seen() -> None:
    canvas = _canvas("abc")
    document = canvas.document
    before = canvas.compositor.flatten()
    canvas.do(layering.group(document, _id(document, "b")))
    group = document.group_of(_id(document, "b"))
    canvas.do(layering.duplicate(document, _id(document, "b")))
    assert _shape(document) == "a(bb copy)c"
    canvas.undo.undo()
    assert canvas.compositor.flatten() == before
    canvas.do(layering.ungroup(document, group))
    assert (_shape(document), canvas.compositor.flatten()) == ("abc", before)
    assert layering.ungroup(document, _id(document, "a")) is None


def test_a_group_cannot_be_put_into_itself() -> None:
    canvas = _canvas("a")
    document = canvas.document
    canvas.do(layering.group(document, _id(document, "a")))
    group = document.group_of(_id(document, "a"))
    canvas.do(layering.group(document, group))
    with pytest.raises(ValueError, match="itself"):
        document.move_layer(document.group_of(group), 0, group)
    assert _shape(document) == "((a))"


def test_a_copy_of_a_group_is_its_own() -> None:
    canvas = _canvas("ab")
    document = canvas.document
    canvas.do(layering.add_mask(document, _id(document, "b")))
    canvas.do(layering.group(document, _id(document, "b")))
    canvas.do(layering.duplicate(document, document.group_of(_id(document, "b"))))
    assert _shape(document) == "a(b)(b)"
    ids = [layer.id for layer in document.layers]
    masks = [layer.mask.id for layer in document.layers if layer.mask]
    assert len(set(ids + masks)) == len(ids) + len(masks) == 7
    original = document.layer(_id(document, "b")).tiles.fingerprint
    copy = next(layer.id for layer in reversed(document.layers) if layer.name == "b")
    document.set_active(copy)
    paint(canvas, [(70, 60, 1.0)], Brush(size=30))
    assert document.layer(copy).tiles.fingerprint != original
    assert document.layer(_id(document, "b")).tiles.fingerprint == original


@pytest.mark.parametrize("merge", ["down", "group", "flat"])
def test_merging_keeps_what_is_seen_and_can_be_taken_back(merge: str) -> None:
    canvas = _canvas("abcd")
    document = canvas.document
    top = _id(document, "c")
    canvas.do(ChangeLayer.of(document, top, opacity=0.6, mode=BlendMode.MULTIPLY))
    canvas.do(layering.group(document, top))
    group = document.group_of(top)
    canvas.do(ChangeLayer.of(document, group, opacity=0.7))
    before = canvas.compositor.flatten()
    command = {
        "down": now(layering.merge_down(document, group)),
        "group": now(layering.merge_group(document, group)),
        "flat": now(layering.flatten(document)),
    }[merge]
    canvas.do(command)
    shape = {"down": "abd", "group": "abGroupd", "flat": "a"}[merge]
    assert _shape(document) == shape
    after = canvas.compositor.flatten()
    assert _farthest(before, after) <= 2
    canvas.undo.undo()
    assert (_shape(document), canvas.compositor.flatten()) == ("ab(c)d", before)


def test_merging_an_empty_layer_down_changes_nothing_that_is_seen() -> None:
    canvas = _canvas("abc")
    document = canvas.document
    lower = _id(document, "b")
    changes = {"opacity": 0.6, "mode": BlendMode.SOURCE_ATOP}
    canvas.do(ChangeLayer.of(document, lower, **changes))
    canvas.do(layering.add_mask(document, lower))
    document.swap_tiles(document.layer(lower).mask.id, _cover(70))
    before = canvas.compositor.flatten()
    canvas.do(InsertLayer(2, document.new_layer("empty")))
    canvas.do(now(layering.merge_down(document, document.active.id)))
    assert _shape(document) == "abc"
    assert _farthest(before, canvas.compositor.flatten()) <= 2
    canvas.undo.go_to(canvas.undo.position - 2)
    assert canvas.compositor.flatten() == before


@pytest.mark.parametrize("name", ["a", "b"])
def test_what_a_model_had_a_part_in_is_remembered_through_copies_and_merges(name: str) -> None:
    for flatten in (False, True):
        canvas = _canvas("ab")
        canvas.document.set_layer(_id(canvas.document, name), generated=True)
        document = canvas.document
        down = now(layering.merge_down(document, _id(document, "b")))
        command = now(layering.flatten(document)) if flatten else down
        assert command
        canvas.do(command)
        assert [layer.props.generated for layer in canvas.document.layers] == [True]
        canvas.do(layering.duplicate(canvas.document, canvas.document.layers[0].id))
        assert [layer.props.generated for layer in canvas.document.layers] == [True, True]
        canvas.do(layering.group(canvas.document, canvas.document.layers[0].id))
        group = canvas.document.tree[0]
        command = now(layering.merge_group(canvas.document, group.id))
        assert command
        canvas.do(command)
        assert canvas.document.tree[0].props.generated


def _cover(alpha: int) -> dict[tuple[int, int], QImage]:
    tile = QImage(256, 256, TILE_FORMAT)
    tile.fill(0)
    with QPainter(tile) as painter:
        painter.fillRect(60, 60, 30, 30, QColor(0, 0, 0, alpha))
    return {(0, 0): tile}


def _farthest(one: QImage, other: QImage) -> int:
    pairs = zip(bytes(one.constBits()), bytes(other.constBits()), strict=True)
    return max(abs(a - b) for a, b in pairs)


def test_what_is_hidden_or_locked_is_not_merged_down() -> None:
    canvas = _canvas("abc")
    document = canvas.document
    lower, upper = _id(document, "a"), _id(document, "b")
    assert not layering.can_merge_down(document, lower)
    assert layering.can_merge_down(document, upper)
    document.set_layer(lower, locked=True)
    assert now(layering.merge_down(document, upper)) is None
    document.set_layer(lower, locked=False, visible=False)
    assert now(layering.merge_down(document, upper)) is None


def test_a_mask_hides_where_it_is_painted_and_shows_where_it_is_erased() -> None:
    canvas = _canvas("ab")
    document = canvas.document
    layer = _id(document, "a")
    before = canvas.compositor.flatten()
    canvas.do(layering.add_mask(document, layer))
    assert layering.add_mask(document, layer) is None
    mask = document.layer(layer).mask
    assert canvas.compositor.flatten() == before
    tile = QImage(256, 256, TILE_FORMAT)
    tile.fill(QColor(0, 0, 0))
    document.swap_tiles(mask.id, {(0, 0): tile})
    assert canvas.compositor.image().pixelColor(30, 100).alpha() == 0
    document.set_layer(mask.id, visible=False)
    assert canvas.compositor.image() == before
    document.set_layer(mask.id, visible=True)
    document.set_active(mask.id)
    canvas.do(layering.delete(document, mask.id))
    assert (canvas.compositor.image(), document.active.id) == (before, layer)
    canvas.undo.undo()
    assert canvas.compositor.image() != before
    assert document.has(mask.id)


def test_a_lock_on_a_group_locks_what_is_in_it() -> None:
    canvas = _canvas("ab")
    document = canvas.document
    layer = _id(document, "b")
    canvas.do(layering.group(document, layer))
    assert not document.is_locked(layer)
    document.set_layer(document.group_of(layer), locked=True)
    assert document.is_locked(layer)
    assert not document.layer(layer).locked


@pytest.mark.parametrize(
    "rect", [QRect(10, 20, 100, 90), QRect(-256, -512, 600, 800), QRect(299, 279, 1, 1)]
)
def test_cropping_shows_that_part_and_loses_nothing(rect: QRect) -> None:
    canvas = _canvas("abc")
    document = canvas.document
    canvas.do(layering.add_mask(document, _id(document, "b")))
    document.swap_tiles(document.layer(_id(document, "b")).mask.id, _cover(255))
    before = canvas.compositor.flatten()
    canvas.compositor.image(2)
    canvas.do(layering.crop(document, rect))
    assert document.size == rect.size()
    assert canvas.compositor.image() == before.copy(rect)
    back = QRect(-rect.topLeft(), before.size())
    canvas.do(layering.crop(document, back))
    assert canvas.compositor.image() == before
    canvas.undo.go_to(1)
    assert canvas.compositor.image() == before


@pytest.mark.parametrize(("width", "height"), [(60_000, 50), (0, 50), (50, -3)])
def test_a_size_that_cannot_be_is_refused_in_words(width: int, height: int) -> None:
    canvas = _canvas("a")
    with pytest.raises(UserError, match="not possible"):
        layering.crop(canvas.document, QRect(0, 0, width, height))
    assert canvas.document.size.width() == SIZE.width


def test_a_stroke_whose_group_is_deleted_leaves_nothing_behind() -> None:
    canvas = _canvas("ab")
    document = canvas.document
    layer = _id(document, "b")
    canvas.do(layering.group(document, layer))
    group = document.group_of(layer)
    before = canvas.compositor.flatten()
    stroke = Stroke(document, layer, Brush(size=30))
    stroke.add(70, 60)
    canvas.do(layering.delete(document, group))
    stroke.add(90, 90)
    assert stroke.end() is None
    canvas.undo.undo()
    assert canvas.compositor.flatten() == before
