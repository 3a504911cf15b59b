"""What files say of a model's part in them, and that it is not lost on the way."""

import io
import json
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from PySide6.QtCore import QRect
from PySide6.QtGui import QColor

from studio.core.picture import Picture, Size
from studio.paint.layer import LayerProps
from studio.paint.pictures import picture_tiles
from studio.paint.snapshot import Sheet, Snapshot
from studio.paint.tiles import Tiles
from studio.storage import png
from studio.storage.flat import flat_digest, flat_picture
from studio.storage.marks import MAX_PACKET, mark_in_file, mark_of
from studio.storage.metadata import Mark, mark_packet
from studio.storage.openraster import read_openraster, write_openraster
from studio.storage.own_data import MEMBER
from studio.storage.pictures import write_picture
from studio.storage.psd.read import read_psd
from studio.storage.psd.write import write_psd
from tests.storage.samples import RECIPE, gradient

SIZE = Size(300, 20)
RESULT = Picture(SIZE, bytes((7, 80, 190, 255)) * SIZE.pixels)
MADE = Sheet(
    props=LayerProps(name="Result", generated=True, pristine=RESULT.digest),
    tiles=picture_tiles(RESULT),
)


def _filled(colour: str, rect: QRect, **props: object) -> Sheet:
    return Sheet(props=LayerProps(name="L", **props), tiles=Tiles.filled(rect, QColor(colour)))


PAPER = _filled("white", QRect(0, 0, SIZE.width, SIZE.height))
DOT = _filled("red", QRect(280, 3, 1, 1))


def _painting(*sheets: Sheet) -> Snapshot:
    return Snapshot(size=SIZE, sheets=sheets)


def _changed(sheet: Sheet, **props: object) -> Sheet:
    return replace(sheet, props=replace(sheet.props, **props))


def _marks(sheets: tuple[Sheet, ...] | None) -> list[object]:
    """Of layers and groups, those in a group in a list behind it."""
    return [
        each
        for sheet in sheets or ()
        for each in (sheet.props.generated, *([_marks(sheet.sheets)] if sheet.sheets else []))
    ]


def test_what_looks_just_like_what_a_model_made_of_words_is_generated() -> None:
    hidden = _changed(DOT, visible=False)
    for sheets in ((MADE,), (PAPER, DOT, MADE, hidden), (PAPER, _group(MADE))):
        assert mark_of(_painting(*sheets)) is Mark.GENERATED


def _group(*sheets: Sheet) -> Sheet:
    return Sheet(props=LayerProps(name="G"), sheets=sheets)


def test_with_anything_of_a_persons_to_be_seen_it_is_composite() -> None:
    painted = Tiles()
    painted.swap({key: MADE.tiles.get(key) for key in MADE.tiles.keys()})  # noqa: SIM118
    painted.swap({(1, 0): PAPER.tiles.get((1, 0))})
    for sheets in (
        (PAPER, MADE, DOT),
        (PAPER, _changed(MADE, opacity=0.9)),
        (PAPER, replace(MADE, tiles=painted)),
        (PAPER, _changed(MADE, pristine="")),  # made from a picture of theirs
    ):
        assert mark_of(_painting(*sheets)) is Mark.COMPOSITE


def test_a_painting_that_no_model_had_a_part_in_has_no_mark() -> None:
    assert mark_of(_painting(PAPER, _changed(MADE, visible=False), DOT)) is None


def test_a_painting_is_the_same_picture_in_parts_and_as_a_whole() -> None:
    painting = Snapshot(size=Size(30, 700), sheets=(_filled("red", QRect(3, 200, 20, 400)),))
    assert flat_digest(painting) == flat_picture(painting).digest


@pytest.mark.parametrize("mark", Mark)
@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif"])
def test_pictures_say_which_mark_they_bear(tmp_path: Path, suffix: str, mark: Mark) -> None:
    path = tmp_path / f"a{suffix}"
    write_picture(path, gradient(), mark=mark)
    assert mark_in_file(path) is mark
    write_picture(path, gradient())
    assert mark_in_file(path) is None


