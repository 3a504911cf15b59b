"""Tiles of the past, packed: what undo keeps takes a fraction of the memory."""

import ctypes
import sys
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from weakref import WeakValueDictionary

from PySide6.QtGui import QImage

from studio.paint.tiles import TILE, TILE_BYTES, TILE_FORMAT, TileKey

_LEVEL = 1  # zlib's; 3 takes no less room, 6 twice as long for 3 % less


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class PackedTile:
    """A tile's pixels, deflated."""

    data: bytes

    def unpack(self) -> QImage:
        """The same pixels as a tile again."""
        return QImage(zlib.decompress(self.data), TILE, TILE, 4 * TILE, TILE_FORMAT).copy()


SomeTile = QImage | PackedTile | None
"""None stands for a tile that is not there: all transparent."""


class Packer:
    """Packs tiles, each only once however many steps of the history hold it."""

    def __init__(self) -> None:
        self._packed: WeakValueDictionary[int, PackedTile] = WeakValueDictionary()

    def pack(self, tile: QImage) -> PackedTile:
        """The tile, packed now or before."""
        packed = self._packed.get(tile.cacheKey())
        if packed is None:
            packed = PackedTile(zlib.compress(tile.constBits(), _LEVEL))
            self._packed[tile.cacheKey()] = packed
        return packed


def unpacked(tiles: Mapping[TileKey, SomeTile]) -> dict[TileKey, QImage | None]:
    """The same tiles, none of them packed."""
    return {
        key: tile.unpack() if isinstance(tile, PackedTile) else tile for key, tile in tiles.items()
    }


def nbytes(tiles: Mapping[TileKey, SomeTile]) -> int:
    """The memory that they take."""
    return sum(
        len(tile.data) if isinstance(tile, PackedTile) else TILE_BYTES
        for tile in tiles.values()
        if tile is not None
    )


def give_memory_back() -> None:
    """Return freed memory to the system: glibc would keep most of it."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # musl has none
        if trim is not None:
            trim(0)
