"""What lies beside the layers: it comes back, and damage to it costs nothing else."""

import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QRect, QRectF
from PySide6.QtGui import QColor, QImage, QPainterPath
from PySide6.QtWidgets import QApplication

from studio.core.picture import Size
from studio.paint.frame import Frame
from studio.paint.guides import Guides
from studio.paint.layer import LayerProps
from studio.paint.selection import Selection
from studio.paint.snapshot import Sheet, Snapshot
from studio.paint.text import Align, Text
from studio.paint.tiles import TILE_FORMAT, Tiles
from studio.storage.marks import mark_of
from studio.storage.metadata import Mark
from studio.storage.openraster import read_openraster, write_openraster
from studio.storage.own_data import MEMBER, OwnData, read_own

SIZE = Size(600, 400)
AREA = QRect(0, 0, SIZE.width, SIZE.height)
TEXT = Text(
    words="Hill\nby <the> sea 🦊\0",
    x=10.25,
    y=99.5,
    family="Inter",
    size=31.5,
    colour="#Ff0010",
    align=Align.RIGHT,
    linear=(0.5, -1.25, 1.0, 0.1),
)


def block(width: int, height: int, x: int, y: int, colour: str | QColor = "red") -> Tiles:
    image = QImage(width, height, TILE_FORMAT)
    image.fill(QColor(colour))
    return Tiles.from_image(image, QPoint(x, y))


def rich() -> Snapshot:
    path = QPainterPath()
    path.addEllipse(QRectF(100.5, -40, 400, 300))
    return Snapshot(
        size=SIZE,
        sheets=(
            Sheet(props=LayerProps(name="Paper", generated=True), tiles=block(20, 20, 3, 4)),
            Sheet(props=LayerProps(name="Words", text=TEXT), tiles=block(5, 5, 0, 0)),
        ),
        selection=Selection.of_path(path, AREA),
        strength=block(90, 80, 230, 240, QColor(222, 60, 90, 77)),
        guides=Guides((30, -4), (300,)),
        frame=Frame(100, 50, 256, 128),
    )


def test_selection_strength_guides_frame_and_words_come_back_to_the_last_bit(
    tmp_path: Path,
) -> None:
    before = rich()
    write_openraster(tmp_path / "a.ora", before)
    canvas = read_openraster(tmp_path / "a.ora").snapshot.canvas()
    back = Snapshot.of_canvas(canvas)
    assert back.selection is not None
    assert before.selection is not None
    assert back.selection.tiles == before.selection.tiles
    assert {key: back.strength.get(key) for key in back.strength.keys()} == {  # noqa: SIM118
        key: before.strength.get(key)
        for key in before.strength.keys()  # noqa: SIM118
    }
    assert canvas.strength.within(AREA) is not None
    assert back.guides == before.guides
    assert back.frame == before.frame
    assert [sheet.props.text for sheet in back.sheets] == [None, TEXT]
    assert not canvas.undo.can_undo


def test_other_programs_find_only_pixels_and_nothing_is_written_that_is_not_there(
    tmp_path: Path,
) -> None:
    plain = Snapshot(size=SIZE, sheets=rich().sheets)
    write_openraster(tmp_path / "a.ora", plain)
    with zipfile.ZipFile(tmp_path / "a.ora") as file:
        names = file.namelist()
        xml = file.read("stack.xml").decode()
    assert not [name for name in names if name.startswith("underpaint/")]
    assert "Hill" not in xml
    back = read_openraster(tmp_path / "a.ora").snapshot
    assert (back.selection, back.guides) == (None, Guides())
    assert back.canvas().strength.blank


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)


def _places() -> list[tuple[str, ...]]:
    text = ("words", "x", "y", "family", "size", "colour", "align", "linear")
    return [
        *(("layers", "0", "text", name) for name in text),
        *(("selection", name) for name in ("src", "x", "y")),
        ("guides", "across"),
        ("guides",),
        *(("frame", name) for name in ("x", "y", "width", "height")),
        ("frame",),
        ("strength",),
        ("layers", "0", "text"),
        ("layers", "1", "pristine"),
    ]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(place=st.sampled_from(_places()), value=_json)
@example(place=("layers", "1", "pristine"), value=[1])
def test_any_other_value_in_any_place_leaves_the_layers_alone(
    tmp_path: Path, qapp: QApplication, place: tuple[str, ...], value: Any
) -> None:
    whole, path = tmp_path / "whole.ora", tmp_path / "a.ora"
    if not whole.exists():
        write_openraster(whole, rich())
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == MEMBER:
                own = json.loads(data)
                at = own
                for step in place[:-1]:
                    at = at[int(step)] if step.isdigit() else at[step]
                at[place[-1]] = value
                data = json.dumps(own).encode()
            new.writestr(name, data)
    snapshot = read_openraster(path).snapshot
    assert [sheet.props.name for sheet in snapshot.sheets] == ["Paper", "Words"]
    assert snapshot.sheets[1].tiles.get((0, 0)) == rich().sheets[1].tiles.get((0, 0))
    assert snapshot.frame is None or AREA.contains(snapshot.frame.rect)
    canvas = snapshot.canvas()
    for layer in canvas.document.layers:
        if layer.props.text is not None:
            layer.props.text.box()
    assert mark_of(snapshot) is Mark.COMPOSITE


@pytest.mark.parametrize(
    "changes",
    [
        {"size": 0.5},
        {"size": 1e9},
        {"x": float("nan")},
        {"colour": "reddish"},
        {"words": "a" * 5001},
        {"words": "\ud800"},
        {"align": "justified"},
        {"linear": [1, 0, 0]},
        {"linear": [1, 1, 1, 1]},
        {"linear": [float("nan"), 0, 0, 1]},
        {"linear": 3},
    ],
)
def test_words_that_cannot_be_set_are_just_pixels(changes: dict[str, Any]) -> None:
    text = {"words": "a", "x": 0, "y": 0, "family": "b", "size": 9, "colour": "#123456"}
    text["align"] = "left"
    assert read_own(json.dumps({"layers": [{"text": text}]}).encode()).layers[0].text is not None
    own = json.dumps({"layers": [{"text": {**text, **changes}}]})
    assert read_own(own.encode()).layers[0].text is None


@pytest.mark.parametrize(
    ("written", "read"),
    [(Frame(-50, 300, 200, 200), Frame(0, 300, 150, 100)), (Frame(590, 0, 90, 90), None)],
)
def test_a_frame_ends_where_the_paper_does(
    tmp_path: Path, written: Frame, read: Frame | None
) -> None:
    write_openraster(tmp_path / "a.ora", replace(rich(), frame=written))
    assert read_openraster(tmp_path / "a.ora").snapshot.frame == read


def test_guides_without_end_are_cut_off() -> None:
    own = read_own(json.dumps({"guides": {"across": list(range(9999)), "down": 3}}).encode())
    assert own == OwnData(guides=Guides(tuple(range(200))))
