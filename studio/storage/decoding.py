"""Picture files from strangers, opened within limits."""

import io
import logging
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import ExifTags, Image, ImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from studio.core.errors import UserError
from studio.core.picture import MAX_SIDE
from studio.storage import png
from studio.storage.files import read_bounded

MAX_BYTES = 512 * 10**6
MAX_PIXELS = 128 * 2**20
"""As many as 16,384 x 8,192; decoded they take 512 MiB."""

_PLUGINS: tuple[tuple[bytes, type[ImageFile.ImageFile]], ...] = (
    (png.SIGNATURE, PngImageFile),
    (b"\xff\xd8\xff", JpegImageFile),
    (b"RIFF", WebPImageFile),
    (b"II*\0", TiffImageFile),
    (b"MM\0*", TiffImageFile),
    (b"BM", BmpImageFile),
    (b"GIF87a", GifImageFile),
    (b"GIF89a", GifImageFile),
)

# What Pillow's decoders raise on damaged files.
_DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    EOFError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What undoes each EXIF orientation."""

log = logging.getLogger(__name__)


def decode(path: Path) -> Image.Image:
    """The (first) picture in a file, upright, in the mode that the file has it in.

    Raises UserError if the file is missing, too large in bytes or pixels, damaged, cut short, or
    not PNG, JPEG, WebP, TIFF, BMP or GIF. Pixels are decoded only after their number was found
    acceptable.
    """
    data = read_bounded(path, MAX_BYTES)
    image = open_header(path, data)
    with damage_told(path):
        if isinstance(image, PngImageFile):
            png.check_complete(data)
        image.load()
        if image.mode in ("I", "F"):
            raise UserError(
                f"'{path.name}' has 32-bit pixels, which cannot be shown as they are.",
                "Save it with 8 or 16 bits per channel first.",
            )
        turn = _UPRIGHT.get(_orientation(image))
        return image if turn is None else image.transpose(turn)


def open_header(path: Path, data: bytes) -> ImageFile.ImageFile:
    """The picture in `data`, not decoded yet; `path` names it in errors. Raises as `decode` does.

    The decoders are called directly: `Image.open` would warn about sizes that we allow, before
    anybody could look at the size.
    """
    plugin = next((plugin for magic, plugin in _PLUGINS if data.startswith(magic)), None)
    if plugin is None:
        raise UserError(
            f"'{path.name}' is not a picture that can be opened.",
            "Choose a PNG, JPEG, WebP, TIFF, BMP or GIF file.",
        )
    with damage_told(path):
        image = plugin(io.BytesIO(png.only_pixels(data) if plugin is PngImageFile else data))
    width, height = image.size
    if max(width, height) > MAX_SIDE or width * height > MAX_PIXELS:
        raise _too_large(path, f"{width}x{height} pixels")
    return image


@contextmanager
def damage_told(path: Path) -> Iterator[None]:
    """Turn what decoders raise on bad data into one UserError about the file."""
    try:
        yield
    except Image.DecompressionBombError as error:
        raise _too_large(path, "too many pixels") from error
    except MemoryError as error:
        raise UserError(f"There is not enough memory for '{path.name}'.") from error
    except _DAMAGE as error:
        raise UserError(
            f"'{path.name}' cannot be read as a picture.",
            "It is damaged, or of a kind that is not supported.",
        ) from error


def _too_large(path: Path, what: str) -> UserError:
    return UserError(
        f"'{path.name}' is too large to open: it has {what}.",
        f"The most is {MAX_SIDE} pixels a side and {MAX_PIXELS // 2**20} megapixels in all.",
    )


def _orientation(image: Image.Image) -> int:
    try:
        found = image.getexif().get(ExifTags.Base.Orientation)
    except (SyntaxError, ValueError, TypeError, LookupError, struct.error) as error:
        # The pixels are sound: a picture that lies on its side is better than none.
        log.warning("The EXIF data of a picture is damaged: %r", error)
        return 1
    return found if isinstance(found, int) else 1
