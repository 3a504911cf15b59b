import io
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QColor, QImage

from studio.core.errors import UserError
from studio.core.form import FormState
from studio.core.picture import Picture, Size
from studio.paint.document import Document
from studio.paint.layer import LayerProps
from studio.paint.modes import BlendMode
from studio.paint.pictures import image_to_picture, picture_to_image
from studio.paint.snapshot import Sheet, Snapshot
from studio.paint.tiles import TILE, TILE_FORMAT, Tiles, blank_tile
from studio.storage import layer_png, openraster
from studio.storage.openraster import Painting, read_openraster, write_openraster
from studio.storage.own_data import MEMBER
from studio.storage.pictures import read_picture
from tests.paint.edits import apply, edits, new_canvas, pixels
from tests.storage.ora_files import LAYER, ora_file, png_file, stack_xml

FORM = FormState(prompt="a fox & <hounds> 🦊", seed=7, seed_locked=True, strength=0.5)

in_one_folder = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def _block(colour: str, width: int = 8, height: int = 6, at: tuple[int, int] = (0, 0)) -> Tiles:
    image = QImage(width, height, TILE_FORMAT)
    image.fill(QColor(colour))
    return Tiles.from_image(image, QPoint(*at))


def _snapshot(*sheets: Sheet, width: int = 40, height: int = 30) -> Snapshot:
    return Snapshot(size=Size(width, height), sheets=sheets)


def _visible(tiles: Tiles) -> dict[tuple[int, int], bytes]:
    blank = blank_tile()
    found = {key: tiles.get(key) for key in tiles.keys()}  # noqa: SIM118
    return {key: pixels(tile) for key, tile in found.items() if tile != blank}


def _contents(snapshot: Snapshot) -> list[tuple[object, ...]]:
    return [_content(sheet) for sheet in snapshot.sheets]


def _content(sheet: Sheet) -> tuple[object, ...]:
    inside = None if sheet.sheets is None else [_content(each) for each in sheet.sheets]
    return sheet.props, _visible(sheet.tiles), sheet.mask and _content(sheet.mask), inside


def _read_back(path: Path, snapshot: Snapshot, form: FormState | None = None) -> Painting:
    write_openraster(path, snapshot, form)
    return read_openraster(path)


@in_one_folder
@given(changes=edits)
def test_a_painting_comes_back_to_the_last_bit(tmp_path: Path, changes: list) -> None:
    canvas = new_canvas()
    for change in changes:
        apply(canvas, change)
    before = Snapshot.of(canvas.document)
    painting = _read_back(tmp_path / "a.ora", before, FORM)
    assert _contents(painting.snapshot) == _contents(before)
    assert painting.snapshot.active == before.active
    assert painting.snapshot.flattened() == canvas.compositor.flatten()
    assert painting.form == FORM
    assert painting.remarks == ()


def test_all_that_a_layer_can_be_comes_back(tmp_path: Path) -> None:
    mask = Sheet(props=LayerProps(name="Mask", visible=False), tiles=_block("black", at=(2, -3)))
    layer = Sheet(
        props=LayerProps(
            name="<A & B>",
            visible=False,
            opacity=1 / 3,
            mode=BlendMode.LUMINOSITY,
            clipped=True,
            locked=True,
            alpha_locked=True,
            reference=True,
            generated=True,
        ),
        tiles=_block("red", at=(-20, 250)),
        mask=mask,
    )
    passed = Sheet(props=LayerProps(name="P", isolated=False), sheets=(layer, layer))
    group = Sheet(
        props=LayerProps(name="G", reference=True, mode=BlendMode.PLUS),
        sheets=(Sheet(props=LayerProps(name="empty"), sheets=()), passed, layer),
        mask=mask,
    )
    snapshot = replace(_snapshot(layer, group), active=2)
    back = _read_back(tmp_path / "a.ora", snapshot).snapshot
    assert _contents(back) == _contents(snapshot)
    assert back.active == 2


