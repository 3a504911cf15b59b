import io
import random
import re
import zipfile
import zlib
from contextlib import suppress
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
from studio.storage import archive, layer_budget, layer_png, openraster
from studio.storage.openraster import Painting, read_openraster, write_openraster
from studio.storage.own_data import MEMBER
from studio.storage.pictures import read_picture
from studio.storage.stack import MAX_DEPTH, MAX_LAYERS, MAX_OFFSET, parse_stack
from tests.paint.edits import apply, edits, new_canvas, pixels
from tests.storage.samples import PILLOW_ALSO_WARNS

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


def _png(width: int, height: int, colour: str = "red") -> bytes:
    out = io.BytesIO()
    Image.new("RGBA", (width, height), colour).save(out, "PNG")
    return out.getvalue()


_MEMBERS = {"data/a.png": _png(8, 6), "../a.png": _png(8, 6)}


def _ora(path: Path, xml: str, members: dict[str, bytes] | None = None) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("stack.xml", xml)
        for name, data in (members or _MEMBERS).items():
            file.writestr(name, data)
    return path


def _stack(inside: str, size: str = 'w="40" h="30"') -> str:
    return f"<image {size}><stack>{inside}</stack></image>"


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
        read_openraster(_ora(path, _stack(_LAYER), {"data/a.png": layer[:-60]}))
    with pytest.raises(UserError, match="cannot be read"):  # large, and written by others
        read_openraster(_ora(path, _stack(_LAYER), {"data/a.png": _png(90, 90)}))


def test_the_same_painting_gives_the_same_file(tmp_path: Path) -> None:
    for name in ("a.ora", "b.ora"):
        write_openraster(
            tmp_path / name, _snapshot(Sheet(props=LayerProps(name="A"), tiles=_block("red")))
        )
    assert (tmp_path / "a.ora").read_bytes() == (tmp_path / "b.ora").read_bytes()


def test_files_of_other_programs_are_read(tmp_path: Path) -> None:
    xml = _stack(
        '<layer name="Over" src="/data/a.png" x="3" y="4" composite-op="svg:multiply"/>'
        '<stack x="10" y="1" opacity="0.5" visibility="hidden" name="Group" isolation="isolate">'
        '<layer src="data/b.png" x="-2" opacity="0.5" selected="true" edit-locked="true"/>'
        "<filter/></stack>"
        '<text>Krita</text><layer src="data/b.png" opacity="7" composite-op="krita:greater"/>'
        "<stack/>"
    )
    members = {"/data/a.png": _png(8, 6), "data/b.png": _png(2, 2, "blue")}
    painting = read_openraster(_ora(tmp_path / "a.ora", xml, members))
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
    (group,) = read_openraster(_ora(tmp_path / "a.ora", xml)).snapshot.sheets
    assert (group.props.opacity, len(group.sheets)) == (0.5, 1)


def test_what_only_we_know_is_left_out_where_others_changed_the_layers(tmp_path: Path) -> None:
    own = b'{"layers": [{"clipped": true}, {"clipped": true, "mask": {"src": 3}}]}'
    members = {"data/a.png": _png(8, 6), MEMBER: own}
    for count in (1, 2):
        path = _ora(tmp_path / "a.ora", _stack(_LAYER * count), members)
        clipped = [sheet.props.clipped for sheet in read_openraster(path).snapshot.sheets]
        assert clipped == ([True, True] if count == 2 else [False])


@pytest.mark.parametrize(
    "own", [b"{", b"[]", b'{"form": 3}', b"[" * 100_000, b'{"form": {"seed": -1, "prompt": 3}}']
)
def test_damage_to_what_only_we_know_costs_nothing_else(tmp_path: Path, own: bytes) -> None:
    members = {"data/a.png": _png(8, 6), MEMBER: own}
    painting = read_openraster(
        _ora(tmp_path / "a.ora", _stack('<layer src="data/a.png"/>'), members)
    )
    assert len(painting.snapshot.sheets) == 1
    assert painting.form in (None, FormState())


_LAYER = '<layer src="data/a.png"/>'
_HOSTILE = {
    "no layers list": "",
    "not XML": "<image",
    "a declared entity": f'<!DOCTYPE a [<!ENTITY b "c">]>{_stack(_LAYER)}',
    "an external DTD": f'<!DOCTYPE a SYSTEM "file:///etc/passwd">{_stack(_LAYER)}',
    "an undeclared entity": _stack("&b;"),
    "no size": "<image><stack/></image>",
    "a size of nothing": _stack("", 'w="0" h="5"'),
    "a huge size": _stack("", 'w="16385" h="5"'),
    "a size that is no number": _stack("", 'w="nan" h="5"'),
    "an infinite offset": _stack('<layer src="data/a.png" x="1e999"/>'),
    "a huge offset": _stack(f'<layer src="data/a.png" x="{MAX_OFFSET + 1}"/>'),
    "an opacity that is no number": _stack('<layer src="data/a.png" opacity="nan"/>'),
    "a layer without a source": _stack("<layer/>"),
    "a source that is not there": _stack('<layer src="data/b.png"/>'),
    "a way out of the file": _stack('<layer src="../a.png"/>'),
    "a layer that is not PNG": _stack('<layer src="stack.xml"/>'),
}


@pytest.mark.parametrize("what", _HOSTILE)
def test_a_hostile_list_of_layers_is_refused_in_a_sentence(tmp_path: Path, what: str) -> None:
    with pytest.raises(UserError, match=r"'a\.ora' (cannot be read|is too large)|size of"):
        read_openraster(_ora(tmp_path / "a.ora", _HOSTILE[what]))


