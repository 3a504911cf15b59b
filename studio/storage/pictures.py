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
from studio.storage.content_credentials import signed
from studio.storage.decoding import damage_told, decode
from studio.storage.files import unwritable
from studio.storage.metadata import (
    Mark,
    exif_comment,
    jpeg_xmp,
    mark_of_recipe,
    mark_packet,
    mark_texts,
    png_texts,
    xmp_packet,
)
from studio.storage.signer import Signer
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
    mark: Mark | None = None,
    signer: Signer | None = None,
) -> None:
    """Write a PNG, JPEG, WebP or TIFF file, as the name's suffix says, with the recipe inside.

    It says that its colours are sRGB and, but for WebP, how many pixels make an inch of paper,
    if `dpi` does. Without a recipe, `mark` says what part a model had in it. All but JPEG keep
    every pixel; JPEG lies on white. A `signer` signs it. Raises UserError for other suffixes, and
    where the file cannot be signed or written; what was there before is then untouched.
    """
    check_writable(path)
    match path.suffix.lower():
        case ".png":
            data = encode_png(picture, recipe, mark=mark, **_tags(dpi))
        case ".jpg" | ".jpeg":
            data = _encode_jpeg(picture, recipe, mark, **_tags(dpi))
        case ".webp":
            data = _encode_webp(picture, recipe, mark)
        case _:
            data = encode_tiff(picture, dpi, srgb_profile(), _xmp(recipe, mark))
    if signer:
        data = signed(data, path.name, mark_of_recipe(recipe) if recipe else mark, signer)
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
    picture: Picture, recipe: Recipe | None = None, *, mark: Mark | None = None, **tags: Any
) -> bytes:
    """The picture as a PNG file: 8-bit RGBA, exact, with the recipe or else the mark inside.

    `tags` are further ones, as Pillow takes them.
    """
    texts = mark_texts(mark) if mark else None
    if recipe:
        texts = png_texts(recipe)
    return _encoded(_image(picture), "PNG", compress_level=PNG_LEVEL, pnginfo=texts, **tags)


def thumbnail(picture: Picture, side: int) -> bytes:
    """The picture on white as a JPEG file, no side above `side` pixels and never enlarged."""
    image = _image(picture)
    image.thumbnail((side, side))
    return _encoded(_on_white(image), "JPEG", quality=85)


def _tags(dpi: float | None) -> dict[str, Any]:
    tags: dict[str, Any] = {"icc_profile": srgb_profile()}
    return tags if dpi is None else tags | {"dpi": (dpi, dpi)}


def _dpi(image: Image.Image) -> float | None:
    """What the file says, if it makes sense; where both ways differ, the one across."""
    try:
        return sound_dpi(float(image.info["dpi"][0]))
    except (LookupError, TypeError, ValueError, ArithmeticError):
        return None


def _xmp(recipe: Recipe | None, mark: Mark | None) -> bytes:
    if recipe:
        return xmp_packet(recipe, with_recipe=True).encode("utf-8")
    return mark_packet(mark) if mark else b""


def _encode_jpeg(picture: Picture, recipe: Recipe | None, mark: Mark | None, **tags: Any) -> bytes:
    if recipe:
        tags |= {"exif": exif_comment(recipe), "xmp": jpeg_xmp(recipe)}
    elif mark:
        tags["xmp"] = mark_packet(mark)
    image = _on_white(_image(picture))
    return _encoded(image, "JPEG", quality=JPEG_QUALITY, subsampling="4:4:4", **tags)


def _encode_webp(picture: Picture, recipe: Recipe | None, mark: Mark | None) -> bytes:
    if max(picture.size.width, picture.size.height) > MAX_WEBP_SIDE:
        raise UserError(
            f"A picture of {picture.size} is too large for a WebP file.", "Save it as PNG."
        )
    tags: dict[str, Any] = {"icc_profile": srgb_profile(), "xmp": _xmp(recipe, mark)}
    if recipe:
        tags["exif"] = exif_comment(recipe)
    # `exact` keeps colours that cannot be seen, too.
    return _encoded(_image(picture), "WEBP", lossless=True, exact=True, **_WEBP_EFFORT, **tags)


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
