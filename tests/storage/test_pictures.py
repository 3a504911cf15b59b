import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from PIL import Image, ImageCms, ImageOps

from studio.core.errors import UserError
from studio.core.picture import Picture, Size
from studio.storage.pictures import (
    check_writable,
    encode_png,
    read_map,
    read_picture,
    read_scan,
    thumbnail,
    write_picture,
)
from tests.storage.samples import PILLOW_ALSO_WARNS, gradient, pictures

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
SWAPPED = SRGB.replace(b"rXYZ", b"tmp!").replace(b"gXYZ", b"rXYZ").replace(b"tmp!", b"gXYZ")
"""A profile in which the channel called red is green, and the other way round."""


def _save(path: Path, image: Image.Image, kind: str = "PNG", **options: object) -> Path:
    image.save(path, kind, **options)
    return path


def _image(picture: Picture) -> Image.Image:
    return Image.frombytes("RGBA", (picture.size.width, picture.size.height), picture.rgba)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(picture=pictures())
def test_png_keeps_every_pixel_even_the_invisible(tmp_path: Path, picture: Picture) -> None:
    path = tmp_path / "a.png"
    write_picture(path, picture)
    assert read_picture(path) == picture


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("BMP", {}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_deflate"}),
        ("WEBP", {"lossless": True}),
        ("PNG", {}),
    ],
)
def test_lossless_formats_are_read_exactly(
    tmp_path: Path, kind: str, options: dict[str, object]
) -> None:
    image = _image(gradient()).convert("RGB")
    picture = read_picture(_save(tmp_path / "a", image, kind, **options))
    assert picture.rgba == image.convert("RGBA").tobytes()


def test_an_animation_gives_its_first_frame(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "lime", "blue")]
    for kind in ("GIF", "PNG", "TIFF", "WEBP"):
        path = _save(
            tmp_path / "a", frames[0], kind, save_all=True, append_images=frames[1:], lossless=True
        )
        assert read_picture(path).rgba == b"\xff\0\0\xff" * 16


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_are_turned_upright(tmp_path: Path, orientation: int) -> None:
    image = _image(gradient(6, 4)).convert("RGB")
    exif = Image.Exif()
    exif[0x0112] = orientation
    for kind in ("PNG", "TIFF", "WEBP"):
        path = _save(tmp_path / "a", image, kind, exif=exif, lossless=True)
        with Image.open(path) as stored:
            upright = ImageOps.exif_transpose(stored).convert("RGBA")
        assert read_picture(path) == Picture(Size(*upright.size), upright.tobytes())


@pytest.mark.filterwarnings(PILLOW_ALSO_WARNS)
@pytest.mark.parametrize("exif", [b"II*\0\xff\xff\xff\xff", b"nonsense", b"II*\0\x08\0\0\0\x01"])
def test_damaged_exif_does_not_cost_the_picture(tmp_path: Path, exif: bytes) -> None:
    image = Image.new("RGB", (2, 1), "red")
    path = _save(tmp_path / "a", image, exif=b"Exif\0\0" + exif)
    assert read_picture(path).size == Size(2, 1)


def test_palettes_grey_and_transparent_colours_become_rgba(tmp_path: Path) -> None:
    palette = Image.new("P", (2, 1))
    palette.putpalette(bytes((10, 20, 30, 40, 50, 60)))
    palette.putpixel((1, 0), 1)
    path = _save(tmp_path / "p", palette, transparency=b"\x80\xff")
    assert read_picture(path).rgba == bytes((10, 20, 30, 128, 40, 50, 60, 255))

    grey = Image.frombytes("LA", (2, 1), bytes((7, 0, 200, 90)))
    assert read_picture(_save(tmp_path / "la", grey)).rgba == bytes((7, 7, 7, 0, 200, 200, 200, 90))

    bits = Image.new("1", (2, 1))
    bits.putpixel((1, 0), 1)
    assert read_picture(_save(tmp_path / "1", bits)).rgba == b"\0\0\0\xff\xff\xff\xff\xff"

    keyed = Image.frombytes("RGB", (2, 1), bytes((1, 2, 3, 4, 5, 6)))
    path = _save(tmp_path / "rgb", keyed, transparency=(4, 5, 6))
    assert read_picture(path).rgba == bytes((1, 2, 3, 255, 4, 5, 6, 0))


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bits_are_rounded_to_eight(tmp_path: Path, kind: str) -> None:
    levels = list(range(0, 65536, 255))
    data = b"".join(level.to_bytes(2, "little") for level in levels)
    path = _save(tmp_path / "a", Image.frombytes("I;16", (len(levels), 1), data), kind)
    grey = read_picture(path).rgba[::4]
    assert all(abs(value - level / 257) <= 0.5 for value, level in zip(grey, levels, strict=True))


def test_cmyk_becomes_the_colours_it_stands_for(tmp_path: Path) -> None:
    image = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    red, green, blue, alpha = read_picture(_save(tmp_path / "a", image, "TIFF")).rgba[:4]
    assert (red, alpha) == (255, 255)
    assert max(green, blue) <= 2
    red, green, blue, _ = read_picture(_save(tmp_path / "b", image, "JPEG", quality=100)).rgba[:4]
    assert red >= 250
    assert max(green, blue) <= 5


def test_32_bit_pixels_are_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="32-bit"):
        read_picture(_save(tmp_path / "a", Image.new("F", (2, 2)), "TIFF"))


