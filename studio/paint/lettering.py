"""What can be done with layers of text; each gives the step to do."""

from dataclasses import replace

from PySide6.QtCore import QPointF
from PySide6.QtGui import QTransform

from studio.paint.commands import ChangeLayer, ChangeText, Command, InsertLayer, PaintStroke
from studio.paint.document import Document
from studio.paint.layer import LayerId
from studio.paint.text import Text, typeset


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


def transformed(text: Text, transform: QTransform) -> Text | None:
    """The text moved, turned and stretched; None where none can be: it is only pixels there."""
    linear = QTransform(*text.linear, 0.0, 0.0) * transform
    at = transform.map(QPointF(text.x, text.y))
    shape = linear.m11(), linear.m12(), linear.m21(), linear.m22()
    try:
        return replace(text, x=at.x(), y=at.y(), linear=shape)
    except ValueError:
        return None


def transform_text(
    document: Document, stroke: PaintStroke, text: Text, transform: QTransform
) -> ChangeText:
    """The text goes where its pixels went with `stroke`, which is done already.

    Its letters are drawn anew there, unless it was only moved by whole pixels. Where it cannot be
    text any more, it is only pixels.
    """
    new = transformed(text, transform)
    props = ChangeLayer.of(document, stroke.layer, text=new)
    if new is not None and new.linear != text.linear:
        now, tiles = document.layer(stroke.layer).tiles, typeset(new, document.rect)
        keys = stroke.before.keys() | now.keys() | tiles.keys()
        before = {key: stroke.before.get(key, now.get(key)) for key in keys}
        stroke = replace(stroke, before=before, after={key: tiles.get(key) for key in keys})
        stroke.redo(document)
    props.redo(document)
    return ChangeText(props, stroke, stroke.label)
