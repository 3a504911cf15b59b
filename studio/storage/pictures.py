"""Picture files, read and written."""

import errno
import io
from pathlib import Path
from typing import Any

from PIL import Image

from studio.core.errors import UserError
from studio.core.picture import Picture, Size, StrengthMap
from studio.core.recipe import Recipe
from studio.storage.atomic import write_atomic
from studio.storage.colour import to_srgb, to_strength
from studio.storage.decoding import damage_told, decode
from studio.storage.files import unwritable
from studio.storage.metadata import exif_comment, jpeg_xmp, png_texts, xmp_packet

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
"""The endings of file names that can be written."""

PNG_LEVEL = 1
"""Of zlib: level 6 takes four to five times as long for a file a seventh to a fifth smaller."""

MAX_WEBP_SIDE = 16_383
"""Pixels; the format has 14 bits for a side."""


def read_picture(path: Path) -> Picture:
    """The picture in a PNG, JPEG, WebP, TIFF, BMP or GIF file (its first frame).

    It is turned upright as its EXIF orientation asks, and converted to 8-bit sRGB. Raises
    UserError where the file cannot be read; see `decode`.
    """
    image = decode(path)
    with damage_told(path):
        return Picture(Size(*image.size), to_srgb(image).tobytes())


def read_map(path: Path) -> StrengthMap:
    """A strength map from a picture file: white is full strength, alpha multiplies it.

    Raises UserError as `read_picture` does.
    """
    image = decode(path)
    with damage_told(path):
        return StrengthMap(Size(*image.size), to_strength(image).tobytes())


def write_picture(path: Path, picture: Picture, recipe: Recipe | None = None) -> None:
    """Write a PNG, JPEG or WebP file, as the name's suffix says, with the recipe inside.

    PNG keeps every pixel; JPEG lies on white. Raises UserError for other suffixes, and where the
    file cannot be written; what was there before is then untouched.
    """
    check_writable(path)
    match path.suffix.lower():
        case ".png":
            data = encode_png(picture, recipe)
        case ".jpg" | ".jpeg":
            data = _encode_jpeg(picture, recipe)
        case _:
            data = _encode_webp(picture, recipe)
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


def encode_png(picture: Picture, recipe: Recipe | None = None) -> bytes:
    """The picture as a PNG file: 8-bit RGBA, exact, with the recipe inside."""
    texts = png_texts(recipe) if recipe else None
    return _encoded(_image(picture), "PNG", compress_level=PNG_LEVEL, pnginfo=texts)


def thumbnail(picture: Picture, side: int) -> bytes:
    """The picture on white as a JPEG file, no side above `side` pixels and never enlarged."""
    image = _image(picture)
    image.thumbnail((side, side))
    return _encoded(_on_white(image), "JPEG", quality=85)


def _encode_jpeg(picture: Picture, recipe: Recipe | None) -> bytes:
    marks = {"exif": exif_comment(recipe), "xmp": jpeg_xmp(recipe)} if recipe else {}
    image = _on_white(_image(picture))
    return _encoded(image, "JPEG", quality=95, subsampling="4:4:4", **marks)


def _encode_webp(picture: Picture, recipe: Recipe | None) -> bytes:
    if max(picture.size.width, picture.size.height) > MAX_WEBP_SIDE:
        raise UserError(
            f"A picture of {picture.size} is too large for a WebP file.", "Save it as PNG."
        )
    marks = {}
    if recipe:
        xmp = xmp_packet(recipe, with_recipe=True).encode("utf-8")
        marks = {"exif": exif_comment(recipe), "xmp": xmp}
    return _encoded(_image(picture), "WEBP", quality=90, **marks)


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
