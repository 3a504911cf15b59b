"""Large pictures in overlapping tiles, blended so that no seam is seen."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

Part = Callable[[int, int], None]
"""(index, count): tile `index`, counted from 1, of `count` is about to be worked on."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A rectangle of a grid, in the units of what is cut up."""

    top: int
    left: int
    height: int
    width: int

    def of(self, value: Tensor) -> Tensor:
        """That part of [1, C, h, w], without a copy."""
        bottom, right = self.top + self.height, self.left + self.width
        return value[:, :, self.top : bottom, self.left : right]


@dataclass(frozen=True, slots=True)
class Axis:
    """Intervals of one `side` that cover 0 .. `length`, as far from each other as possible."""

    length: int
    side: int
    starts: tuple[int, ...]

    def shares(self, scale: int, margin: int) -> list[Tensor]:
        """What each interval counts at its own places, float32 [side * scale]; they add up to 1.

        Where two overlap, one fades into the other linearly. The outer `margin` of an interval,
        where it cannot see what is beside it, counts nothing as far as another one sees more.
        """
        raw = [self._rise(index, scale, margin) for index in range(len(self.starts))]
        total = torch.zeros(self.length * scale)
        for start, rise in zip(self.starts, raw, strict=True):
            total[start * scale : start * scale + len(rise)] += rise
        return [
            rise / total[start * scale : start * scale + len(rise)]
            for start, rise in zip(self.starts, raw, strict=True)
        ]

    def _rise(self, index: int, scale: int, margin: int) -> Tensor:
        places = torch.arange(self.side * scale) + 0.5
        rise = torch.ones(self.side * scale)
        if index > 0:
            overlap = self.starts[index - 1] + self.side - self.starts[index]
            rise = torch.minimum(rise, _ramp(places, overlap * scale, margin * scale))
        if index < len(self.starts) - 1:
            overlap = self.starts[index] + self.side - self.starts[index + 1]
            rise = torch.minimum(rise, _ramp(places.flip(0), overlap * scale, margin * scale))
        return rise


@dataclass(frozen=True, slots=True)
class Grid:
    """Tiles of one size over a height and a width, evenly overlapping, row by row."""

    rows: Axis
    columns: Axis

    @property
    def count(self) -> int:
        """How many tiles there are."""
        return len(self.rows.starts) * len(self.columns.starts)

    def tile(self, row: int, column: int) -> Tile:
        """The tile at a place in the grid."""
        top, left = self.rows.starts[row], self.columns.starts[column]
        return Tile(top, left, self.rows.side, self.columns.side)

    def times(self, unit: int) -> "Grid":
        """The same where what was one is `unit`."""
        return Grid(_times(self.rows, unit), _times(self.columns, unit))


def even_grid(height: int, width: int, side: int, overlap: int) -> Grid:
    """As few tiles as possible of at most `side`, each sharing at least `overlap` with the next.

    They are as small as that number of them allows. What is not longer than `side` is not cut.
    """
    return Grid(_axis(height, side, overlap), _axis(width, side, overlap))


def assemble(
    grid: Grid,
    make: Callable[[Tile], Tensor],
    part: Part,
    scale: int = 1,
    margin: int = 0,
) -> Iterator[Tensor]:
    """The whole out of its tiles, as finished bands [1, C, rows, width * scale], top to bottom.

    `make` gives a tile's float32 [1, C, height * scale, width * scale]. Only the bands that are
    not finished are in memory. A single tile comes out as `make` gave it, bit for bit.
    """
    if grid.count == 1:
        yield make(grid.tile(0, 0))
        return
    down, across = grid.rows.shares(scale, margin), grid.columns.shares(scale, margin)
    pending: Tensor | None = None  # rows from the present tiles' top on, not finished
    for row, share in enumerate(down):
        band = _band(grid, row, make, part, scale, across)
        band *= share[:, None].to(band.device)
        if pending is not None:
            band[:, :, : pending.shape[2]] += pending
        end = grid.rows.length if row == len(down) - 1 else grid.rows.starts[row + 1]
        ready = (end - grid.rows.starts[row]) * scale
        yield band[:, :, :ready]
        pending = band[:, :, ready:].clone()


def _band(
    grid: Grid,
    row: int,
    make: Callable[[Tile], Tensor],
    part: Part,
    scale: int,
    shares: list[Tensor],
) -> Tensor:
    """One row of tiles side by side, [1, C, side * scale, width * scale]."""
    columns, band = grid.columns, None
    for column, share in enumerate(shares):
        part(row * len(shares) + column + 1, grid.count)
        made = make(grid.tile(row, column))
        if band is None:
            band = made.new_zeros(*made.shape[:3], columns.length * scale)
        left = columns.starts[column] * scale
        band[:, :, :, left : left + made.shape[3]] += made * share.to(made.device)
    assert band is not None
    return band


def _axis(length: int, side: int, overlap: int) -> Axis:
    if length <= side:
        return Axis(length, length, (0,))
    count = math.ceil((length - overlap) / (side - overlap))
    side = math.ceil((length + (count - 1) * overlap) / count)
    starts = tuple(round(index * (length - side) / (count - 1)) for index in range(count))
    return Axis(length, side, starts)


def _times(axis: Axis, unit: int) -> Axis:
    starts = tuple(start * unit for start in axis.starts)
    return Axis(axis.length * unit, axis.side * unit, starts)


def _ramp(places: Tensor, overlap: int, margin: int) -> Tensor:
    """0 up to the margin, then linearly to 1 at as far from the overlap's other end."""
    margin = min(margin, (overlap - 1) // 2)  # so that something is left to fade over
    return ((places - margin) / (overlap - 2 * margin)).clamp(0, 1)
