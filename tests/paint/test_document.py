import pytest
from PySide6.QtCore import QRect

from studio.core.picture import Size
from studio.paint.document import Document
from studio.paint.layer import LayerId
from studio.paint.tiles import blank_tile


def _document(names: str) -> Document:
    document = Document(Size(600, 400))
    for index, name in enumerate(names):
        document.insert_layer(index, document.new_layer(name))
    return document


def _names(document: Document) -> str:
    return "".join(layer.name for layer in document.layers)


def test_layers_lie_in_the_order_they_are_put():
    document = _document("abc")
    bottom = document.layers[0]
    document.move_layer(bottom.id, 2)
    assert _names(document) == "bca"
    document.insert_layer(1, document.new_layer("x"))
    assert _names(document) == "bxca"
    assert document.index(bottom.id) == 3


def test_the_active_layer_is_the_newest_then_the_one_below_then_the_one_above():
    document = _document("abcd")
    seen = []
    document.active_changed.connect(seen.append)
    first, second, third, fourth = (layer.id for layer in document.layers)
    assert document.active.id == fourth
    document.set_active(third)
    document.remove_layer(third)
    assert document.active.id == second
    document.set_active(first)
    document.remove_layer(first)
    assert document.active.id == second
    document.remove_layer(fourth)
    document.remove_layer(second)
    assert document.active is None
    assert seen == [third, second, first, second, None]


def test_what_cannot_be_is_refused_and_changes_nothing():
    document = _document("ab")
    layer = document.layers[0]
    for wrong in (-1, 2):
        with pytest.raises(IndexError):
            document.move_layer(layer.id, wrong)
    with pytest.raises(IndexError):
        document.insert_layer(3, document.new_layer("x"))
    with pytest.raises(ValueError, match="already"):
        document.insert_layer(0, layer)
    for opacity in (1.1, -0.1, float("nan")):
        with pytest.raises(ValueError, match="opacity"):
            document.set_layer(layer.id, opacity=opacity)
    with pytest.raises(KeyError):
        document.remove_layer(LayerId(99))
    assert _names(document) == "ab"
    assert layer.opacity == 1.0


def test_only_what_can_be_seen_is_reported_as_changed():
    document = _document("a")
    layer = document.layers[0].id
    pixels, structure = [], []
    document.changed.connect(pixels.append)
    document.structure_changed.connect(structure.append)
    document.swap_tiles(layer, {(1, 1): blank_tile()}, [QRect(300, 390, 50, 50)])
    assert pixels == [QRect(300, 390, 50, 10)]
    document.swap_tiles(layer, {(2, 0): blank_tile(), (9, 9): blank_tile()})
    assert pixels[1:] == [QRect(512, 0, 88, 256)]
    document.set_layer(layer, name="b")
    assert (len(pixels), len(structure)) == (2, 1)
    document.set_layer(layer, visible=False)
    assert (len(pixels), len(structure)) == (3, 2)
    document.swap_tiles(layer, {(0, 0): blank_tile()})
    document.set_layer(layer, visible=False, name="b")
    assert (len(pixels), len(structure)) == (3, 2)


def test_ids_are_never_given_twice():
    document = _document("ab")
    gone = document.layers[1].id
    document.remove_layer(gone)
    assert document.new_layer("c").id not in {gone, document.layers[0].id}
