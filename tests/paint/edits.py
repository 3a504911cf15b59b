"""Random edits of a small document, and what it looks like afterwards."""

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from PySide6.QtCore import QRect
from PySide6.QtGui import QColor, QImage

from studio.core.picture import Picture, Size
from studio.paint.brush import Brush
from studio.paint.canvas import Canvas
from studio.paint.commands import ChangeLayer, InsertLayer, LayerProps, MoveLayer, RemoveLayer
from studio.paint.pictures import picture_layer
from studio.paint.stroke import Stroke

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
        eraser=st.booleans(),
    ),
)
_others = st.one_of(
    st.tuples(st.sampled_from(["add", "remove", "hide"])),
    st.tuples(st.sampled_from(["activate", "move"]), st.integers(0, 3)),
    st.tuples(st.just("opacity"), _shares),
    st.tuples(st.just("picture"), st.binary(min_size=64, max_size=64)),
)
edits = st.lists(st.one_of(strokes, _others), min_size=1, max_size=7)


def new_canvas(size: Size = SIZE) -> Canvas:
    canvas = Canvas(size)
    canvas.do(InsertLayer(0, canvas.document.new_layer("Background")))
    return canvas


def apply(canvas: Canvas, edit: tuple[Any, ...]) -> None:
    document = canvas.document
    kind, *values = edit
    active = document.active
    if kind == "add":
        canvas.do(InsertLayer(len(document.layers), document.new_layer("New")))
    elif kind == "picture":
        picture = Picture(Size(4, 4), values[0])
        layer = picture_layer(document, picture, QRect(130, 140, 260, 120), "Picture")
        canvas.do(InsertLayer(0, layer))
    elif active is None:
        return
    elif kind == "stroke":
        paint(canvas, *values)
    elif kind == "remove":
        canvas.do(RemoveLayer.of(document, active.id))
    elif kind == "activate":
        document.set_active(document.layers[values[0] % len(document.layers)].id)
    elif kind == "move":
        place = values[0] % len(document.layers)
        canvas.do(MoveLayer(active.id, document.index(active.id), place))
    else:
        before = LayerProps.of(active)
        changes = {"opacity": values[0]} if kind == "opacity" else {"visible": not before.visible}
        canvas.do(ChangeLayer(active.id, before, replace(before, **changes)))


def paint(canvas: Canvas, points: list[tuple[float, float, float]], brush: Brush) -> None:
    stroke = Stroke(canvas.document, canvas.document.active.id, brush)
    for point in points:
        stroke.add(*point)
    if command := stroke.end():
        canvas.undo.push_done(command)


def pixels(image: QImage) -> bytes:
    return bytes(image.constBits())


def snapshot(canvas: Canvas) -> list[tuple[Any, ...]]:
    """Every bit of the document, bottom layer first."""
    return [
        (
            layer.id,
            LayerProps.of(layer),
            {key: pixels(layer.tiles.get(key)) for key in layer.tiles.keys()},  # noqa: SIM118
        )
        for layer in canvas.document.layers
    ]
