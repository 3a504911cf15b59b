import io
import os
import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from studio.core.errors import UserError
from studio.storage import png
from studio.storage.decoding import MAX_BYTES, decode, open_header
from studio.storage.metadata import read_recipe
from studio.storage.pictures import encode_png, read_map, read_picture
from tests.storage.samples import PILLOW_ALSO_WARNS, RECIPE, gradient


def _file(kind: str, **options: object) -> bytes:
    size = gradient().size
    image = Image.frombytes("RGBA", (size.width, size.height), gradient().rgba).convert("RGB")
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


FILES = {
    "PNG": _file("PNG"),
    "JPEG": _file("JPEG"),
    "progressive JPEG": _file("JPEG", progressive=True),
    "WebP": _file("WEBP"),
    "TIFF": _file("TIFF"),
    "LZW TIFF": _file("TIFF", compression="tiff_lzw"),
    "BMP": _file("BMP"),
    "GIF": _file("GIF"),
}


def _chunk(kind: bytes, content: bytes) -> bytes:
    crc = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", crc)


def _png(width: int, height: int, scanlines: bytes, interlaced: bool = False) -> bytes:
    """A PNG of 8-bit grey."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, interlaced)
    body = _chunk(b"IDAT", zlib.compress(scanlines))
    return png.SIGNATURE + _chunk(b"IHDR", header) + body + _chunk(b"IEND", b"")


@pytest.mark.filterwarnings(PILLOW_ALSO_WARNS)
@pytest.mark.parametrize("kind", FILES)
def test_a_file_cut_short_anywhere_is_refused(tmp_path: Path, kind: str) -> None:
    path, data = tmp_path / "cut", FILES[kind]
    path.write_bytes(data)
    decode(path)
    for tenths in range(10):
        path.write_bytes(data[: len(data) * tenths // 10])
        with pytest.raises(UserError, match="'cut'"):
            decode(path)


def test_missing_rows_in_a_proper_png_are_noticed(tmp_path: Path) -> None:
    path = tmp_path / "short.png"
    path.write_bytes(_png(4, 4, b"\0abcd" * 4))
    assert decode(path).tobytes() == b"abcd" * 4
    path.write_bytes(_png(4, 4, b"\0abcd" * 3))
    with pytest.raises(UserError, match=r"'short\.png' cannot be read"):
        decode(path)


@pytest.mark.parametrize(("width", "height"), [(1, 1), (3, 2), (5, 9), (8, 8), (17, 3)])
def test_interlaced_pngs_are_read_whole(tmp_path: Path, width: int, height: int) -> None:
    # Which of the seven passes each pixel of an 8x8 square belongs to (PNG specification, 8.1).
    order = ["16462646", "77777777", "56565656", "77777777", "36463646", "77777777"]
    order += ["56565656", "77777777"]
    pixels = bytes((x * 31 + y * 17) % 256 for y in range(height) for x in range(width))
    lines = b""
    for step in "1234567":
        for y in range(height):
            row = [pixels[y * width + x] for x in range(width) if order[y % 8][x % 8] == step]
            lines += b"\0" + bytes(row) if row else b""
    path = tmp_path / "interlaced.png"
    path.write_bytes(_png(width, height, lines, interlaced=True))
    assert decode(path).tobytes() == pixels
    path.write_bytes(_png(width, height, lines[:-1], interlaced=True))
    with pytest.raises(UserError):
        decode(path)


@pytest.mark.parametrize("size", [(40_000, 100), (100, 40_000), (16_000, 16_000)])
def test_too_many_pixels_are_refused_from_the_header_alone(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    path = tmp_path / "wide"
    bmp = b"BM" + struct.pack("<IIIIiiHHIIiiII", 0, 0, 54, 40, *size, 1, 24, 0, 0, 0, 0, 0, 0)
    for data in (_png(*size, b""), bmp):  # neither has a single pixel
        path.write_bytes(data)
        for read in (read_picture, read_map, read_recipe):
            with pytest.raises(UserError, match=rf"it has {size[0]}x{size[1]} pixels") as told:
                read(path)
            assert "16384 pixels a side and 128 megapixels" in told.value.remedy


def test_a_large_picture_within_the_limits_opens_without_a_warning(tmp_path: Path) -> None:
    assert open_header(tmp_path, _png(12_000, 9_000, b"")).size == (12_000, 9_000)


def test_too_many_bytes_are_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "huge.png"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)  # sparse: takes no room on disk
    with pytest.raises(UserError, match=r"'huge\.png' is too large to open: it has 512 MB"):
        read_picture(path)


def test_what_is_not_a_picture_file_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="There is no file"):
        read_picture(tmp_path / "none.png")
    with pytest.raises(UserError, match="is a folder"):
        read_picture(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UserError, match="not an ordinary file"):
        read_picture(tmp_path / "pipe")
    for data in (b"", b"%PDF-1.7", b"<svg/>", b"%!PS-Adobe-3.0 EPSF-3.0"):
        (tmp_path / "text.png").write_bytes(data)
        with pytest.raises(UserError, match="not a picture that can be opened"):
            read_picture(tmp_path / "text.png")


def test_compressed_texts_never_reach_the_decoder(tmp_path: Path) -> None:
    bomb = _chunk(b"iTXt", b"bomb\0\1\0\0\0" + zlib.compress(bytes(1_000_000)))
    data = encode_png(gradient(), RECIPE)
    data = data[:33] + bomb * 2_000 + data[33:]
    image = open_header(tmp_path, data)
    image.load()
    assert image.info == {}
    path = tmp_path / "texts.png"
    path.write_bytes(data)
    assert read_picture(path) == gradient()
    assert read_recipe(path) == RECIPE


def test_a_profile_is_inflated_once_however_often_it_is_repeated(tmp_path: Path) -> None:
    profile = _chunk(b"iCCP", b"name\0\0" + zlib.compress(bytes(500_000)))
    data = _png(4, 4, b"\0abcd" * 4)
    data = data[:33] + profile * 2_000 + data[33:]
    assert png.only_pixels(data).count(b"iCCP") == 1
    assert len(open_header(tmp_path, data).info["icc_profile"]) == 500_000


def test_endless_chunks_are_refused(tmp_path: Path) -> None:
    data = _png(4, 4, b"\0abcd" * 4)
    path = tmp_path / "chunks.png"
    path.write_bytes(data[:33] + _chunk(b"IDAT", b"") * (png.MAX_CHUNKS + 1) + data[33:])
    with pytest.raises(UserError, match="cannot be read"):
        read_picture(path)


@pytest.mark.filterwarnings(PILLOW_ALSO_WARNS)
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    kind=st.sampled_from(sorted(FILES)),
    places=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=8),
    early=st.booleans(),
)
def test_damaged_files_give_a_picture_or_a_sentence_and_nothing_else(
    tmp_path: Path, kind: str, places: list[tuple[float, int]], early: bool
) -> None:
    data = bytearray(FILES[kind])
    reach = min(len(data), 100) - 1 if early else len(data) - 1
    for place, value in places:
        data[int(place * reach)] = value
    path = tmp_path / "damaged"
    path.write_bytes(data)
    for read in (read_picture, read_map, read_recipe):
        try:
            read(path)
        except UserError as error:
            assert "'damaged'" in error.problem  # noqa: PT017 - no error is fine, too
