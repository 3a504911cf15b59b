"""What several backgrounds share: skies, clouds, turf, trees, house fronts, waves."""

from __future__ import annotations

import torch
from canvas import Canvas, lay, step
from torch import Tensor


def day_sky(c: Canvas, horizon: float = 0.65) -> Tensor:
    top = c.colour((0.30, 0.58, 0.92), 10, 0.05)
    low = c.colour((0.78, 0.91, 0.98), 11, 0.03)
    return c.gradient([(0.0, top), (horizon, low)])


def with_clouds(c: Canvas, sky: Tensor, until: float, amount: float = 0.5) -> Tensor:
    """Adds fair-weather clouds that thin out towards v = `until`."""
    field = c.clouds(20, 3, 5)
    cover = step(field, 1.0 - amount - 0.02, 1.0 - amount + 0.17)
    cover = cover * step(c.v, until, until * 0.55) * c.draw(28, 0.3, 1.0)
    shade = 0.90 + 0.10 * step(field, 0.5, 0.75)
    return lay(sky, shade * torch.ones_like(sky), cover * 0.95)


def with_sun(c: Canvas, sky: Tensor, chance: float = 0.5) -> Tensor:
    """Adds a sun to some of the skies."""
    x, y = c.draw(30, 0.08, 0.92), c.draw(31, 0.08, 0.2)
    shines = (c.draw(32) < chance).float()
    warm = c.colour((1.0, 0.95, 0.70), 33, 0.02)
    sky = lay(sky, warm, c.glow(x, y, 0.16) * 0.55 * shines)
    return lay(sky, c.colour((1.0, 0.97, 0.82), 34, 0.01), c.disc(x, y, 0.055) * shines)


def turf(c: Canvas, picture: Tensor, edge: Tensor, near: Tensor, far: Tensor) -> Tensor:
    """Ground from the line `edge` down, with blades that grow towards the viewer."""
    depth = ((c.v - edge) / (1.0 - edge)).clamp(0.0, 1.0)
    ground = torch.lerp(far.expand_as(picture), near.expand_as(picture), depth.expand_as(picture))
    blades = c.noise(60, 56, 14) - 0.5
    patches = c.clouds(61, 4, 7, 3) - 0.5
    ground = ground * (1.0 + 0.16 * blades * (0.3 + depth) + 0.22 * patches)
    return lay(picture, ground, c.below(edge))


def firs(c: Canvas, key: int, count: int, base: Tensor | float, height: float) -> Tensor:
    """A row of fir trees that stand on v = `base`, [B, 1, h, w]."""
    place, first, second = c.cells(key, count)
    tall = height * (0.65 + 0.5 * first)
    down = ((c.v - (base - tall)) / tall).clamp(-1.0, 1.0)  # 0 at the tip, 1 at the foot
    tier = down * 4.0
    tooth = tier - tier.floor()
    half = (0.10 + 0.62 * down) * (0.72 + 0.28 * tooth)
    across = (place + (second - 0.5) * 0.3).abs()
    inside = ((half - across) * c.short / count + 0.5).clamp(0.0, 1.0)
    return inside * (down > 0) * (c.v < base)


def leafy_trees(
    c: Canvas, key: int, count: int, base: float, height: float
) -> tuple[Tensor, Tensor]:
    """A row of leafy trees: crowns and trunks, each [B, 1, h, w]."""
    place, first, second = c.cells(key, count)
    middle = base - height * (0.65 + 0.2 * first)
    ragged = 0.06 * (c.noise(key + 5, 18, 18) - 0.5)
    dx = (place + (second - 0.5) * 0.25) / count
    dy = (c.v - middle) * c.tall * 0.8
    radius = (0.42 + 0.16 * first) / count
    away = (dx.square() + dy.square()).sqrt() + ragged
    crown = ((radius - away) * c.short + 0.5).clamp(0.0, 1.0)
    trunk = ((0.05 / count - dx.abs()) * c.short + 0.5).clamp(0.0, 1.0)
    return crown, trunk * (c.v > middle) * (c.v < base)


def tower_blocks(
    c: Canvas, picture: Tensor, key: int, count: int, base: float, height: float, wall: Tensor
) -> Tensor:
    """A row of high houses with rows of windows."""
    place, first, second = c.cells(key, count)
    roof = base - height * (0.35 + 0.65 * first)
    body = ((0.46 - place.abs()) * c.short / count + 0.5).clamp(0.0, 1.0) * c.below(roof)
    tone = 0.82 + 0.36 * second
    picture = lay(picture, (wall * tone).clamp(0.0, 1.0), body)
    columns = (place + 0.46) / 0.92 * 4.0
    rows = (c.v - roof) * c.tall * count * 3.4
    in_column = (columns - columns.floor() - 0.5).abs()
    in_row = (rows - rows.floor() - 0.5).abs()
    glass = step(in_column, 0.34, 0.22) * step(in_row, 0.36, 0.24) * (rows > 0.6)
    lit = c.noise(key + 5, 40, 40) > 0.52
    warm = c.colour((1.0, 0.90, 0.62), key + 6, 0.02)
    blue = c.colour((0.55, 0.72, 0.86), key + 7, 0.03)
    panes = torch.where(lit, warm.expand_as(picture), blue.expand_as(picture))
    return lay(picture, panes, glass * body * 0.8)


def crests(c: Canvas, key: int, horizon: Tensor) -> Tensor:
    """Crests that come nearer: about -1..1, [B, 1, h, w]."""
    depth = ((c.v - horizon) / (1.0 - horizon)).clamp(0.0, 1.0)
    far = 4.2 / (depth + 0.10)
    bent = 5.0 * c.noise(key, 5, 6) + 2.0 * c.noise(key + 1, 14, 10)
    return torch.sin(far * 2.4 + bent) * 0.6 + (c.noise(key + 2, 22, 60) - 0.5)
