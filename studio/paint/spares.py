"""Tiles to be painted on whose memory is there already."""

from PySide6.QtGui import QImage

from studio.paint.tiles import TILE_FORMAT, blank_tile
from studio.paint.tip import COVERAGE_FORMAT

MOST = 32
"""Of each kind; together 24 MiB."""


class Spares:
    """Transparent images of TILE x TILE: of a layer's format, and of a stroke's coverage.

    What a program asks for is memory only once it writes there, a page of 4 KiB at a time: where a
    dab comes to four new tiles at once, the pen would wait for hundreds of pages.
    """

    def __init__(self) -> None:
        self._tiles: list[QImage] = []
        self._coverage: list[QImage] = []

    def tile(self) -> QImage:
        """One in TILE_FORMAT; a new one if there are none left."""
        return self._tiles.pop() if self._tiles else blank_tile()

    def coverage(self) -> QImage:
        """One in COVERAGE_FORMAT; a new one if there are none left."""
        if not self._coverage:
            return blank_tile(COVERAGE_FORMAT)
        image = self._coverage.pop()
        image.fill(0)
        return image

    def take_back(self, coverage: list[QImage]) -> None:
        """What nobody else holds, for later."""
        self._coverage += coverage[: MOST - len(self._coverage)]

    def grow(self) -> bool:
        """Make one more; False once there are enough."""
        for kept, form in ((self._tiles, TILE_FORMAT), (self._coverage, COVERAGE_FORMAT)):
            if len(kept) < MOST:
                kept.append(blank_tile(form))
                return True
        return False
