"""Where the gallery's cells are: a grid that scrolls down, or one row that scrolls sideways."""

from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRect, QSize, Qt

GAP = 6
SMALLEST, USUAL, LARGEST = 56, 104, 256
"""Sides of a cell, in pixels of the window."""

_ROOM_FOR_TWO = 1.8  # rows; lower than this, there is one


def one_row(height: int, wanted: int) -> bool:
    """Whether so little height is better used for one row than for a grid."""
    return height < _ROOM_FOR_TWO * (wanted + GAP) + GAP


@dataclass(frozen=True, slots=True)
class Layout:
    """Square cells in the order of reading. Points are those of the whole, not of what is in view.

    One row is as high as the view, and `columns` is then as large as `count`.
    """

    view: QSize
    side: int  # of a cell
    columns: int
    count: int
    sideways: bool

    @classmethod
    def row(cls, view: QSize, count: int) -> "Layout":
        """All in one row."""
        side = min(LARGEST, max(SMALLEST // 2, view.height() - 2 * GAP))
        return cls(view, side, max(1, count), count, True)

    @classmethod
    def grid(cls, view: QSize, wanted: int, count: int) -> "Layout":
        """Rows as wide as the view, of cells of about `wanted` pixels."""
        columns = max(1, (view.width() - GAP) // (wanted + GAP))
        side = (view.width() - GAP) // columns - GAP
        return cls(view, max(SMALLEST // 2, min(side, 2 * wanted)), columns, count, False)

    @property
    def step(self) -> int:
        """From one cell to the next."""
        return self.side + GAP

    @property
    def length(self) -> int:
        """How long all cells are, in the direction of scrolling."""
        lines = self.count if self.sideways else -(-self.count // self.columns)
        return GAP + lines * self.step

    @property
    def page(self) -> int:
        """How much of it is in view."""
        return self.view.width() if self.sideways else self.view.height()

    @property
    def per_page(self) -> int:
        """How many cells fill the view, about."""
        return max(1, self.page // self.step) * (1 if self.sideways else self.columns)

    def cell(self, index: int) -> QRect:
        """The square of a cell."""
        row, column = divmod(index, self.columns)
        return QRect(GAP + column * self.step, GAP + row * self.step, self.side, self.side)

    def at(self, point: QPoint) -> int | None:
        """The index of the cell at a point; None in the gaps and beyond the last."""
        column, row = (point.x() - GAP) // self.step, (point.y() - GAP) // self.step
        index = row * self.columns + column
        inside = 0 <= column < self.columns and row >= 0 and index < self.count
        return index if inside and self.cell(index).contains(point) else None

    def within(self, part: QRect) -> list[int]:
        """The indices of the cells that a rectangle touches, in order."""
        first_column, last_column = self._lines(part.left(), part.right())
        first_row, last_row = self._lines(part.top(), part.bottom())
        last_column = min(self.columns - 1, last_column)
        last_row = min(-(-self.count // self.columns) - 1, last_row)
        found: list[int] = []
        for start in range(first_row * self.columns, (last_row + 1) * self.columns, self.columns):
            found += range(start + first_column, min(self.count, start + last_column + 1))
        return found

    def _lines(self, start: int, end: int) -> tuple[int, int]:
        """The first and the last row or column that reach between two coordinates."""
        return max(0, -((GAP + self.side - 1 - start) // self.step)), (end - GAP) // self.step

    def shown(self, offset: int) -> range:
        """The cells in view once `offset` pixels are scrolled away."""
        first = max(0, (offset - GAP) // self.step)
        last = max(0, (offset + self.page - GAP) // self.step)
        each = 1 if self.sideways else self.columns
        return range(min(self.count, first * each), min(self.count, (last + 1) * each))

    def offset_for(self, index: int, offset: int) -> int:
        """The offset nearest to `offset` at which that cell is whole in view."""
        cell = self.cell(index)
        start = cell.left() if self.sideways else cell.top()
        return min(start - GAP, max(offset, start + self.step - self.page))

    def moved(self, index: int, key: Qt.Key) -> int:
        """Where a key leads from a cell; to the same where it leads nowhere."""
        line = 0 if self.sideways else self.columns
        by = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Up: -line,
            Qt.Key.Key_Down: line,
            Qt.Key.Key_PageUp: -self.per_page,
            Qt.Key.Key_PageDown: self.per_page,
            Qt.Key.Key_Home: -self.count,
            Qt.Key.Key_End: self.count,
        }[key]
        if abs(by) == line and not 0 <= index + by < self.count:
            return index  # up from the first row and down from the last: not aside
        return min(self.count - 1, max(0, index + by))
