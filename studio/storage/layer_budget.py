"""How many pixels the layers of one document from a stranger may have together."""

from pathlib import Path

from PySide6.QtCore import QRect
from PySide6.QtGui import QImage

from studio.core.errors import UserError
from studio.paint.tiles import TILE, TileKey, Tiles

MAX_DECODED = 2**31
"""Pixels of the tiles that all layers of a document touch, seen or not: 128 layers of 4096x4096."""

DECODED = 2**28
"""Of these, so many may be decoded of a small file."""

KEPT = 2**27
KEPT_PER_BYTE = 8
"""Pixels of tiles that are neither blank nor there twice, of a small file; and further ones for
every byte of pixels. Paintings have fewer; a small file that has more was made to fill the memory.
"""


class LayerBudget:
    """Counts down while the layers of a document are read."""

    def __init__(self, path: Path, decoded_per_byte: int) -> None:
        """`path` names the document in errors.

        `decoded_per_byte`: so many further pixels may be decoded for every byte that pixels take
        in the file; other bytes, which may be padding, do not count.
        """
        self._path = path
        self._decoded_per_byte = decoded_per_byte
        self._decoded = 0
        self._packed = 0
        self._kept = 0

    def decode(self, rect: QRect, packed: int) -> None:
        """Before what lies in `rect` is decoded from `packed` bytes that were not used before.

        A tile costs the same however little of it is painted: thousands of layers that are one
        pixel high would take minutes, if only their pixels counted. Raises UserError where it is
        too much.
        """
        self._decoded += TILE * TILE * _tiles_in(rect)
        self._packed += packed
        if self._decoded > min(MAX_DECODED, DECODED + self._decoded_per_byte * self._packed):
            raise self.exceeded()

    def keep(self, tiles: Tiles, band: Tiles) -> None:
        """Add a band's tiles; one that equals its neighbour is the same tile, and costs nothing.

        Raises UserError where it is too much.
        """
        for key in band.keys():  # noqa: SIM118
            tile = band.get(key)
            twin = next((each for each in _neighbours(tiles, key) if each == tile), None)
            tiles.swap({key: tile if twin is None else twin})
            self._kept += TILE * TILE if twin is None else 0
            if self._kept > KEPT + KEPT_PER_BYTE * self._packed:
                raise self.exceeded()

    def exceeded(self) -> UserError:
        """What to say."""
        return UserError(
            f"'{self._path.name}' is too large to open: its layers have too many pixels.",
            "Open it in the program that made it, and save it smaller or with fewer layers.",
        )


def _tiles_in(rect: QRect) -> int:
    across = rect.right() // TILE - rect.left() // TILE + 1
    down = rect.bottom() // TILE - rect.top() // TILE + 1
    return across * down


def _neighbours(tiles: Tiles, key: TileKey) -> list[QImage]:
    column, row = key
    found = (tiles.get((column - 1, row)), tiles.get((column, row - 1)))
    return [tile for tile in found if tile is not None]
