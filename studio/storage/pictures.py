"""Picture files, read and written."""

import errno
import io
from pathlib import Path
from typing import Any

from PIL import Image

from studio.core.blank import sound_dpi
from studio.core.errors import UserError
from studio.core.picture import Picture, Size, StrengthMap
from studio.core.recipe import Recipe
from studio.storage.atomic import write_atomic
from studio.storage.colour import srgb_profile, to_srgb, to_strength
from studio.storage.decoding import damage_told, decode
from studio.storage.files import unwritable
from studio.storage.metadata import (
    exif_comment,
    jpeg_xmp,
    mark_packet,
    mark_texts,
    png_texts,
    xmp_packet,
)
from studio.storage.tiff import encode_tiff

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff")
"""The endings of file names that can be written."""

JPEG_SUFFIXES = (".jpg", ".jpeg")

PNG_LEVEL = 1
"""Of zlib: level 6 takes four to five times as long for a file a seventh to a fifth smaller."""

JPEG_QUALITY = 95
"""Of Pillow's 100; beyond it files grow and pictures do not."""

_WEBP_EFFORT = {"method": 1, "quality": 20}  # 4 s for 16 megapixels; Pillow's own takes 34

MAX_WEBP_SIDE = 16_383
"""Pixels; the format has 14 bits for a side."""


def read_picture(path: Path) -> Picture:
    """The picture in a PNG, JPEG, WebP, TIFF, BMP or GIF file (its first frame).

    It is turned upright as its EXIF orientation asks, and converted to 8-bit sRGB. Raises
    UserError where the file cannot be read; see `decode`.
    """
    return read_scan(path)[0]


def read_scan(path: Path) -> tuple[Picture, float | None]:
    """As `read_picture`; and how many pixels make an inch of paper, if the file says so."""
    image = decode(path)
    with damage_told(path):
        return Picture(Size(*image.size), to_srgb(image).tobytes()), _dpi(image)


def read_map(path: Path) -> StrengthMap:
    """A strength map from a picture file: white is full strength, alpha multiplies it.

    Raises UserError as `read_picture` does.
    """
    image = decode(path)
    with damage_told(path):
        return StrengthMap(Size(*image.size), to_strength(image).tobytes())


def write_picture(
    path: Path,
    picture: Picture,
    recipe: Recipe | None = None,
    dpi: float | None = None,
    *,
    generated: bool = False,
) -> None:
    """Write a PNG, JPEG, WebP or TIFF file, as the name's suffix says, with the recipe inside.

    It says that its colours are sRGB and, but for WebP, how many pixels make an inch of paper,
    if `dpi` does. Without a recipe, `generated` says that a model had a part in it. All but JPEG
    keep every pixel; JPEG lies on white. Raises UserError for other suffixes, and where the file
    cannot be written; what was there before is then untouched.
    """
    check_writable(path)
    match path.suffix.lower():
        case ".png":
            data = encode_png(picture, recipe, generated=generated, **_marks(dpi))
        case ".jpg" | ".jpeg":
            data = _encode_jpeg(picture, recipe, generated, **_marks(dpi))
        case ".webp":
            data = _encode_webp(picture, recipe, generated)
        case _:
            data = encode_tiff(picture, dpi, srgb_profile(), _xmp(recipe, generated))
    write_atomic(path, data)


def check_writable(path: Path) -> None:
    """Raise UserError where `write_picture` is sure to: before hours of work are put into it."""
    if path.suffix.lower() not in SUFFIXES:
        raise UserError(
            f"'{path.name}' does not say which kind of file to write.",
            f"Give it a name that ends in {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}.",
        )
    try:
        if not path.absolute().parent.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, "is not a folder")
    except OSError as error:
        raise unwritable(path.absolute(), error) from error


def encode_png(
    picture: Picture, recipe: Recipe | None = None, *, generated: bool = False, **marks: Any
) -> bytes:
    """The picture as a PNG file: 8-bit RGBA, exact, with the recipe inside.

    `marks` are further ones, as Pillow takes them.
    """
    texts = mark_texts() if generated else None
    if recipe:
        texts = png_texts(recipe)
    return _encoded(_image(picture), "PNG", compress_level=PNG_LEVEL, pnginfo=texts, **marks)


def thumbnail(picture: Picture, side: int) -> bytes:
    """The picture on white as a JPEG file, no side above `side` pixels and never enlarged."""
    image = _image(picture)
    image.thumbnail((side, side))
    return _encoded(_on_white(image), "JPEG", quality=85)


def _marks(dpi: float | None) -> dict[str, Any]:
    marks: dict[str, Any] = {"icc_profile": srgb_profile()}
    return marks if dpi is None else marks | {"dpi": (dpi, dpi)}


def _dpi(image: Image.Image) -> float | None:
    """What the file says, if it makes sense; where both ways differ, the one across."""
    try:
        return sound_dpi(float(image.info["dpi"][0]))
    except (LookupError, TypeError, ValueError, ArithmeticError):
        return None


def _xmp(recipe: Recipe | None, generated: bool) -> bytes:
    if recipe:
        return xmp_packet(recipe, with_recipe=True).encode("utf-8")
    return mark_packet() if generated else b""


def _encode_jpeg(picture: Picture, recipe: Recipe | None, generated: bool, **marks: Any) -> bytes:
    if recipe:
        marks |= {"exif": exif_comment(recipe), "xmp": jpeg_xmp(recipe)}
    elif generated:
        marks["xmp"] = mark_packet()
    image = _on_white(_image(picture))
    return _encoded(image, "JPEG", quality=JPEG_QUALITY, subsampling="4:4:4", **marks)


def _encode_webp(picture: Picture, recipe: Recipe | None, generated: bool) -> bytes:
    if max(picture.size.width, picture.size.height) > MAX_WEBP_SIDE:
        raise UserError(
            f"A picture of {picture.size} is too large for a WebP file.", "Save it as PNG."
        )
    marks: dict[str, Any] = {"icc_profile": srgb_profile(), "xmp": _xmp(recipe, generated)}
    if recipe:
        marks["exif"] = exif_comment(recipe)
    # `exact` keeps colours that cannot be seen, too.
    return _encoded(_image(picture), "WEBP", lossless=True, exact=True, **_WEBP_EFFORT, **marks)


def _encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def _image(picture: Picture) -> Image.Image:
    """The pixels as a Pillow image, which shares them."""
    size = (picture.size.width, picture.size.height)
    return Image.frombuffer("RGBA", size, picture.rgba, "raw", "RGBA", 0, 1)


def _on_white(image: Image.Image) -> Image.Image:
    """Flattened. `Image.alpha_composite` would hold the interpreter lock all the while."""
    white = Image.new("RGB", image.size, "white")
    white.paste(image, mask=image.getchannel("A"))
    return white
