import struct
import tracemalloc
import zlib
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, PsdImagePlugin
from PySide6.QtCore import QPoint
from PySide6.QtGui import QColor, QImage

from studio.core.errors import UserError
from studio.core.picture import Size
from studio.paint.guides import MAX_GUIDES, Guides
from studio.paint.layer import MASK, LayerProps
from studio.paint.modes import BlendMode
from studio.paint.pictures import image_to_picture
from studio.paint.snapshot import Sheet, Snapshot
from studio.paint.tiles import TILE, TILE_FORMAT, Tiles
from studio.storage import layer_budget
from studio.storage.psd import format as psd_format
from studio.storage.psd import read as psd_read
from studio.storage.psd import reader as psd_reader
from studio.storage.psd import records as psd_records
from studio.storage.psd.format import MODE_KEYS
from studio.storage.psd.read import read_psd
from studio.storage.psd.write import write_psd
from tests.paint.edits import apply, edits, new_canvas

in_one_folder = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def _block(colour: str, at: tuple[int, int] = (0, 0), size: tuple[int, int] = (8, 6)) -> Tiles:
    image = QImage(*size, TILE_FORMAT)
    image.fill(QColor(colour))
    return Tiles.from_image(image, QPoint(*at))


def _layer(colour: str = "red", at: tuple[int, int] = (0, 0), **props: object) -> Sheet:
    return Sheet(props=LayerProps(**{"name": "L", **props}), tiles=_block(colour, at))


def _snapshot(*sheets: Sheet) -> Snapshot:
    return Snapshot(size=Size(40, 30), sheets=sheets)


def _back(path: Path, snapshot: Snapshot) -> Snapshot:
    write_psd(path, snapshot, 300.0)
    return read_psd(path).snapshot


@in_one_folder
@given(changes=edits)
def test_a_painting_looks_the_same_when_it_comes_back(tmp_path: Path, changes: list) -> None:
    canvas = new_canvas()
    for change in changes:
        apply(canvas, change)
    before = Snapshot.of(canvas.document)
    flat = image_to_picture(_back(tmp_path / "a.psd", before).flattened())
    expected = image_to_picture(canvas.compositor.flatten())
    assert _premultiplied(flat.rgba, flat.size) == _premultiplied(expected.rgba, expected.size)


def _premultiplied(rgba: bytes, size: Size) -> bytes:
    return Image.frombytes("RGBA", (size.width, size.height), rgba).convert("RGBa").tobytes()


def test_all_that_the_format_knows_of_a_layer_comes_back(tmp_path: Path) -> None:
    mask = Sheet(props=LayerProps(name=MASK, visible=False), tiles=_block("black", (2, -3)))
    layer = Sheet(
        props=LayerProps(
            name="<A & é 日本 🦊>",
            visible=False,
            opacity=51 / 255,
            mode=BlendMode.LUMINOSITY,
            clipped=True,
            locked=True,
            alpha_locked=True,
        ),
        tiles=_block("red", (-20, 250)),
        mask=mask,
    )
    passed = Sheet(props=LayerProps(name="P", isolated=False), sheets=(_layer(), layer))
    group = Sheet(
        props=LayerProps(name="G", opacity=0.2),
        sheets=(Sheet(props=LayerProps(name="empty"), sheets=()), passed, layer),
        mask=mask,
    )
    snapshot = _snapshot(_layer(), layer, group)
    back = _back(tmp_path / "a.psd", snapshot)
    assert [_told(sheet) for sheet in back.sheets] == [_told(sheet) for sheet in snapshot.sheets]


def _told(sheet: Sheet) -> tuple[object, ...]:
    inside = None if sheet.sheets is None else [_told(each) for each in sheet.sheets]
    tiles = {key: sheet.tiles.get(key) for key in sheet.tiles.keys()}  # noqa: SIM118
    return sheet.props, tiles, sheet.mask and _told(sheet.mask), inside


def test_the_lowest_layer_is_clipped_to_nothing(tmp_path: Path) -> None:
    back = _back(tmp_path / "a.psd", _snapshot(_layer(clipped=True), _layer(clipped=True)))
    assert [sheet.props.clipped for sheet in back.sheets] == [False, True]


@pytest.mark.parametrize("dpi", [0.0, 1.0, 65_000.0])
def test_a_resolution_that_makes_no_sense_is_not_known(tmp_path: Path, dpi: float) -> None:
    path = tmp_path / "a.psd"
    write_psd(path, _snapshot(_layer()), dpi)
    assert read_psd(path).dpi is None