def test_colours_are_converted_from_the_embedded_profile(tmp_path: Path) -> None:
    picture = Picture(Size(2, 1), bytes((255, 0, 0, 255, 0, 255, 0, 77)))
    path = _save(tmp_path / "a", _image(picture), icc_profile=SWAPPED)
    first, second = read_picture(path).rgba[:4], read_picture(path).rgba[4:]
    assert first[1] >= 253
    assert max(first[0], first[2]) <= 3
    assert first[3] == 255
    assert second[0] >= 253
    assert second[3] == 77


def test_an_srgb_profile_changes_no_pixel_even_if_its_maker_rounded_otherwise(
    tmp_path: Path,
) -> None:
    picture = gradient()
    red = b"XYZ \0\0\0\0\0\0\x6f"  # the first primary's X is 0x6fa0 / 65536
    other = SRGB.replace(red + b"\xa0", red + b"\xc0")
    assert other != SRGB
    for profile in (SRGB, other):
        assert read_picture(_save(tmp_path / "a", _image(picture), icc_profile=profile)) == picture


@pytest.mark.parametrize("profile", [b"nonsense", SRGB[:200], SRGB.replace(b"RGB ", b"CMYK")])
def test_an_unusable_profile_does_not_cost_the_picture(tmp_path: Path, profile: bytes) -> None:
    picture = gradient()
    assert read_picture(_save(tmp_path / "a", _image(picture), icc_profile=profile)) == picture


def test_a_map_is_lightness_times_alpha_whatever_its_profile(tmp_path: Path) -> None:
    image = Image.frombytes("LA", (4, 1), bytes((255, 255, 0, 255, 255, 100, 128, 128)))
    strength = read_map(_save(tmp_path / "a", image, icc_profile=SWAPPED))
    assert (strength.size, strength.values) == (Size(4, 1), bytes((255, 0, 100, 64)))


def test_jpeg_lies_on_white(tmp_path: Path) -> None:
    path = tmp_path / "a.JPG"
    write_picture(path, Picture(Size(8, 8), bytes((200, 0, 0, 0)) * 64))
    assert path.read_bytes().startswith(b"\xff\xd8\xff")
    assert read_picture(path).rgba == b"\xff" * 256


@pytest.mark.parametrize("name", ["a.webp", "a.tif", "a.TIFF"])
def test_webp_and_tiff_keep_every_pixel(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    wide = gradient(300, 7)
    for picture in (gradient(), wide):
        write_picture(path, picture)
        assert read_picture(path) == picture


def test_a_tiff_of_many_strips_is_read_by_others(tmp_path: Path) -> None:
    picture = Picture(Size(5000, 120), bytes(range(256)) * (5000 * 120 * 4 // 256))
    write_picture(tmp_path / "a.tif", picture)
    with Image.open(tmp_path / "a.tif") as image:
        assert len(image.tag_v2[273]) > 1  # type: ignore[attr-defined]
        assert (image.mode, image.tobytes()) == ("RGBA", picture.rgba)


def test_a_picture_too_wide_for_webp_is_refused_and_the_old_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "a.webp"
    write_picture(path, gradient())
    with pytest.raises(UserError, match="too large for a WebP file"):
        write_picture(path, Picture(Size(16_384, 1), bytes(16_384 * 4)))
    assert read_picture(path).size == gradient().size


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp", "a.tif"])
def test_a_written_picture_says_that_it_is_srgb_and_how_large_it_is(
    tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    write_picture(path, gradient(), dpi=144.0)
    with Image.open(path) as image:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"]))
    assert "sRGB" in ImageCms.getProfileDescription(profile)
    _, dpi = read_scan(path)
    assert dpi == (None if name == "a.webp" else pytest.approx(144.0, abs=0.1))
    first = path.read_bytes()
    write_picture(path, gradient(), dpi=144.0)
    assert path.read_bytes() == first


@pytest.mark.parametrize("name", ["a.bmp", "a", "png"])
def test_an_unknown_suffix_is_refused_and_the_known_ones_are_told(
    tmp_path: Path, name: str
) -> None:
    with pytest.raises(UserError, match=r"\.png, .*\.tif or \.tiff"):
        write_picture(tmp_path / name, gradient())
    assert not any(tmp_path.iterdir())


def test_whether_a_picture_can_be_written_is_known_beforehand(tmp_path: Path) -> None:
    check_writable(tmp_path / "a.PNG")
    for path in (tmp_path / "none" / "a.png", tmp_path / ("n" * 300) / "a.png"):
        for attempt in (check_writable, lambda path: write_picture(path, gradient())):
            with pytest.raises(UserError, match=r"folder|too long"):
                attempt(path)
    assert not any(tmp_path.iterdir())


def test_a_thumbnail_is_a_small_jpeg_on_white_and_never_larger_than_the_picture() -> None:
    wide = Picture(Size(400, 100), bytes(400 * 100 * 4))
    with Image.open(io.BytesIO(thumbnail(wide, 192))) as image:
        assert (image.format, image.size) == ("JPEG", (192, 48))
        assert image.getpixel((5, 5)) == (255, 255, 255)
    for size in (Size(10, 20), Size(16_384, 1)):
        with Image.open(io.BytesIO(thumbnail(Picture(size, bytes(size.pixels * 4)), 192))) as image:
            assert image.size == (min(192, size.width), min(192, size.height))


def test_a_png_is_the_same_bytes_every_time() -> None:
    assert encode_png(gradient()) == encode_png(gradient())
