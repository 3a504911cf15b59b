"""Pixels that belong together: what a bucket fills and a wand selects.

It may run beside the window: no single step of it holds the interpreter's lock for long.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRect, QSize
from PySide6.QtGui import QImage

from studio.paint.noise import MASK_FORMAT
from studio.paint.selection import Selection
from studio.paint.tiles import TILE, TILE_FORMAT, TileKey

MAX_GAP = 64
"""Pixels: the widest opening in a line that can count as closed."""

Pixels = Callable[[QRect], QImage]
"""Gives an area's pixels, 8-bit ARGB premultiplied."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """What counts as one region.

    `tolerance` is how far each of red, green, blue and alpha (8-bit, premultiplied) may be off,
    0 .. 255. Contiguous regions hang together along edges; openings up to `gap` pixels wide,
    0 .. MAX_GAP, are closed to them.
    """

    tolerance: int = 24
    contiguous: bool = True
    gap: int = 4
    all_layers: bool = True  # look at all of them, or at the active one alone


def region_like(pixels: Pixels, size: QSize, seed: QPoint, likeness: Likeness) -> Selection:
    """The pixels of a picture whose colour is close to the one at `seed`, each fully.

    Raises ValueError if the seed is outside.
    """
    if not QRect(QPoint(), size).contains(seed):
        raise ValueError("there is no pixel at the seed")
    sheet = _Sheet(size.width(), size.height())
    tables = [
        bytes(int(abs(value - wanted) > likeness.tolerance) for value in range(256))
        for wanted in _bytes_of(pixels(QRect(seed, QSize(1, 1))))
    ]
    alike = bytearray()
    for top, bottom in sheet.bands():
        alike += _alike(pixels(QRect(0, top, sheet.width, bottom - top)), tables)
    if likeness.contiguous:
        alike = _reached(alike, sheet, seed, likeness.gap)
    return _selection(alike, sheet)


_TO_MASK = bytes([0]) + bytes([255]) * 255
_SWAPPED = bytes([1, 0]) + bytes(254)


@dataclass(frozen=True, slots=True)
class _Sheet:
    """The form of a sheet of one byte a pixel, 0 or 1, row by row without gaps."""

    width: int
    height: int

    def bands(self) -> Iterator[tuple[int, int]]:
        """Rows, from the first to the one after the last, a row of tiles each."""
        for top in range(0, self.height, TILE):
            yield top, min(self.height, top + TILE)


def _bytes_of(image: QImage) -> bytes:
    packed = image.convertToFormat(TILE_FORMAT)  # named, because its bits do not keep it alive
    return bytes(packed.constBits())


def _alike(image: QImage, tables: list[bytes]) -> bytes:
    """1 where all four channels are close."""
    data = _bytes_of(image)
    off = 0
    for channel, table in enumerate(tables):
        off |= int.from_bytes(data[channel::4].translate(table), "little")
    return off.to_bytes(len(data) // 4, "little").translate(_SWAPPED)


def _selection(values: bytearray, sheet: _Sheet) -> Selection:
    tiles: dict[TileKey, QImage] = {}
    for top, bottom in sheet.bands():
        rows = bytes(values[top * sheet.width : bottom * sheet.width]).translate(_TO_MASK)
        mask = QImage(rows, sheet.width, bottom - top, sheet.width, MASK_FORMAT)
        tiles.update(Selection.of_mask(mask, QPoint(0, top)).tiles)
    return Selection(tiles)


def _reached(alike: bytearray, sheet: _Sheet, seed: QPoint, gap: int) -> bytearray:
    reach = (min(gap, MAX_GAP) + 1) // 2
    if reach:
        free = bytearray()  # only pixels that are `reach` away from any that is not alike
        for top, bottom in sheet.bands():
            grown = _dilated(alike, sheet, top, bottom, reach, _SWAPPED)
            free += grown.translate(_SWAPPED)
        if free[seed.y() * sheet.width + seed.x()]:
            core = _flooded(free, sheet, seed)
            return _grown_within(core, alike, sheet, reach)
    return _flooded(alike, sheet, seed)


def _flooded(alike: bytearray, sheet: _Sheet, seed: QPoint) -> bytearray:
    """What can be reached from the seed, one run of a row at a time; `alike` stays as it is."""
    width, height = sheet.width, sheet.height
    open_ = bytearray(alike)
    done = bytearray(len(alike))
    waiting = [(seed.x(), seed.y())]
    while waiting:
        x, y = waiting.pop()
        row = y * width
        if not open_[row + x]:
            continue
        left = open_.rfind(0, row, row + x) + 1 or row
        right = open_.find(0, row + x, row + width)
        right = row + width if right < 0 else right
        open_[left:right] = bytes(right - left)
        done[left:right] = b"\1" * (right - left)
        for other in (y - 1, y + 1):
            if 0 <= other < height:
                by = (other - y) * width
                _push_runs(open_, left + by, right + by, other, width, waiting)
    return done


def _push_runs(
    open_: bytearray, start: int, end: int, y: int, width: int, waiting: list[tuple[int, int]]
) -> None:
    """Note the beginning of every run of open pixels between two places of row `y`."""
    at = open_.find(1, start, end)
    while at >= 0:
        waiting.append((at - y * width, y))
        wall = open_.find(0, at, end)
        at = open_.find(1, wall, end) if wall >= 0 else -1


def _grown_within(core: bytearray, alike: bytearray, sheet: _Sheet, reach: int) -> bytearray:
    inside = bytearray()
    for top, bottom in sheet.bands():
        start, end = top * sheet.width, bottom * sheet.width
        grown = int.from_bytes(_dilated(core, sheet, top, bottom, reach), "little")
        grown &= int.from_bytes(alike[start:end], "little")
        inside += grown.to_bytes(end - start, "little")
    return inside


def _dilated(
    values: bytearray,
    sheet: _Sheet,
    top: int,
    bottom: int,
    reach: int,
    table: bytes | None = None,
) -> bytes:
    """Ones spread by `reach` pixels in a square, in the rows from `top` to before `bottom`.

    All rows are one large number, whose shifts are moves. `table` translates the values first.
    """
    width = sheet.width
    first, last = max(0, top - reach), min(sheet.height, bottom + reach)
    pad = width + reach  # columns of zeros keep the rows apart
    rows = (bytes(values[y * width : (y + 1) * width]) for y in range(first, last))
    joined = b"".join((row.translate(table) if table else row) + bytes(reach) for row in rows)
    number = int.from_bytes(joined, "little")
    for unit in (8, 8 * pad):
        done, step = 0, 1
        while done < reach:
            step = min(step, reach - done)
            number |= (number << (unit * step)) | (number >> (unit * step))
            done, step = done + step, step * 2
    number &= (1 << (8 * len(joined))) - 1
    spread = number.to_bytes(len(joined), "little")
    return b"".join(spread[y * pad : y * pad + width] for y in range(top - first, bottom - first))
