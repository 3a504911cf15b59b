"""PNG files too large to be held as pixels at once: written and read some rows at a time.

Only what is written here is read here: 8-bit RGBA, not interlaced, no row filtered. Programs with
enough memory read it as any other PNG. Specification: https://www.w3.org/TR/png-3/.
"""

import struct
import zlib
from collections.abc import Iterable, Iterator

from PySide6.QtCore import QSize
from PySide6.QtGui import QImage

from studio.storage.png import SIGNATURE, as_chunk, chunks

_LEVEL = 1  # zlib's
_FORMAT = QImage.Format.Format_RGBA8888
_HEADER = b"\x08\x06\x00\x00\x00"  # 8 bits, RGBA, deflated, the five filters, not interlaced


def size_of(data: bytes) -> QSize:
    """The size that a PNG file's header tells. Raises ValueError if there is no header."""
    kind, header = next(chunks(data))
    if kind != b"IHDR" or len(header) != 25:
        raise ValueError("the header is missing")
    return QSize(*struct.unpack_from(">ii", header, 8))


def encode_bands(size: QSize, bands: Iterable[QImage]) -> bytes:
    """A PNG file of images of any format that lie one below the other and have `size` together."""
    pack = zlib.compressobj(_LEVEL)
    header = struct.pack(">II", size.width(), size.height()) + _HEADER
    parts = [SIGNATURE, as_chunk(b"IHDR", header)]
    for band in bands:
        pixels = band.convertToFormat(_FORMAT)
        view, row = memoryview(pixels.constBits()), 4 * pixels.width()
        rows = (view[at : at + row] for at in range(0, len(view), row))
        packed = pack.compress(b"\0" + b"\0".join(rows))
        if packed:
            parts.append(as_chunk(b"IDAT", packed))
    return b"".join([*parts, as_chunk(b"IDAT", pack.flush()), as_chunk(b"IEND", b"")])


def decode_bands(data: bytes, heights: Iterable[int]) -> Iterator[QImage]:
    """The picture cut into images of these heights, from the top, RGBA8888.

    Raises ValueError or zlib.error if it is damaged or was not written by `encode_bands`.
    """
    width = size_of(data).width()
    if bytes(next(chunks(data))[1][16:21]) != _HEADER:
        raise ValueError("this kind of PNG cannot be read in bands")
    row = 1 + 4 * width
    inflated = _Inflated(data)
    for height in heights:
        rows = memoryview(inflated.read(height * row))
        if any(rows[::row]):
            raise ValueError("a row is filtered")
        pixels = b"".join(rows[at + 1 : at + row] for at in range(0, len(rows), row))
        yield QImage(pixels, width, height, row - 1, _FORMAT).copy()


class _Inflated:
    """The rows of a PNG file, one after another."""

    def __init__(self, data: bytes) -> None:
        self._packed = (chunk[8:-4] for kind, chunk in chunks(data) if kind == b"IDAT")
        self._inflate = zlib.decompressobj()
        self._rest: bytes | memoryview = b""

    def read(self, count: int) -> bytes:
        """The next `count` bytes. Raises ValueError if there are fewer."""
        piece = bytearray()
        while len(piece) < count:
            packed = self._rest or next(self._packed, None)
            if packed is None:
                raise ValueError(f"{count - len(piece)} bytes of pixels are missing")
            piece += self._inflate.decompress(packed, count - len(piece))
            self._rest = self._inflate.unconsumed_tail
        return bytes(piece)