def test_guides_come_back(tmp_path: Path) -> None:
    guides = Guides(across=(0, 29, -7), down=(12,))
    assert _back(tmp_path / "a.psd", replace(_snapshot(_layer()), guides=guides)).guides == guides
    assert _back(tmp_path / "a.psd", _snapshot(_layer())).guides == Guides()


def _guides_psd(count: int, *lines: tuple[int, int]) -> bytes:
    """A file without layers that says how many guides it has: 32nds of pixels, 0 for upright."""
    data = struct.pack(">IIII", 1, 576, 576, count)
    data += b"".join(struct.pack(">iB", *line) for line in lines)
    data += bytes(len(data) % 2)
    resource = psd_format.BLOCK + struct.pack(">HHI", 1032, 0, len(data)) + data
    file = _flat_psd(bytes(12))
    return file[:30] + struct.pack(">I", len(resource)) + resource + file[34:]


def test_guides_of_others_are_read_as_far_as_they_make_sense(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.psd"
    path.write_bytes(_guides_psd(5, (32, 0), (81, 1), (83, 1), (2**31 - 1, 0), (64, 7)))
    assert read_psd(path).snapshot.guides == Guides(across=(3,), down=(1,))
    many = [(32 * n, 0) for n in range(3 * MAX_GUIDES)]
    path.write_bytes(_guides_psd(len(many), *many))
    assert read_psd(path).snapshot.guides.down == tuple(range(MAX_GUIDES))
    path.write_bytes(_guides_psd(2**32 - 1, (32, 0)))
    assert read_psd(path).snapshot.guides.down == (1,)
    monkeypatch.setattr(psd_reader, "MAX_PARTS", MAX_GUIDES)
    path.write_bytes(_guides_psd(len(many), *many))
    with pytest.raises(UserError, match="cannot be read"):
        read_psd(path)


def test_a_painting_without_layers_is_transparent(tmp_path: Path) -> None:
    assert _back(tmp_path / "a.psd", _snapshot()).flattened() == _snapshot().flattened()


@pytest.mark.parametrize("mode", MODE_KEYS)
def test_every_mode_there_is_comes_back(tmp_path: Path, mode: BlendMode) -> None:
    back = _back(tmp_path / "a.psd", _snapshot(_layer(), _layer("blue", mode=mode)))
    assert [sheet.props.mode for sheet in back.sheets] == [BlendMode.NORMAL, mode]


def test_layers_that_erase_are_merged_with_what_they_erase_and_that_is_told(tmp_path: Path) -> None:
    erasing = _layer(at=(3, 3), name="Holes", mode=BlendMode.DESTINATION_OUT)
    group = Sheet(props=LayerProps(name="G", isolated=False), sheets=(_layer(), erasing))
    hidden = _layer(mode=BlendMode.DESTINATION_IN, visible=False)
    snapshot = _snapshot(_layer("lime"), group, _layer("blue", (1, 1)), hidden)
    path = tmp_path / "a.psd"
    (remark,) = write_psd(path, snapshot, 300.0)
    assert "'G' and the layers below it" in remark
    back = read_psd(path).snapshot
    assert len(back.sheets) == 3
    assert back.flattened() == snapshot.flattened()


def test_a_clipped_group_becomes_a_clipped_layer_and_that_is_told(tmp_path: Path) -> None:
    inside = (_layer("lime"), _layer("blue", (2, 2), mode=BlendMode.SCREEN))
    props = LayerProps(name="G", clipped=True, opacity=0.4, mode=BlendMode.MULTIPLY)
    group = Sheet(props=props, sheets=inside, mask=_layer("black", (4, 4)))
    snapshot = _snapshot(_layer("red", (1, 1)), group)
    path = tmp_path / "a.psd"
    (remark,) = write_psd(path, snapshot, 300.0)
    assert "'G' became one layer" in remark
    back = read_psd(path).snapshot
    assert (back.sheets[1].sheets, back.sheets[1].props) == (None, props)
    assert back.flattened() == snapshot.flattened()


def test_what_is_clipped_to_a_layer_that_erases_is_merged_with_it(tmp_path: Path) -> None:
    erasing = _layer("red", (4, 0), mode=BlendMode.DESTINATION_OUT, opacity=0.5)
    snapshot = _snapshot(_layer("lime"), erasing, _layer("blue", (6, 0), clipped=True), _layer())
    back = _back(tmp_path / "a.psd", snapshot)
    assert len(back.sheets) == 2
    assert back.flattened() == snapshot.flattened()


def test_a_group_that_bears_a_clipped_layer_is_not_passed_through(tmp_path: Path) -> None:
    inside = _layer("blue", mode=BlendMode.MULTIPLY)
    passed = Sheet(props=LayerProps(name="G", isolated=False), sheets=(inside,))
    for clipped, isolated in ((True, True), (False, False)):
        back = _back(tmp_path / "a.psd", _snapshot(_layer(), passed, _layer(clipped=clipped)))
        assert back.sheets[1].props.isolated is isolated


def test_another_program_reads_the_merged_picture_and_the_layers(tmp_path: Path) -> None:
    path = tmp_path / "a.psd"
    snapshot = _snapshot(_layer("red"), _layer("blue", (5, 5), name="Blue é"))
    write_psd(path, snapshot, 144.0)
    with Image.open(path) as image:
        assert isinstance(image, PsdImagePlugin.PsdImageFile)
        assert image.mode == "RGBA"
        merged = image.convert("RGBA")
        assert merged.getpixel((2, 2)) == (255, 0, 0, 255)
        assert merged.getpixel((6, 5)) == (0, 0, 255, 255)
        assert merged.getpixel((20, 20)) == (255, 255, 255, 0)  # as Photoshop has it: on white
        assert [(kind, box) for _, kind, box, _ in image.layers] == [
            ("RGBA", (0, 0, 8, 6)),
            ("RGBA", (5, 5, 13, 11)),
        ]
        assert image.info["icc_profile"]
    assert read_psd(path).dpi == 144.0


def test_a_mask_that_hides_all_around_it_does_so(tmp_path: Path) -> None:
    path = tmp_path / "a.psd"
    mask = Sheet(props=LayerProps(name=MASK), tiles=_block("black", (2, 2), (1, 1)))
    write_psd(path, _snapshot(Sheet(props=LayerProps(name="L"), tiles=_block("red"), mask=mask)), 1)
    data = path.read_bytes()
    outside = struct.pack(">iiiiB", 2, 2, 3, 3, 255)
    assert data.count(outside) == 1
    path.write_bytes(data.replace(outside, outside[:-1] + b"\0"))
    assert read_psd(path).snapshot.flattened() == _snapshot().flattened()


def _flat_psd(
    pixels: bytes, *, channels: int = 3, depth: int = 8, mode: int = psd_format.RGB, side: int = 2
) -> bytes:
    """A file without layers whose channels are raw."""
    head = psd_format.SIGNATURE + struct.pack(">H6xHIIHH", 1, channels, side, side, depth, mode)
    return head + bytes(12) + b"\0\0" + pixels


@pytest.mark.parametrize(
    ("file", "pixel"),
    [
        (_flat_psd(b"\x10" * 4 + b"\x20" * 4 + b"\x30" * 4), (16, 32, 48, 255)),
        (_flat_psd(b"\x10\xff" * 4 + b"\x20\0" * 4 + b"\x30\0" * 4, depth=16), (16, 32, 48, 255)),
        (_flat_psd(b"\x40" * 4, channels=1, mode=psd_format.GREY), (64, 64, 64, 255)),
        (
            _flat_psd(b"\0" * 4 + b"\xff" * 12, channels=4, mode=psd_format.CMYK),
            (0, 255, 255, 255),
        ),
    ],
    ids=["RGB", "16 bits", "grey", "CMYK"],
)
def test_files_without_layers_are_read_as_one(
    tmp_path: Path, file: bytes, pixel: tuple[int, ...]
) -> None:
    path = tmp_path / "flat.psd"
    path.write_bytes(file)
    painting = read_psd(path)
    assert [sheet.props.name for sheet in painting.snapshot.sheets] == ["flat"]
    assert image_to_picture(painting.snapshot.flattened()).rgba == bytes(pixel) * 4
    assert painting.remarks == ()


def test_unknown_modes_and_adjustments_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.psd"
    write_psd(path, _snapshot(_layer(mode=BlendMode.SCREEN), _layer(locked=True)), 72.0)
    data = path.read_bytes().replace(b"scrn", b"vLit").replace(b"lspf", b"levl")
    path.write_bytes(data)
    first, second = read_psd(path).remarks
    assert "'vLit'" in first
    assert "adjust" in second


def _whole(tmp_path: Path) -> bytes:
    path = tmp_path / "whole.psd"
    mask = Sheet(props=LayerProps(name=MASK), tiles=_block("black", (3, 2), (4, 4)))
    group = Sheet(props=LayerProps(name="G"), sheets=(_layer("lime", (4, 4)),), mask=mask)
    write_psd(path, _snapshot(_layer(), group), 300.0)
    return path.read_bytes()


def test_a_file_cut_short_anywhere_is_refused(tmp_path: Path) -> None:
    data, path = _whole(tmp_path), tmp_path / "cut.psd"
    merged = data.rindex(b"lsct")  # behind the pixels of layers nothing is missed
    for length in range(0, merged, 7):
        path.write_bytes(data[:length])
        with pytest.raises(UserError, match=r"'cut\.psd' cannot be read"):
            read_psd(path)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_damaged_files_open_or_are_refused_but_never_break(
    tmp_path: Path, data: st.DataObject
) -> None:
    whole, path = tmp_path / "whole.psd", tmp_path / "damaged.psd"
    damaged = bytearray(whole.read_bytes() if whole.exists() else _whole(tmp_path))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        damaged[at] = data.draw(st.sampled_from([0, 1, 127, 128, 255]) | st.integers(0, 255))
    path.write_bytes(damaged)
    with suppress(UserError):
        read_psd(path).snapshot.canvas()


def _replaced(data: bytes, old: bytes, new: bytes) -> bytes:
    assert old in data
    return data.replace(old, new)


def test_lying_sizes_are_refused_before_anything_is_made_of_them(tmp_path: Path) -> None:
    data, path = _whole(tmp_path), tmp_path / "a.psd"
    box, huge = struct.pack(">iiii", 0, 0, 6, 8), struct.pack(">iiii", 0, 0, 16_000, 16_000)
    for lie in (
        _replaced(data, struct.pack(">II", 30, 40), struct.pack(">II", 30_000, 30_000)),
        _replaced(data, box, huge),
        _replaced(data, box, struct.pack(">iiii", 0, 0, 2**31 - 1, 2**31 - 1)),
        _replaced(data, box, struct.pack(">iiii", -(2**31), -(2**31), 6, 8)),
    ):
        path.write_bytes(lie)
        with pytest.raises(UserError, match=r"'a\.psd'|size of"):
            read_psd(path)


def test_there_is_an_end_to_layers_parts_and_pixels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, path = _whole(tmp_path), tmp_path / "a.psd"
    path.write_bytes(data)
    read_psd(path)
    for module, limit, small in (
        (psd_records, "MAX_LAYERS", 1),
        (psd_reader, "MAX_PARTS", 5),
        (layer_budget, "KEPT", 1),
        (layer_budget, "DECODED", 1),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(layer_budget, "KEPT_PER_BYTE", 0)
            patch.setattr(psd_read, "_PIXELS_PER_BYTE", 0)
            patch.setattr(module, limit, small)
            with pytest.raises(UserError, match=r"'a\.psd'"):
                read_psd(path)


def test_thousands_of_thin_layers_are_refused_before_many_of_them_are_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, side = tmp_path / "a.psd", 16_384
    channel = struct.pack(">H", 2) + zlib.compress(bytes(side))
    path.write_bytes(_with_channels(channel, side, 1, 4096))
    opened = []
    monkeypatch.setattr(psd_read, "band_tiles", lambda image, band: opened.append(band) or Tiles())
    with pytest.raises(UserError, match="too many pixels"):
        read_psd(path)
    tiles = len(opened) * side // TILE
    assert 0 < tiles * TILE * TILE <= layer_budget.DECODED + 24 * path.stat().st_size


def test_a_deflated_channel_is_inflated_no_further_than_it_is_high(tmp_path: Path) -> None:
    path = tmp_path / "a.psd"
    bomb = struct.pack(">H", 2) + zlib.compress(bytes(50_000_000), 9)
    path.write_bytes(_with_channels(bomb))
    tracemalloc.start()
    assert len(read_psd(path).snapshot.sheets) == 1
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()
    path.write_bytes(_with_channels(struct.pack(">H", 2) + zlib.compress(bytes(47))))
    with pytest.raises(UserError, match="cannot be read"):
        read_psd(path)


def _with_channels(channel: bytes, width: int = 8, height: int = 6, count: int = 1) -> bytes:
    """A file of layers that fill it, each of whose channels is this."""
    box = struct.pack(">iiiiH", 0, 0, height, width, 3)
    listed = b"".join(struct.pack(">hI", number, len(channel)) for number in range(3))
    record = box + listed + b"8BIMnorm" + b"\xff\0\0\0" + struct.pack(">I", 12) + bytes(12)
    layers = struct.pack(">h", count) + count * record + count * 3 * channel
    section = struct.pack(">I", len(layers)) + layers
    head = psd_format.SIGNATURE + struct.pack(">H6xHIIHH", 1, 3, height, width, 8, psd_format.RGB)
    return head + bytes(8) + struct.pack(">I", len(section)) + section + b"\0\0" + bytes(144)


def test_a_painting_too_large_for_the_format_is_refused_and_the_old_file_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.psd"
    path.write_bytes(b"mine")
    monkeypatch.setattr(psd_format, "MAX_BYTES", 100)
    with pytest.raises(UserError, match="too large for a Photoshop file"):
        write_psd(path, _snapshot(_layer()), 300.0)
    assert path.read_bytes() == b"mine"
