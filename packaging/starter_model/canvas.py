"""What backgrounds and effects are drawn with: random fields and soft shapes, many at a time.

All randomness comes from the scenes' seeds through an integer hash, so that a scene looks the
same on any device and, but for sharpness, at any size.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor
from torch.nn import functional

Colour = Sequence[float]
"""sRGB, 0..1."""

_MASK = 0xFFFFFFFF


def hashed(seeds: Tensor, key: int, count: int) -> Tensor:
    """Uniform float32 [B, count] in 0..1 from int64 seeds [B]; another key, other numbers.

    The mixing steps are C. Wellons' "lowbias32" (2018).
    """
    places = torch.arange(count, device=seeds.device, dtype=torch.int64)
    mixed = (seeds[:, None] * 0x9E3779B1 + key * 0x85EBCA77 + places * 0xC2B2AE3D) & _MASK
    mixed = ((mixed ^ (mixed >> 16)) * 0x7FEB352D) & _MASK
    mixed = ((mixed ^ (mixed >> 15)) * 0x846CA68B) & _MASK
    return (mixed ^ (mixed >> 16)).to(torch.float64).div(2**32).to(torch.float32)


def step(field: Tensor, low: Tensor | float, high: Tensor | float) -> Tensor:
    """0 below `low`, 1 above `high`, smooth between; `low` above `high` turns it round."""
    t = ((field - low) / (high - low)).clamp(0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


def lay(picture: Tensor, over: Tensor, mask: Tensor) -> Tensor:
    """`over` where `mask` [B, 1, h, w] is 1, `picture` where it is 0."""
    return torch.lerp(picture, over.expand_as(picture), mask.expand_as(picture))


class Canvas:
    """Coordinates and randomness for B pictures of one size.

    Attributes:
        u: float32 [1, 1, 1, w], across; the shorter side has length 1, the middle is 0.5.
        v: float32 [1, 1, h, 1], down, 0..1 whatever the shape.
        y: float32 [1, 1, h, 1], down in the units of `u`, from the top.
        soft: the width of one pixel in these units: edges fade over it.
    """

    def __init__(self, seeds: Tensor, height: int, width: int) -> None:
        self.seeds = seeds
        self.height, self.width = height, width
        self.short = min(height, width)
        self.soft = 1.0 / self.short
        across = torch.arange(width, device=seeds.device, dtype=torch.float32)
        down = torch.arange(height, device=seeds.device, dtype=torch.float32)
        self.u = ((across + 0.5 - width / 2) / self.short + 0.5)[None, None, None, :]
        self.v = ((down + 0.5) / height)[None, None, :, None]
        self.y = ((down + 0.5) / self.short)[None, None, :, None]
        self.tall = height / self.short

    def draw(self, key: int, low: float = 0.0, high: float = 1.0) -> Tensor:
        """One number for each picture, float32 [B, 1, 1, 1]."""
        return (low + (high - low) * hashed(self.seeds, key, 1))[:, :, None, None]

    def colour(self, value: Colour, key: int, spread: float = 0.04) -> Tensor:
        """A colour that varies from picture to picture, float32 [B, 3, 1, 1]."""
        base = torch.tensor(value, device=self.seeds.device, dtype=torch.float32)
        moved = base + (hashed(self.seeds, key, 4)[:, :3] - 0.5) * 2 * spread
        moved = moved + (hashed(self.seeds, key, 4)[:, 3:] - 0.5) * 2 * spread
        return moved.clamp(0.0, 1.0)[:, :, None, None]

    def gradient(self, stops: Sequence[tuple[float, Tensor]]) -> Tensor:
        """Down the picture through (v, colour) stops in rising order, [B, 3, h, w]."""
        picture = stops[0][1].expand(-1, -1, self.height, self.width)
        for (low, _), (high, colour) in pairwise(stops):
            picture = lay(picture, colour, step(self.v, low, high))
        return picture

    def noise(self, key: int, across: int, down: int) -> Tensor:
        """A smooth field of about 0..1, [B, 1, h, w], with that many bumps a side."""
        lattice = hashed(self.seeds, key, (across + 3) * (down + 3))
        lattice = lattice.reshape(-1, 1, down + 3, across + 3)
        smooth = functional.interpolate(
            lattice,
            size=(
                round(self.height * (down + 3) / down),
                round(self.width * (across + 3) / across),
            ),
            mode="bicubic",
            align_corners=False,
        )
        top = (smooth.shape[-2] - self.height) // 2
        left = (smooth.shape[-1] - self.width) // 2
        return smooth[..., top : top + self.height, left : left + self.width]

    def clouds(self, key: int, across: int, down: int, octaves: int = 4) -> Tensor:
        """Noise with ever finer detail, about 0..1, [B, 1, h, w]."""
        total = self.noise(key, across, down)
        weight, sum_of_weights = 0.5, 1.0
        for octave in range(1, octaves):
            total = total + weight * self.noise(key + octave, across << octave, down << octave)
            sum_of_weights += weight
            weight *= 0.5
        return total / sum_of_weights

    def profile(self, key: int, bumps: float, octaves: int = 4, sharp: bool = False) -> Tensor:
        """A skyline: about -1..1 across, [B, 1, 1, w]; peaks if `sharp`, else rolling hills."""
        total = torch.zeros_like(self.u)
        weight = 1.0
        for octave in range(octaves):
            phase = self.draw(key + octave)
            wave = self.u * bumps * (1.0 + 0.13 * self.draw(key + octave + 50)) + phase
            if sharp:
                total = total + weight * (1.0 - 4.0 * (wave - wave.floor() - 0.5).abs())
            else:
                total = total + weight * torch.sin(wave * 2 * torch.pi)
            weight *= 0.46
            bumps *= 2.03
        return total / 1.7

    def below(self, edge: Tensor) -> Tensor:
        """1 where a point lies under the line `edge` (in v), [B, 1, h, w]."""
        return ((self.v - edge) * self.height + 0.5).clamp(0.0, 1.0)

    def disc(self, x: Tensor, y: Tensor, radius: Tensor | float) -> Tensor:
        """1 in a circle, [B, 1, h, w]; in the units of `u` and `y`."""
        away = ((self.u - x).square() + (self.y - y).square()).sqrt()
        return ((radius - away) * self.short + 0.5).clamp(0.0, 1.0)

    def glow(self, x: Tensor, y: Tensor, radius: Tensor | float) -> Tensor:
        """Light that fades with distance, 1 in the middle, [B, 1, h, w]."""
        away = (self.u - x).square() + (self.y - y).square()
        return torch.exp(-away / (radius * radius))

    def cells(self, key: int, count: int) -> tuple[Tensor, Tensor, Tensor]:
        """Cuts the width into cells: for each column its place in its cell, and two numbers.

        Returns:
            Place, -0.5..0.5, [B, 1, 1, w], cells shifted at random; and two uniform numbers of
            the cell, likewise.
        """
        shifted = (self.u + 4.0) * count + self.draw(key)
        number = shifted.floor()
        place = shifted - number - 0.5
        slots = 16 * count
        index = number.to(torch.int64).remainder(slots).expand(len(self.seeds), -1, -1, -1)
        first = hashed(self.seeds, key + 1, slots)
        second = hashed(self.seeds, key + 2, slots)
        flat = index.reshape(len(self.seeds), -1)
        shape = index.shape
        return place, first.gather(1, flat).view(shape), second.gather(1, flat).view(shape)

    def dots(self, key: int, count: int, size: float, density: float) -> Tensor:
        """Round dots, one at most in each cell of a grid, 0..1, [B, 1, h, w].

        Args:
            key: which dots.
            count: cells along the shorter side.
            size: largest radius, in units of the shorter side.
            density: share of the cells that have one.
        """
        column = (self.u + 2.0) * count
        line = self.y * count
        width = 5 * count  # no picture is that much wider than high
        where = line.floor() * width + column.floor().remainder(width)
        slots = width * (int(self.tall * count) + 1)
        flat = where.to(torch.int64).clamp(0, slots - 1).reshape(1, -1).expand(len(self.seeds), -1)

        def of_cell(offset: int) -> Tensor:
            found = hashed(self.seeds, key + offset, slots).gather(1, flat)
            return found.view(-1, 1, self.height, self.width)

        radius = size * (0.35 + 0.65 * of_cell(0))
        margin = min(0.45, size * count)
        dx = (column - column.floor() - 0.5 - (of_cell(1) - 0.5) * (1 - 2 * margin)) / count
        dy = (line - line.floor() - 0.5 - (of_cell(2) - 0.5) * (1 - 2 * margin)) / count
        away = (dx.square() + dy.square()).sqrt()
        shape = ((radius - away) * self.short + 0.5).clamp(0.0, 1.0)
        return shape * (of_cell(3) < density)
