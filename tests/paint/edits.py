"""Random edits of a small document, and what it looks like afterwards."""

from typing import Any

from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QColor, QImage

from studio.core.picture import Picture, Size
from studio.paint import layering
from studio.paint.brush import Blend, Brush
from studio.paint.canvas import Canvas
from studio.paint.commands import ChangeLayer, Command, InsertLayer, MoveLayer, Place
from studio.paint.document import Document
from studio.paint.layer import Layer, LayerId, walk
from studio.paint.modes import BlendMode
from studio.paint.pictures import placed_tiles
from studio.paint.plan import Plan
from studio.paint.stroke import Stroke
from studio.paint.tiles import Tiles

SIZE = Size(301, 267)  # odd, and more than one tile each way

_shares = st.floats(0.0, 1.0)
_points = st.tuples(st.integers(-40, 340), st.integers(-40, 300), st.floats(0.1, 1.0))
strokes = st.tuples(
    st.just("stroke"),
    st.lists(_points, min_size=1, max_size=4),
    st.builds(
        Brush,
        size=st.sampled_from([1.0, 7.3, 90.0]),
        hardness=_shares,
        opacity=_shares,
        flow=st.sampled_from([0.05, 1.0]),
        colour=st.builds(QColor, st.integers(0, 255), st.integers(0, 255), st.integers(0, 255)),
        blend=st.sampled_from(Blend),
    ),
)
FLAGS = (
    "visible", "clipped", "isolated", "reference", "locked", "alpha_locked", "generated"
)  # fmt: skip
_others = st.one_of(
    st.tuples(st.sampled_from(["add", "delete", "group", "ungroup", "duplicate", "mask"])),
    st.tuples(st.sampled_from(["merge_down", "merge_group", "flatten"])),
    st.tuples(st.sampled_from(["activate", "move", "into"]), st.integers(0, 5)),
    st.tuples(st.just("flip"), st.sampled_from(FLAGS)),
    st.tuples(st.just("opacity"), _shares),
    st.tuples(st.just("mode"), st.sampled_from(BlendMode)),
    st.tuples(st.just("picture"), st.binary(min_size=64, max_size=64)),
    st.tuples(st.just("crop"), st.integers(-30, 30), st.integers(-256, 30)),
)
edits = st.lists(st.one_of(strokes, _others), min_size=1, max_size=9)

_ON_ACTIVE = {
    "delete": layering.delete,
    "group": layering.group,
    "ungroup": layering.ungroup,
    "duplicate": layering.duplicate,
    "mask": layering.add_mask,
    "merge_down": lambda document, layer: now(layering.merge_down(document, layer)),
    "merge_group": lambda document, layer: now(layering.merge_group(document, layer)),
    "flatten": lambda document, _: now(layering.flatten(document)),
}


KINDS = (
    *("add", "picture", "activate", "move", "into", "flip", "opacity", "mode"),
    *("delete", "group", "ungroup", "duplicate", "mask", "merge_down", "merge_group"),
    *("stroke", "stroke", "stroke", "stroke"),
)
"""Kinds of edits that need no more than one value, and strokes."""


def now(plan: Plan[Tiles] | None) -> Command | None:
    """The step that is planned, worked out at once."""
    return plan and plan.now()


def new_canvas(size: Size = SIZE) -> Canvas:
    canvas = Canvas(size)
    canvas.do(InsertLayer(0, canvas.document.new_layer("Background")))
    return canvas


def apply(canvas: Canvas, edit: tuple[Any, ...]) -> None:
    document = canvas.document
    kind, *values = edit
    active = document.active
    if kind == "add":
        canvas.do(InsertLayer(len(document.tree), document.new_layer("New")))
    elif kind == "picture":
        picture = Picture(Size(4, 4), values[0])
        layer = document.new_layer("Picture")
        layer.tiles = placed_tiles(picture, QRect(130, 140, 260, 120), document.rect)
        canvas.do(InsertLayer(0, layer))
    elif kind == "crop":
        canvas.do(layering.crop(document, QRect(QPoint(*values), document.size)))
    elif active is None:
        return
    elif kind == "stroke":
        if not active.is_group:
            paint(canvas, *values)
    elif kind in _ON_ACTIVE:
        if command := _ON_ACTIVE[kind](document, active.id):
            canvas.do(command)
    elif kind == "activate":
        document.set_active(document.layers[values[0] % len(document.layers)].id)
    else:
        _change(canvas, document.owner(active.id).id, kind, *values)


def _change(canvas: Canvas, layer: LayerId, kind: str, value: Any) -> None:
    document = canvas.document
    if kind in ("move", "into"):
        groups = [each.id for each in document.layers if each.is_group]
        groups = [each for each in groups if not _holds(document, layer, each)]
        group = groups[value % len(groups)] if kind == "into" and groups else None
        others = [each for each in document.siblings(group) if each.id != layer]
        place = Place(value % (len(others) + 1), group)
        canvas.do(MoveLayer(layer, Place.of(document, layer), place))
    elif kind == "flip":
        if value == "isolated" and not document.layer(layer).is_group:
            return
        now = getattr(document.layer(layer).props, value)
        canvas.do(ChangeLayer.of(document, layer, **{value: not now}))
    else:
        canvas.do(ChangeLayer.of(document, layer, **{kind: value}))


def _holds(document: Document, outer: LayerId, inner: LayerId) -> bool:
    return any(each.id == inner for each in walk([document.layer(outer)]))


def paint(canvas: Canvas, points: list[tuple[float, float, float]], brush: Brush) -> None:
    stroke = Stroke(canvas.document, canvas.document.active.id, brush)
    for point in points:
        stroke.add(*point)
    if command := stroke.end():
        canvas.undo.push_done(command)


def pixels(image: QImage) -> bytes:
    return bytes(image.constBits())


def snapshot(canvas: Canvas) -> tuple[Any, ...]:
    """Every bit of the document, bottom layer first."""
    document = canvas.document
    return document.size, tuple(_contents(layer) for layer in document.tree)


def _contents(layer: Layer) -> tuple[Any, ...]:
    tiles = {key: pixels(layer.tiles.get(key)) for key in layer.tiles.keys()}  # noqa: SIM118
    mask = layer.mask and _contents(layer.mask)
    inside = None if layer.children is None else [_contents(each) for each in layer.children]
    return layer.id, layer.props, tiles, mask, inside