def test_a_picture_with_settings_bears_a_mark_although_nobody_wrote_it(tmp_path: Path) -> None:
    texts = PngInfo()
    texts.add_text("parameters", f"a fox\nSteps: 20, Sampler: Euler a, Seed: {RECIPE.seed}")
    Image.new("RGB", (2, 2)).save(tmp_path / "a.png", pnginfo=texts)
    assert mark_in_file(tmp_path / "a.png") is Mark.COMPOSITE


def test_a_mark_that_another_program_compressed_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    packet = mark_packet(Mark.GENERATED).decode()
    for text, mark in ((packet, Mark.GENERATED), (" " * MAX_PACKET + packet, None)):
        texts = PngInfo()
        texts.add_itxt(png.XMP, text, zip=True)
        Image.new("RGB", (2, 2)).save(path, pnginfo=texts)
        assert mark_in_file(path) is mark


def test_a_photoshop_file_brings_its_mark_to_all_of_its_layers(tmp_path: Path) -> None:
    path, painting = tmp_path / "a.psd", _painting(PAPER, _group(MADE, DOT))
    write_psd(path, painting, 300.0, mark_packet(Mark.COMPOSITE))
    back = read_psd(path).snapshot
    assert _marks(back.sheets) == [True, True, [True, True]]
    assert mark_of(back) is Mark.COMPOSITE
    write_psd(path, painting, 300.0)
    assert _marks(read_psd(path).snapshot.sheets) == [False, False, [False, False]]


def _merged(path: Path) -> Image.Image:
    with zipfile.ZipFile(path) as archive:
        return Image.open(io.BytesIO(archive.read("mergedimage.png")))


def test_the_merged_picture_of_a_document_bears_the_mark(tmp_path: Path) -> None:
    path = tmp_path / "a.ora"
    for sheets, mark in (((PAPER, MADE), Mark.GENERATED), ((MADE, DOT), Mark.COMPOSITE)):
        write_openraster(path, _painting(*sheets))
        packet = _merged(path).info[png.XMP]
        assert packet == mark_packet(mark).decode()
        flat = flat_picture(_painting(*sheets))
        assert _merged(path).convert("RGBA").tobytes() == flat.rgba
        assert read_openraster(path).snapshot.sheets[-1].props == sheets[-1].props
    write_openraster(path, _painting(PAPER))
    assert png.XMP not in _merged(path).info


def _rewritten(path: Path, own: bytes | None) -> None:
    """The same document with other data of ours, or none."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist() if name != MEMBER}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in (members | ({} if own is None else {MEMBER: own})).items():
            archive.writestr(name, data)


def test_a_document_of_which_only_the_whole_is_known_has_all_its_layers_marked(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.ora"
    for own in (None, b"{", json.dumps({"layers": [{}] * 3}).encode()):
        write_openraster(path, _painting(PAPER, MADE))
        _rewritten(path, own)
        assert _marks(read_openraster(path).snapshot.sheets) == [True, True]
    write_openraster(path, _painting(PAPER, PAPER))
    for flags, expected in (({"generated": True}, True), ({}, False)):
        _rewritten(path, json.dumps({"layers": [{}, {}, flags]}).encode())
        assert _marks(read_openraster(path).snapshot.sheets) == [expected] * 2


def test_a_merged_picture_that_cannot_be_read_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.ora"
    write_openraster(path, _painting(PAPER, MADE))
    _rewritten(path, None)
    data = bytearray(path.read_bytes())
    data[data.rindex(b"mergedimage.png") - 38] |= 1  # in the list of members: it is encrypted
    path.write_bytes(data)
    assert _marks(read_openraster(path).snapshot.sheets) == [False, False]


def test_a_packet_behind_the_header_leaves_the_checksums_right() -> None:
    out = io.BytesIO()
    Image.new("RGB", (2, 2)).save(out, "PNG")
    data = png.with_xmp(out.getvalue(), b"<x/>")
    kinds = [kind for kind, _ in png.chunks(data)]
    assert kinds[:2] == [b"IHDR", b"iTXt"]
    for _, chunk in png.chunks(data):
        assert zlib.crc32(chunk[4:-4]) == int.from_bytes(chunk[-4:])
    assert png.text(data, png.XMP, 100) == "<x/>"