def test_every_premultiplied_colour_comes_back(tmp_path: Path) -> None:
    every = bytes(
        value
        for alpha in range(256)
        for level in range(256)
        for value in (min(level, alpha), min(level, alpha) // 2, alpha - min(level, alpha), alpha)
    )
    tile = QImage(every, TILE, TILE, 4 * TILE, TILE_FORMAT).copy()
    tiles = Tiles()
    tiles.swap({(0, 0): tile})
    painting = _read_back(
        tmp_path / "a.ora", _snapshot(Sheet(props=LayerProps(name=""), tiles=tiles))
    )
    assert painting.snapshot.sheets[0].tiles.get((0, 0)) == tile


@in_one_folder
@given(name=st.text(max_size=20), opacity=st.floats(0, 1), visible=st.booleans())
def test_names_and_showing_come_back_except_what_xml_cannot_hold(
    tmp_path: Path, name: str, opacity: float, visible: bool
) -> None:
    props = LayerProps(name=name, opacity=opacity, visible=visible)
    sheet = Sheet(props=props, tiles=_block("red"))
    back = _read_back(tmp_path / "a.ora", _snapshot(sheet)).snapshot.sheets[0]
    assert (back.props.opacity, back.props.visible) == (opacity, visible)
    assert back.props.name == re.sub(
        "[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]", "\ufffd", name
    )


def test_the_file_is_laid_out_as_the_specification_asks(tmp_path: Path) -> None:
    path = tmp_path / "a.ora"
    top = Sheet(props=LayerProps(name="Top"), tiles=_block("red", at=(130, -5)))
    snapshot = _snapshot(Sheet(props=LayerProps(name="Paper")), top, width=600, height=300)
    write_openraster(path, snapshot)
    with path.open("rb") as raw:
        assert raw.read(58)[30:] == b"mimetypeimage/openrasterPK\x03\x04"
    with zipfile.ZipFile(path) as file:
        assert file.namelist()[0] == "mimetype"
        xml = file.read("stack.xml").decode()
        merged = file.read("mergedimage.png")
        with Image.open(io.BytesIO(file.read("Thumbnails/thumbnail.png"))) as small:
            assert small.size == (256, 128)
        with Image.open(io.BytesIO(file.read("data/layer001.png"))) as trimmed:
            assert trimmed.size == (8, 6)
    assert xml.index('"Top"') < xml.index('"Paper"')
    assert 'x="130" y="-5"' in xml
    assert '<stack isolation="isolate">' in xml
    flat = tmp_path / "flat.png"
    flat.write_bytes(merged)
    assert read_picture(flat) == image_to_picture(snapshot.flattened())


def test_a_painting_too_large_to_be_held_whole_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corners = _block("red", at=(3, 5)).copy()
    corners.swap({(3, 2): blank_tile(), (5, 2): _block("blue").get((0, 0))})
    snapshot = _snapshot(Sheet(props=LayerProps(name="A"), tiles=corners), width=1500, height=700)
    expected = image_to_picture(snapshot.flattened())
    monkeypatch.setattr(openraster, "MAX_PIXELS", 1000)
    monkeypatch.setattr(layer_png, "MAX_PIXELS", 1000)
    path = tmp_path / "a.ora"
    assert _contents(_read_back(path, snapshot).snapshot) == _contents(snapshot)
    with zipfile.ZipFile(path) as file:
        merged = tmp_path / "flat.png"
        merged.write_bytes(file.read("mergedimage.png"))
        layer = file.read("data/layer000.png")
    assert read_picture(merged) == expected
    with pytest.raises(UserError, match="cannot be read"):
        read_openraster(ora_file(path, stack_xml(LAYER), {"data/a.png": layer[:-60]}))
    with pytest.raises(UserError, match="cannot be read"):  # large, and written by others
        read_openraster(ora_file(path, stack_xml(LAYER), {"data/a.png": png_file(90, 90)}))


def test_the_same_painting_gives_the_same_file(tmp_path: Path) -> None:
    for name in ("a.ora", "b.ora"):
        write_openraster(
            tmp_path / name, _snapshot(Sheet(props=LayerProps(name="A"), tiles=_block("red")))
        )
    assert (tmp_path / "a.ora").read_bytes() == (tmp_path / "b.ora").read_bytes()


def test_files_of_other_programs_are_read(tmp_path: Path) -> None:
    xml = stack_xml(
        '<layer name="Over" src="/data/a.png" x="3" y="4" composite-op="svg:multiply"/>'
        '<stack x="10" y="1" opacity="0.5" visibility="hidden" name="Group" isolation="isolate">'
        '<layer src="data/b.png" x="-2" opacity="0.5" selected="true" edit-locked="true"/>'
        "<filter/></stack>"
        '<text>Krita</text><layer src="data/b.png" opacity="7" composite-op="krita:greater"/>'
        "<stack/>"
    )
    members = {"/data/a.png": png_file(8, 6), "data/b.png": png_file(2, 2, "blue")}
    painting = read_openraster(ora_file(tmp_path / "a.ora", xml, members))
    empty, below, group, over = painting.snapshot.sheets
    assert over.props == LayerProps(name="Over", mode=BlendMode.MULTIPLY)
    assert layer_png.painted(over.tiles) == QRect(3, 4, 8, 6)
    assert group.props == LayerProps(name="Group", opacity=0.5, visible=False)
    (grouped,) = group.sheets
    assert (grouped.props.opacity, grouped.props.locked) == (0.5, True)
    assert layer_png.painted(grouped.tiles) == QRect(8, 1, 2, 2)
    assert below.props == LayerProps(name="")
    assert (empty.sheets, empty.props.isolated) == ((), False)
    assert painting.snapshot.active == 2
    assert painting.form is None
    assert ["krita:greater" in each for each in painting.remarks] == [True]


def test_a_stack_that_is_shown_as_a_whole_becomes_a_group(tmp_path: Path) -> None:
    xml = '<image w="9" h="9"><stack opacity="0.5"><layer src="data/a.png"/></stack></image>'
    (group,) = read_openraster(ora_file(tmp_path / "a.ora", xml)).snapshot.sheets
    assert (group.props.opacity, len(group.sheets)) == (0.5, 1)


def test_what_only_we_know_is_left_out_where_others_changed_the_layers(tmp_path: Path) -> None:
    own = b'{"layers": [{"clipped": true}, {"clipped": true, "mask": {"src": 3}}]}'
    members = {"data/a.png": png_file(8, 6), MEMBER: own}
    for count in (1, 2):
        path = ora_file(tmp_path / "a.ora", stack_xml(LAYER * count), members)
        clipped = [sheet.props.clipped for sheet in read_openraster(path).snapshot.sheets]
        assert clipped == ([True, True] if count == 2 else [False])


@pytest.mark.parametrize(
    "own", [b"{", b"[]", b'{"form": 3}', b"[" * 100_000, b'{"form": {"seed": -1, "prompt": 3}}']
)
def test_damage_to_what_only_we_know_costs_nothing_else(tmp_path: Path, own: bytes) -> None:
    members = {"data/a.png": png_file(8, 6), MEMBER: own}
    painting = read_openraster(
        ora_file(tmp_path / "a.ora", stack_xml('<layer src="data/a.png"/>'), members)
    )
    assert len(painting.snapshot.sheets) == 1
    assert painting.form in (None, FormState())


def test_a_name_of_another_kind_is_refused_and_the_file_under_it_stays(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"mine")
    with pytest.raises(UserError, match=r"ends in \.ora"):
        write_openraster(path, _snapshot())
    assert path.read_bytes() == b"mine"


def test_a_document_changes_nothing_in_its_snapshot(tmp_path: Path) -> None:
    picture = Picture(Size(2, 1), bytes([255, 0, 0, 255, 0, 0, 255, 255]))
    document = Document(Size(40, 30))
    layer = replace(
        document.new_layer("A"), tiles=Tiles.from_image(picture_to_image(picture), QPoint())
    )
    document.insert_layer(0, layer)
    snapshot = Snapshot.of(document)
    before = _contents(snapshot)
    document.swap_tiles(layer.id, {(0, 0): None})
    document.set_layer(layer.id, name="B", opacity=0.5)
    assert _contents(snapshot) == before
    snapshot.canvas().document.swap_tiles(layer.id, {(0, 0): None})
    assert _contents(snapshot) == before


def test_the_lowest_layer_may_blend_in_any_way_unremarked(tmp_path: Path) -> None:
    odd = '<layer src="data/a.png" composite-op="x:odd"/>'
    assert read_openraster(ora_file(tmp_path / "a.ora", stack_xml(LAYER + odd))).remarks == ()
    (remark,) = read_openraster(ora_file(tmp_path / "b.ora", stack_xml(odd + LAYER))).remarks
    assert "x:odd" in remark


def test_a_resolution_comes_back_and_what_others_write_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.ora"
    write_openraster(path, _snapshot(), None, 144.0)
    assert read_openraster(path).dpi == 144.0
    size = 'w="40" h="30" xres="600" yres="600"'
    assert read_openraster(ora_file(path, stack_xml("", size))).dpi == 600.0
    assert read_openraster(ora_file(path, stack_xml(""))).dpi is None


def test_a_group_that_cannot_be_passed_through_is_isolated_for_others_too(tmp_path: Path) -> None:
    inside = Sheet(props=LayerProps(name="L"), tiles=_block("red"))
    groups = [
        Sheet(props=LayerProps(name="G", isolated=False, **props), sheets=(inside,))
        for props in ({}, {"opacity": 0.5}, {"mode": BlendMode.MULTIPLY})
    ]
    path = tmp_path / "a.ora"
    back = _read_back(path, _snapshot(*groups)).snapshot
    assert [sheet.props.isolated for sheet in back.sheets] == [False, False, False]
    with zipfile.ZipFile(path) as archive:
        xml = archive.read("stack.xml").decode()
    top_first = re.findall(r' isolation="(\w+)"', xml)
    assert top_first == ["isolate", "isolate", "isolate", "auto"]
