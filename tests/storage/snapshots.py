"""Random snapshots, and what is in one to the last bit."""

from typing import Any

from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QRect, QRectF
from PySide6.QtGui import QColor, QImage, QPainterPath

from studio.core.picture import Size
from studio.paint.canvas import Canvas
from studio.paint.commands import ChangeLayer, ResizeDocument
from studio.paint.frame import Frame
from studio.paint.guides import Guides
from studio.paint.selection import Selection
from studio.paint.snapshot import Sheet, Snapshot
from studio.paint.text import Align, Text
from studio.paint.tiles import TileKey, Tiles
from tests.paint.edits import FLAGS, SIZE, apply, edits, new_canvas

AREA = QRect(0, 0, SIZE.width, SIZE.height)
TEXT = Text(words="Hill 🦊\n\0", x=1.25, y=-9.5, size=31.5, colour="#Ff0010", align=Align.CENTRE)


@st.composite
def canvases(draw: st.DrawFn) -> Canvas:
    """Paintings with all that can be in one."""
    canvas = new_canvas()
    for edit in draw(edits):
        apply(canvas, edit)
    if draw(st.booleans()):
        apply(canvas, ("group",))
    if draw(st.booleans()):
        canvas.do(ResizeDocument(SIZE, Size(draw(st.integers(9, 600)), 300)))
    for flag in draw(st.sets(st.sampled_from((*FLAGS, "generated")))):
        apply(canvas, ("flip", flag))
    if draw(st.booleans()):
        path = QPainterPath()
        path.addEllipse(QRectF(draw(st.floats(-50, 250)), 20.5, 120, 300))
        canvas.selection.set(Selection.of_path(path, AREA))
    if draw(st.booleans()):
        square = QRect(QPoint(draw(st.integers(0, 200)), 100), QPoint(280, 250))
        canvas.strength.layer.tiles = Tiles.filled(square, QColor(222, 60, 90, 77))
    canvas.guides.set(Guides(tuple(draw(st.lists(st.integers(-9, 300), max_size=3))), (7,)))
    canvas.frame.set(draw(st.sampled_from([None, Frame(3, 4, 100, 200)])))
    if draw(st.booleans()) and (active := canvas.document.active) is not None:
        owner = canvas.document.owner(active.id).id
        canvas.do(ChangeLayer.of(canvas.document, owner, text=TEXT, name=draw(st.text())))
    return canvas


def contents(snapshot: Snapshot) -> tuple[Any, ...]:
    """Every bit of a snapshot, to be compared."""
    selection = snapshot.selection
    return (
        snapshot.size,
        tuple(_sheet(sheet) for sheet in snapshot.sheets),
        snapshot.active,
        None if selection is None else _pixels(dict(selection.tiles)),
        _tiles(snapshot.strength),
        snapshot.guides,
        snapshot.frame,
    )


def without_active(snapshot: Snapshot) -> tuple[Any, ...]:
    """What undo brings back: all but which layer is worked on."""
    size, sheets, _, *rest = contents(snapshot)
    return size, sheets, *rest


def _sheet(sheet: Sheet) -> tuple[Any, ...]:
    inside = None if sheet.sheets is None else tuple(_sheet(each) for each in sheet.sheets)
    return sheet.props, _tiles(sheet.tiles), sheet.mask and _sheet(sheet.mask), inside


def _tiles(tiles: Tiles) -> dict[TileKey, bytes]:
    return _pixels({key: tiles.get(key) for key in tiles.keys()})  # noqa: SIM118


def _pixels(tiles: dict[TileKey, QImage]) -> dict[TileKey, bytes]:
    return {key: bytes(tile.constBits()) for key, tile in tiles.items()}
