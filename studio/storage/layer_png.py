"""A layer's tiles as a PNG file, and a PNG file from a stranger as tiles."""

from pathlib import Path

from PIL import Image
from PySide6.QtCore import QBuffer, QIODevice, QPoint, QRect, QSize
from PySide6.QtGui import QImage, QImageWriter, QPainter

from studio.core.errors import UserError
from studio.core.picture import MAX_SIDE
from studio.paint.tiles import TILE, TILE_FORMAT, TileKey, Tiles, blank_tile, keys_in, tile_rect
from studio.storage import png
from studio.storage.colour import to_srgb
from studio.storage.decoding import MAX_PIXELS, damage_told, open_header
from studio.storage.png_bands import decode_bands, encode_bands, size_of

MAX_DECODED = 2**31
"""Pixels in all layers of a document together, seen or not: 128 layers of 4096x4096."""

DECODED = 2**28
DECODED_PER_BYTE = 256
"""Pixels that may be decoded of a small file, and further ones for every byte of the file. Not
even blank layers have more, unless the same ones are named again and again."""

KEPT = 2**27
KEPT_PER_BYTE = 8
"""The same for pixels of tiles that are neither blank nor there twice. Paintings have fewer; a
small file that has more was made to fill the memory."""

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
        return rect.topLeft(), encode_image(_image(tiles, rect))
    bands = (_image(tiles, band) for band in _bands(rect))
    return rect.topLeft(), memoryview(encode_bands(rect.size(), bands))


def _image(tiles: Tiles, rect: QRect) -> QImage:
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

    def __init__(self, path: Path, file_size: int) -> None:
        """`path` names the document in errors; the more bytes it has, the more may be in it."""
        self._path = path
        self._decodable = min(MAX_DECODED, DECODED + DECODED_PER_BYTE * file_size)
        self._keepable = KEPT + KEPT_PER_BYTE * file_size

    def read(self, data: bytes, corner: QPoint) -> Tiles:
        """The tiles of a PNG file whose top left pixel lies at `corner`.

        Colours become 8-bit sRGB, as in `read_picture`. Raises UserError if it is damaged, not
        PNG, or too much.
        """
        if not data.startswith(png.SIGNATURE):
            raise ValueError("a layer is not PNG")
        size = size_of(data)
        if size.width() * size.height() > MAX_PIXELS:
            return self._read_bands(data, QRect(corner, size))
        image = open_header(self._path, data)
        self._decodable -= image.width * image.height
        if self._decodable < 0:
            raise self._too_much()
        tiles = Tiles()
        with damage_told(self._path):
            png.check_complete(data)
            image.load()
            for band in _bands(QRect(corner, QSize(*image.size))):
                self._take(tiles, _band(image, corner, band))
        return tiles

    def _read_bands(self, data: bytes, rect: QRect) -> Tiles:
        """The tiles of a PNG file that is too large for other decoders."""
        self._decodable -= rect.width() * rect.height()
        if self._decodable < 0 or max(rect.width(), rect.height()) > MAX_SIDE:
            raise self._too_much()
        tiles = Tiles()
        bands = _bands(rect)
        images = decode_bands(data, [band.height() for band in bands])
        for band, image in zip(bands, images, strict=True):
            self._take(tiles, Tiles.from_image(image, band.topLeft()))
        return tiles

    def _take(self, tiles: Tiles, band: Tiles) -> None:
        """Add a band's tiles; one that equals its neighbour is the same tile, and costs nothing."""
        for key in band.keys():  # noqa: SIM118
            tile = band.get(key)
            twin = next((each for each in _neighbours(tiles, key) if each == tile), None)
            tiles.swap({key: tile if twin is None else twin})
            self._keepable -= TILE * TILE if twin is None else 0
            if self._keepable < 0:
                raise self._too_much()

    def _too_much(self) -> UserError:
        return UserError(
            f"'{self._path.name}' is too large to open: its layers have too many pixels.",
            "Open it in the program that made it, and save it smaller or with fewer layers.",
        )


def _bands(rect: QRect) -> list[QRect]:
    """The rectangle cut where rows of tiles meet."""
    column = rect.left() // TILE
    rows = {row for _, row in keys_in(QRect(rect.left(), rect.top(), 1, rect.height()))}
    cuts = (
        QRect(rect.left(), tile_rect((column, row)).top(), rect.width(), TILE)
        for row in sorted(rows)
    )
    return [cut.intersected(rect) for cut in cuts]


def _band(image: Image.Image, corner: QPoint, band: QRect) -> Tiles:
    left, top = band.left() - corner.x(), band.top() - corner.y()
    part = to_srgb(image.crop((left, top, left + band.width(), top + band.height())))
    rgba = part.tobytes()
    pixels = QImage(
        rgba, band.width(), band.height(), 4 * band.width(), QImage.Format.Format_RGBA8888
    )
    return Tiles.from_image(pixels, band.topLeft())


def _neighbours(tiles: Tiles, key: TileKey) -> list[QImage]:
    column, row = key
    found = (tiles.get((column - 1, row)), tiles.get((column, row - 1)))
    return [tile for tile in found if tile is not None]
