"""Pictures that another program gives through the clipboard."""

from pathlib import Path

from PySide6.QtCore import QPoint

from studio.core.picture import Picture, Size
from studio.paint.tiles import Tiles
from studio.storage import png
from studio.storage.colour import to_srgb
from studio.storage.decoding import damage_told, open_header
from studio.storage.layer_png import encode_tiles

_NAME = Path("the picture in the clipboard")


def read_pasted(data: bytes) -> Picture:
    """The picture in a file's bytes, 8-bit sRGB. Raises UserError where it cannot be read."""
    image = open_header(_NAME, data)
    with damage_told(_NAME):
        if data.startswith(png.SIGNATURE):
            png.check_complete(data)
        image.load()
        return Picture(Size(*image.size), to_srgb(image).tobytes())


def write_copied(tiles: Tiles) -> tuple[QPoint, bytes]:
    """Tiles as a PNG file that is trimmed to what is painted, and where that begins."""
    corner, data = encode_tiles(tiles)
    return corner, bytes(data)
