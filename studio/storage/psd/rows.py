"""Rows of one channel of a Photoshop file: packed, and unpacked some at a time.

Packed rows are PackBits, as in TIFF 6.0, section 9; so TIFF's coder in Pillow does the work.
"""

import io
import struct
import zlib
from collections.abc import Iterable
from typing import BinaryIO, Protocol

from PIL import Image

RAW, PACKED, DEFLATED = 0, 1, 2
"""Ways in which a channel can be stored. A fourth, differences deflated, is of 16 bits and more."""

_ROWS_PER_STRIP = 278
_TIFF_HEAD = 8


class Rows(Protocol):
    """A channel that is read from its top."""

    def read(self, count: int) -> Image.Image:
        """The next rows, `count` of them, as an image of mode L.

        Raises ValueError or zlib.error if they are damaged, or if there are fewer.
        """


class PackedChannel:
    """Gathers the rows of one channel."""

    def __init__(self) -> None:
        self.counts: list[int] = []  # bytes that each row takes
        self._parts: list[bytes] = []

    def add(self, rows: Image.Image) -> None:
        """Add the rows of an image of mode L."""
        out = io.BytesIO()
        # One row a strip: then the lengths of the strips are those of the rows.
        rows.save(out, "TIFF", compression="packbits", tiffinfo={_ROWS_PER_STRIP: 1})
        with Image.open(out, formats=["TIFF"]) as tiff:
            lengths = tiff.tag_v2[279]  # type: ignore[attr-defined]
        self.counts += lengths
        self._parts.append(bytes(out.getbuffer()[_TIFF_HEAD : _TIFF_HEAD + sum(lengths)]))

    @property
    def parts(self) -> Iterable[bytes]:
        """The packed rows, in order."""
        return self._parts

    @property
    def size(self) -> int:
        """Bytes of all packed rows."""
        return sum(self.counts)


class RawRows:
    """Rows as they are, from `at` on in a file."""

    def __init__(self, file: BinaryIO, at: int, length: int, width: int) -> None:
        self._file = file
        self._at = at
        self._end = at + length
        self._width = width

    def read(self, count: int) -> Image.Image:
        """The next rows."""
        rows = _bytes_at(self._file, self._at, count * self._width, self._end)
        self._at += len(rows)
        return Image.frombytes("L", (self._width, count), rows)


class PackedRows:
    """Rows of `width` bytes, packed into `counts` bytes each, from `at` on in a file."""

    def __init__(
        self, file: BinaryIO, at: int, length: int, width: int, counts: tuple[int, ...]
    ) -> None:
        self._file = file
        self._at = at
        self._end = at + length
        self._width = width
        self._counts = counts
        self._row = 0

    def read(self, count: int) -> Image.Image:
        """The next rows."""
        packed = sum(self._counts[self._row : self._row + count])
        data = _bytes_at(self._file, self._at, packed, self._end)
        self._at += packed
        self._row += count
        return Image.frombytes("L", (self._width, count), data, "packbits", "L")


class DeflatedRows:
    """Rows deflated as one stream, from `at` on in a file."""

    def __init__(self, file: BinaryIO, at: int, length: int, width: int) -> None:
        self._data = _bytes_at(file, at, length, at + length)
        self._width = width
        self._inflate = zlib.decompressobj()

    def read(self, count: int) -> Image.Image:
        """The next rows."""
        rows = self._inflate.decompress(self._data, count * self._width)
        self._data = self._inflate.unconsumed_tail
        return Image.frombytes("L", (self._width, count), rows)


def open_channel(file: BinaryIO, at: int, length: int, width: int, height: int) -> Rows:
    """A layer's channel that takes `length` bytes from `at` on; its rows have `width` bytes.

    Raises ValueError where it is damaged, or stored in another way.
    """
    (way,) = struct.unpack(">H", _bytes_at(file, at, 2, at + length))
    at, length = at + 2, length - 2
    if way == RAW:
        return RawRows(file, at, length, width)
    if way == PACKED:
        counts = read_counts(file, at, length, height)
        return PackedRows(file, at + 2 * height, length - 2 * height, width, counts)
    if way == DEFLATED:
        return DeflatedRows(file, at, length, width)
    raise ValueError(f"a channel is stored in way {way}")


def read_counts(file: BinaryIO, at: int, length: int, rows: int) -> tuple[int, ...]:
    """How many bytes each packed row takes, for a table of `rows` at `at`."""
    return struct.unpack(f">{rows}H", _bytes_at(file, at, 2 * rows, at + length))


def _bytes_at(file: BinaryIO, at: int, length: int, end: int) -> bytes:
    if at + length > end:
        raise ValueError("a channel is cut short")
    file.seek(at)
    data = file.read(length)
    if len(data) != length:
        raise ValueError("the file ends inside a channel")
    return data
