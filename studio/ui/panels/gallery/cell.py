"""What the gallery knows of a picture in sight, and keeps of those that were."""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass

from PySide6.QtGui import QImage

BUDGET = 96 * 2**20
"""Bytes of thumbnails that are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One picture of the library: what is drawn, and what is told about it."""

    id: int
    image: QImage  # null where there is none
    fits: int  # the square, in pixels of the screen, that the image was made to fit into
    title: str = ""  # the prompt
    detail: str = ""  # seed, size and the like
    settings: str = ""  # the others that it was made with
    path: str = ""  # of the file
    starred: bool = False
    sketch: bool = False  # whether the painting that it was made from is kept
    parent: int | None = None  # the picture that it was refined from, say


@dataclass(frozen=True, slots=True)
class Wanted:
    """Pictures that came into sight; their images shall fit into squares of `fits` pixels."""

    ids: tuple[int, ...]
    fits: int


class CellCache:
    """The cells seen last, within a budget of bytes."""

    def __init__(self, budget: int = BUDGET) -> None:
        self._budget = budget
        self._cells: OrderedDict[int, Cell] = OrderedDict()
        self._used = 0

    @property
    def used(self) -> int:
        """Bytes of images held."""
        return self._used

    def get(self, which: int) -> Cell | None:
        """The cell of that picture, if it is held."""
        cell = self._cells.get(which)
        if cell is not None:
            self._cells.move_to_end(which)
        return cell

    def put(self, cell: Cell) -> None:
        """Hold a cell in place of an older one; those not seen for longest go."""
        self.forget((cell.id,))
        self._cells[cell.id] = cell
        self._used += cell.image.sizeInBytes()
        while self._used > self._budget and len(self._cells) > 1:
            _, old = self._cells.popitem(last=False)
            self._used -= old.image.sizeInBytes()

    def forget(self, ids: Iterable[int]) -> None:
        """Let go of cells that are not right any more."""
        for which in ids:
            if (old := self._cells.pop(which, None)) is not None:
                self._used -= old.image.sizeInBytes()

    def clear(self) -> None:
        """Let go of all."""
        self._cells.clear()
        self._used = 0