def test_there_is_an_end_to_layers_and_groups() -> None:
    assert len(parse_stack(_stack(_LAYER * MAX_LAYERS).encode()).layers) == MAX_LAYERS
    with pytest.raises(ValueError, match="too many layers"):
        parse_stack(_stack(_LAYER * (MAX_LAYERS + 1)).encode())
    deep = MAX_DEPTH - 1
    parse_stack(_stack("<stack>" * deep + "</stack>" * deep).encode())
    with pytest.raises(ValueError, match="too deeply"):
        parse_stack(_stack("<stack>" * MAX_DEPTH + "</stack>" * MAX_DEPTH).encode())


def _taller(png: bytes) -> bytes:
    """The same pixels under a header that promises one row more."""
    header = bytearray(png[12:29])
    header[11] += 1
    return png[:12] + header + zlib.crc32(header).to_bytes(4, "big") + png[33:]


@pytest.mark.parametrize(
    "png",
    [_png(8, 6)[:60], _taller(_png(8, 6)), b"GIF89a", _png(40_000, 1), b""],
    ids=["cut", "short", "GIF", "wide", "empty"],
)
def test_a_hostile_layer_is_refused_in_a_sentence(tmp_path: Path, png: bytes) -> None:
    path = _ora(tmp_path / "a.ora", _stack(_LAYER), {"data/a.png": png})
    with pytest.raises(UserError, match=r"'a\.ora'"):
        read_openraster(path)


def test_a_member_that_is_longer_than_it_says_is_not_inflated(tmp_path: Path) -> None:
    path = _ora(tmp_path / "a.ora", _stack(_LAYER), {"data/a.png": bytes(50_000_000)})
    lying = path.read_bytes().replace((50_000_000).to_bytes(4, "little"), b"\x64\0\0\0")
    path.write_bytes(lying)
    with pytest.raises(UserError, match="cannot be read"):
        read_openraster(path)


def test_a_list_of_members_without_end_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _ora(tmp_path / "a.ora", _stack(_LAYER))
    read_openraster(path)
    monkeypatch.setattr(archive, "MAX_DIRECTORY", 60)
    monkeypatch.setattr(archive, "ZipFile", None)
    with pytest.raises(UserError, match="cannot be read"):
        read_openraster(path)


def _noise(width: int, height: int) -> bytes:
    out = io.BytesIO()
    Image.effect_noise((width, height), 90).save(out, "PNG")
    return out.getvalue()


def test_layers_that_would_fill_the_memory_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _ora(tmp_path / "a.ora", _stack(_LAYER * 3), {"data/a.png": _noise(TILE, TILE)})
    monkeypatch.setattr(layer_budget, "KEPT_PER_BYTE", 0)
    monkeypatch.setattr(layer_budget, "KEPT", 3 * TILE * TILE)
    read_openraster(path)
    monkeypatch.setattr(layer_budget, "KEPT", 2 * TILE * TILE)
    with pytest.raises(UserError, match="too many pixels"):
        read_openraster(path)
    flat = _ora(tmp_path / "flat.ora", _stack(_LAYER * 2), {"data/a.png": _png(2048, 1024)})
    assert len(read_openraster(flat).snapshot.sheets) == 2  # equal tiles are one tile
    monkeypatch.setattr(layer_budget, "DECODED", 2048 * 1024)
    monkeypatch.setattr(layer_png, "DECODED_PER_BYTE", 0)
    with pytest.raises(UserError, match="too many pixels"):
        read_openraster(flat)


def test_neither_padding_nor_naming_pixels_again_lets_more_of_them_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layer_budget, "DECODED", 2 * 256 * 200)
    padding = {"data/a.png": _png(256, 200), "padding": random.Random(1).randbytes(10_000)}
    read_openraster(_ora(tmp_path / "a.ora", _stack(_LAYER * 2), padding))
    with pytest.raises(UserError, match="too many pixels"):
        read_openraster(_ora(tmp_path / "b.ora", _stack(_LAYER * 6), padding))


def test_what_is_no_archive_is_told_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "a.ora"
    with pytest.raises(UserError, match="no file"):
        read_openraster(path)
    for data in (b"", b"PK\x03\x04", b"PK\x05\x06" + bytes(18), _png(4, 4)):
        path.write_bytes(data)
        with pytest.raises(UserError, match="cannot be read as an OpenRaster document"):
            read_openraster(path)
    with pytest.raises(UserError, match="is a folder"):
        read_openraster(tmp_path)


@pytest.mark.filterwarnings(PILLOW_ALSO_WARNS)
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_a_damaged_file_opens_or_is_refused_but_never_breaks(
    tmp_path: Path, data: st.DataObject
) -> None:
    path, whole = tmp_path / "a.ora", tmp_path / "whole.ora"
    if not whole.exists():
        sheets = (
            Sheet(props=LayerProps(name="A"), tiles=_block("red", at=(250, 3))),
            Sheet(props=LayerProps(name="B")),
        )
        write_openraster(whole, _snapshot(*sheets, width=300), FORM)
    damaged = bytearray(whole.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.none() | st.integers(0, len(damaged)))
    path.write_bytes(damaged[:cut])
    with suppress(UserError):
        read_openraster(path).snapshot.canvas()


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
    assert read_openraster(_ora(tmp_path / "a.ora", _stack(_LAYER + odd))).remarks == ()
    (remark,) = read_openraster(_ora(tmp_path / "b.ora", _stack(odd + _LAYER))).remarks
    assert "x:odd" in remark


def test_a_resolution_comes_back_and_what_others_write_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.ora"
    write_openraster(path, _snapshot(), None, 144.0)
    assert read_openraster(path).dpi == 144.0
    size = 'w="40" h="30" xres="600" yres="600"'
    assert read_openraster(_ora(path, _stack("", size))).dpi == 600.0
    assert read_openraster(_ora(path, _stack(""))).dpi is None


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
