"""A layer's tiles as a PNG file, and a PNG file from a stranger as tiles."""

from pathlib import Path

from PIL import Image
from PySide6.QtCore import QBuffer, QIODevice, QPoint, QRect, QSize
from PySide6.QtGui import QImage, QImageWriter, QPainter

from studio.core.picture import MAX_SIDE
from studio.paint.tiles import TILE, TILE_FORMAT, Tiles, blank_tile, keys_in, tile_rect
from studio.storage import png
from studio.storage.colour import ToSrgb
from studio.storage.decoding import MAX_PIXELS, damage_told, open_header
from studio.storage.layer_budget import LayerBudget
from studio.storage.png_bands import decode_bands, encode_bands, size_of

DECODED_PER_BYTE = 256
"""Pixels; not even blank layers have more."""

_PNG_COMPRESSION = 12
"""Of Qt's 100; it becomes zlib's level 1. Level 2 takes a third longer for 3 % less."""


def encode_image(image: QImage) -> memoryview:
    """An image as a PNG file: 8-bit RGBA, straight alpha. Lets other threads run meanwhile.

    Premultiplied pixels come back exactly when they are read and multiplied again.
    """
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QImageWriter(buffer, b"png")
    writer.setCompression(_PNG_COMPRESSION)
    if not writer.write(image):
        raise MemoryError(writer.errorString())
    return memoryview(buffer.data())  # type: ignore[arg-type]  # it is a buffer; the stubs don't know


def encode_tiles(tiles: Tiles) -> tuple[QPoint, memoryview]:
    """What is painted on a layer, trimmed, as a PNG file; and where its top left pixel lies.

    A layer without paint becomes one transparent pixel, for there is no smaller picture. Colours
    of fully transparent pixels are lost.
    """
    rect = painted(tiles) or QRect(0, 0, 1, 1)
    if rect.width() * rect.height() <= MAX_PIXELS:
        return rect.topLeft(), encode_image(tiles_image(tiles, rect))
    images = (tiles_image(tiles, band) for band in bands(rect))
    return rect.topLeft(), memoryview(encode_bands(rect.size(), images))


def tiles_image(tiles: Tiles, rect: QRect) -> QImage:
    """What lies in a rectangle, as one image, transparent where there are no tiles."""
    image, blank = QImage(rect.size(), TILE_FORMAT), blank_tile()
    with QPainter(image) as painter:
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
        # Tile by tile, for to fill a large image in one call stops every other thread.
        for key in keys_in(rect):
            place = tile_rect(key).topLeft() - rect.topLeft()
            painter.drawImage(place, tiles.get(key) or blank)
    return image


def painted(tiles: Tiles) -> QRect:
    """The smallest rectangle around all pixels that are not fully transparent; null without."""
    rect = QRect()
    for key in tiles.keys():  # noqa: SIM118
        tile = tiles.get(key)
        assert tile is not None  # it was among the keys
        alpha = tile.convertToFormat(QImage.Format.Format_Alpha8)
        bits = bytes(alpha.constBits())
        seen = Image.frombuffer("L", (TILE, TILE), bits, "raw", "L", 0, 1).getbbox()
        if seen is not None:
            left, top, right, bottom = seen
            inside = QRect(left, top, right - left, bottom - top)
            rect = rect.united(inside.translated(tile_rect(key).topLeft()))
    return rect


class LayerReader:
    """Reads the layers of one document, as long as they fit into what is allowed together."""

    def __init__(self, path: Path) -> None:
        """`path` names the document in errors."""
        self._path = path
        self._budget = LayerBudget(path, DECODED_PER_BYTE)

    def read(self, data: bytes, corner: QPoint, *, again: bool = False) -> Tiles:
        """The tiles of a PNG file whose top left pixel lies at `corner`.

        `again`: the same file was read before, and earns no further pixels. Colours become 8-bit
        sRGB, as in `read_picture`. Raises UserError if it is damaged, not PNG, or too much.
        """
        if not data.startswith(png.SIGNATURE):
            raise ValueError("a layer is not PNG")
        size, packed = size_of(data), 0 if again else len(data)
        if size.width() * size.height() > MAX_PIXELS:
            return self._read_bands(data, QRect(corner, size), packed)
        image = open_header(self._path, data)
        self._budget.decode(QRect(corner, QSize(*image.size)), packed)
        tiles = Tiles()
        with damage_told(self._path):
            png.check_complete(data)
            image.load()
            to_srgb = ToSrgb(image.info.get("icc_profile"))
            for band in bands(QRect(corner, QSize(*image.size))):
                left, top = band.left() - corner.x(), band.top() - corner.y()
                part = image.crop((left, top, left + band.width(), top + band.height()))
                self._budget.keep(tiles, band_tiles(to_srgb(part), band))
        return tiles

    def _read_bands(self, data: bytes, rect: QRect, packed: int) -> Tiles:
        """The tiles of a PNG file that is too large for other decoders."""
        self._budget.decode(rect, packed)
        if max(rect.width(), rect.height()) > MAX_SIDE:
            raise self._budget.exceeded()
        tiles = Tiles()
        parts = bands(rect)
        images = decode_bands(data, [part.height() for part in parts])
        for part, image in zip(parts, images, strict=True):
            self._budget.keep(tiles, Tiles.from_image(image, part.topLeft()))
        return tiles


def bands(rect: QRect) -> list[QRect]:
    """The rectangle cut where rows of tiles meet."""
    column = rect.left() // TILE
    rows = {row for _, row in keys_in(QRect(rect.left(), rect.top(), 1, rect.height()))}
    cuts = (
        QRect(rect.left(), tile_rect((column, row)).top(), rect.width(), TILE)
        for row in sorted(rows)
    )
    return [cut.intersected(rect) for cut in cuts]


def band_tiles(image: Image.Image, band: QRect) -> Tiles:
    """The tiles of an image of mode RGBA that lies at `band`, whose size it has."""
    pixels = QImage(
        image.tobytes(),
        band.width(),
        band.height(),
        4 * band.width(),
        QImage.Format.Format_RGBA8888,
    )
    return Tiles.from_image(pixels, band.topLeft())
