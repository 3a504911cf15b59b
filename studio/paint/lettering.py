"""What can be done with layers of text; each gives the step to do."""

from dataclasses import replace

from PySide6.QtCore import QPoint

from studio.paint.commands import ChangeLayer, ChangeText, Command, InsertLayer, PaintStroke
from studio.paint.document import Document
from studio.paint.layer import LayerId
from studio.paint.text import MAX_AWAY, Text, typeset


def add_text(document: Document, text: Text) -> InsertLayer:
    """A layer of text above the active one, in the same group."""
    layer = document.new_layer("Text")
    layer.props = replace(layer.props, text=text)
    layer.tiles = typeset(text, document.rect)
    if document.active is None:
        return InsertLayer(0, layer, "Add text")
    below = document.owner(document.active.id).id
    return InsertLayer(document.index(below) + 1, layer, "Add text", document.group_of(below))


def set_text(document: Document, layer: LayerId, text: Text) -> ChangeText:
    """Other words, or the same in another form. Raises KeyError if there is no such layer."""
    tiles, now = typeset(text, document.rect), document.layer(layer).tiles
    keys = now.keys() | tiles.keys()
    pixels = PaintStroke(
        layer, {key: now.get(key) for key in keys}, {key: tiles.get(key) for key in keys}
    )
    return ChangeText(ChangeLayer.of(document, layer, text=text), pixels, "Change text")


def rasterise(document: Document, layer: LayerId) -> Command | None:
    """Text becomes pixels to paint on. None if it is none."""
    if document.layer(layer).props.text is None:
        return None
    return replace(ChangeLayer.of(document, layer, text=None), label="Rasterise text")


def moved(text: Text, by: QPoint) -> Text | None:
    """The text in another place; None where none can be: it is only pixels there."""
    x, y = text.x + by.x(), text.y + by.y()
    return replace(text, x=x, y=y) if max(abs(x), abs(y)) <= MAX_AWAY else None


def move_text(document: Document, stroke: PaintStroke, text: Text, by: QPoint) -> ChangeText:
    """The text goes where its pixels went with `stroke`, which is done already."""
    props = ChangeLayer.of(document, stroke.layer, text=moved(text, by))
    props.redo(document)
    return ChangeText(props, stroke, stroke.label)
