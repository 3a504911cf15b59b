"""Draws the places that scenes are set in."""

from __future__ import annotations

from collections.abc import Callable

import torch
from canvas import Canvas, lay, step
from colours import COLOURS
from landscape import crests, day_sky, firs, leafy_trees, tower_blocks, turf, with_clouds, with_sun
from torch import Tensor

Draw = Callable[[Canvas], Tensor]
"""Draws one kind of place: float32 [B, 3, h, w] in 0..1, ground from layout.GROUND_TOP down."""


def plain(name: str) -> Draw:
    """A studio backdrop in one colour: a little light in the middle, a little dark at the edge."""
    red, green, blue = COLOURS[name]

    def draw(c: Canvas) -> Tensor:
        colour = c.colour((red / 255, green / 255, blue / 255), 1, 0.02)
        light = c.glow(c.draw(2, 0.35, 0.65), c.draw(3, 0.3, 0.5) * c.tall, 0.75)
        strength = c.draw(4, 0.02, 0.10)
        return (colour + (light - 0.6) * strength).clamp(0.0, 1.0)

    return draw


def beach(c: Canvas) -> Tensor:
    """Sky, sea to a shore line with foam, sand in front."""
    horizon = c.draw(40, 0.36, 0.46)
    picture = with_sun(c, with_clouds(c, day_sky(c, 0.42), 0.4))
    depth = ((c.v - horizon) / (0.64 - horizon)).clamp(0.0, 1.0)
    far = c.colour((0.10, 0.45, 0.74), 41, 0.03)
    near = c.colour((0.30, 0.78, 0.82), 42, 0.03)
    sea = torch.lerp(far.expand_as(picture), near.expand_as(picture), depth)
    sea = sea + 0.10 * (c.noise(43, 9, 46) - 0.5)
    picture = lay(picture, sea, c.below(horizon))
    shore = 0.60 + 0.018 * c.profile(44, 1.3, 2) + c.draw(46, -0.01, 0.02)
    sand_near = c.colour((0.95, 0.84, 0.62), 47, 0.02)
    sand = sand_near * (0.97 + 0.12 * (c.clouds(48, 8, 20, 3) - 0.5))
    wet = c.colour((0.80, 0.69, 0.50), 49, 0.02)
    picture = lay(picture, lay(sand, wet, step(c.v, shore + 0.075, shore + 0.02)), c.below(shore))
    foam = step((c.v - shore).abs(), 0.016, 0.007) * (0.6 + 0.4 * c.noise(45, 16, 3))
    return lay(picture, torch.ones_like(picture), foam.clamp(0, 1))


def sunset(c: Canvas) -> Tensor:
    """A low sun in an orange sky, over dark hills or glittering water."""
    horizon = c.draw(40, 0.60, 0.66)
    top = c.colour((0.33, 0.22, 0.50), 41, 0.05)
    middle = c.colour((0.93, 0.44, 0.36), 42, 0.04)
    low = c.colour((1.0, 0.78, 0.40), 43, 0.03)
    picture = c.gradient([(0.0, top), (0.38, middle), (0.64, low)])
    streaks = step(c.clouds(44, 2, 14, 3), 0.54, 0.74) * step(c.v, 0.62, 0.25)
    picture = lay(picture, c.colour((0.98, 0.62, 0.50), 48, 0.04), streaks * 0.55)
    x, y = c.draw(49, 0.22, 0.78), (horizon - c.draw(51, 0.02, 0.12)) * c.tall
    picture = lay(picture, c.colour((1.0, 0.86, 0.52), 52, 0.02), c.glow(x, y, 0.28) * 0.75)
    picture = lay(picture, c.colour((1.0, 0.95, 0.74), 53, 0.01), c.disc(x, y, 0.085))
    hills = horizon - 0.03 + 0.025 * c.profile(54, 1.2, 3)
    picture = lay(picture, c.colour((0.55, 0.27, 0.36), 58, 0.03), c.below(hills))
    dark = c.colour((0.24, 0.13, 0.22), 59, 0.02)
    ground = turf(c, picture, horizon + 0.01, dark, c.colour((0.50, 0.27, 0.26), 62, 0.03))
    water = (c.draw(63) < 0.4).float()
    depth = ((c.v - horizon) / (1.0 - horizon)).clamp(0.0, 1.0)
    sea = torch.lerp(low.expand_as(picture) * 0.86, top.expand_as(picture), depth)
    glitter = step(c.noise(64, 6, 60), 0.5, 0.75) * step((c.u - x).abs(), 0.22, 0.02)
    sea = lay(sea, c.colour((1.0, 0.9, 0.6), 65, 0.01), glitter * 0.8)
    return torch.lerp(ground, lay(picture, sea, c.below(horizon)), water)


def forest(c: Canvas) -> Tensor:
    """Rows of firs that fade into haze, moss in front."""
    haze = c.colour((0.74, 0.88, 0.80), 40, 0.04)
    picture = c.gradient([(0.0, c.colour((0.55, 0.77, 0.72), 41, 0.04)), (0.6, haze)])
    greens = ((0.47, 0.67, 0.56), (0.26, 0.50, 0.36), (0.10, 0.32, 0.19))
    shapes = ((13, 0.57, 0.36), (9, 0.61, 0.46), (6, 0.66, 0.60))
    for row, (green, (count, base, height)) in enumerate(zip(greens, shapes, strict=True)):
        trees = firs(c, 42 + 10 * row, count, base, height)
        colour = c.colour(green, 49 + 10 * row, 0.03)
        picture = lay(picture, colour * (1.04 - 0.25 * c.v), trees)
        picture = lay(picture, colour, c.below(torch.full_like(c.u, base - 0.01)))
    shafts = step(c.noise(80, 7, 1), 0.5, 0.95) * step(c.v, 0.62, 0.1) * c.draw(81, 0.0, 0.35)
    picture = lay(picture, haze, shafts)
    edge = 0.635 + 0.012 * c.profile(82, 2.0, 3)
    near, far = c.colour((0.30, 0.44, 0.16), 86, 0.03), c.colour((0.22, 0.42, 0.22), 87, 0.03)
    return turf(c, picture, edge, near, far)


def autumn(c: Canvas) -> Tensor:
    """Round trees in yellow, orange and red, and fallen leaves."""
    sky = c.colour((0.80, 0.88, 0.92), 41, 0.03)
    picture = c.gradient([(0.0, sky), (0.6, c.colour((0.99, 0.92, 0.76), 40, 0.03))])
    reds = ((0.93, 0.72, 0.42), (0.90, 0.54, 0.20), (0.78, 0.30, 0.14))
    shapes = ((8, 0.60, 0.30), (6, 0.64, 0.42), (4, 0.68, 0.56))
    for row, (red, (count, base, height)) in enumerate(zip(reds, shapes, strict=True)):
        crowns, trunks = leafy_trees(c, 42 + 10 * row, count, base, height)
        colour = c.colour(red, 49 + 10 * row, 0.07)
        leaves = colour * (0.88 + 0.35 * (c.noise(75 + row, 24, 24) - 0.3))
        picture = lay(picture, c.colour((0.38, 0.24, 0.16), 78, 0.02), trunks)
        picture = lay(picture, leaves.clamp(0, 1), crowns)
    edge = 0.64 + 0.012 * c.profile(82, 1.6, 3)
    near, far = c.colour((0.75, 0.46, 0.20), 86, 0.04), c.colour((0.86, 0.66, 0.34), 87, 0.03)
    picture = turf(c, picture, edge, near, far)
    fallen = c.dots(88, 22, 0.014, 0.5) * c.below(edge)
    leaf = torch.lerp(c.colour((0.86, 0.26, 0.10), 92), c.colour((0.98, 0.74, 0.2), 93), c.v)
    return lay(picture, leaf, fallen * 0.85)


def snow(c: Canvas) -> Tensor:
    """A white field under a pale sky, with snowy firs far off."""
    sky = c.colour((0.62, 0.78, 0.93), 40, 0.05)
    picture = c.gradient([(0.0, sky), (0.6, c.colour((0.93, 0.96, 1.0), 41, 0.02))])
    hills = 0.53 + 0.05 * c.profile(42, 0.9, 3)
    picture = lay(picture, c.colour((0.84, 0.90, 0.97), 46, 0.02), c.below(hills))
    trees = firs(c, 47, 11, 0.615, 0.22)
    picture = lay(picture, c.colour((0.40, 0.55, 0.60), 51, 0.04), trees)
    lee = firs(c, 47, 11, 0.628, 0.22)  # a little lower: what is left above is snow
    picture = lay(picture, torch.full_like(picture, 0.96), (trees - lee).clamp_min(0.0))
    edge = 0.60 + 0.02 * c.profile(53, 1.1, 3)
    depth = ((c.v - edge) / (1.0 - edge)).clamp(0.0, 1.0)
    far = c.colour((0.95, 0.97, 1.0), 57, 0.01)
    near = c.colour((0.86, 0.91, 0.98), 58, 0.02)
    field = torch.lerp(far.expand_as(picture), near.expand_as(picture), depth)
    field = field + 0.10 * (c.clouds(59, 3, 8, 3) - 0.5)
    return lay(picture, field, c.below(edge)).clamp(0.0, 1.0)


def night(c: Canvas) -> Tensor:
    """Stars, often a moon, dark hills."""
    top, low = c.colour((0.03, 0.05, 0.17), 40, 0.02), c.colour((0.16, 0.20, 0.45), 41, 0.03)
    picture = c.gradient([(0.0, top), (0.64, low)])
    faint = c.dots(42, 30, 0.006, 0.35) * 0.6 + c.dots(46, 12, 0.011, 0.35)
    picture = lay(picture, c.colour((1.0, 0.98, 0.88), 50, 0.02), faint.clamp(0, 1) * 0.95)
    x, y = c.draw(51, 0.12, 0.88), c.draw(52, 0.10, 0.2)
    shines = (c.draw(53) < 0.6).float()
    picture = lay(picture, c.colour((0.55, 0.60, 0.85), 54), c.glow(x, y, 0.17) * 0.45 * shines)
    moon = c.disc(x, y, 0.062)
    bite = c.disc(x + 0.03, y - 0.015, 0.054) * (c.draw(55) < 0.5)
    picture = lay(picture, c.colour((0.98, 0.95, 0.80), 56, 0.02), moon * (1 - bite) * shines)
    hills = 0.58 + 0.045 * c.profile(57, 1.0, 3)
    picture = lay(picture, c.colour((0.10, 0.13, 0.31), 61, 0.02), c.below(hills))
    edge = 0.645 + 0.012 * c.profile(66, 1.3, 3)
    near, far = c.colour((0.08, 0.15, 0.20), 70, 0.02), c.colour((0.12, 0.22, 0.30), 71, 0.02)
    return turf(c, picture, edge, near, far)


def city(c: Canvas) -> Tensor:
    """Two rows of high houses by day, a paved square in front."""
    picture = with_clouds(c, day_sky(c), 0.5, 0.45)
    haze = c.colour((0.66, 0.76, 0.86), 40, 0.03)
    picture = tower_blocks(c, picture, 41, 8, 0.64, 0.52, haze)
    near = c.colour((0.56, 0.55, 0.62), 60, 0.08)
    picture = tower_blocks(c, picture, 50, 5, 0.66, 0.44, near)
    edge = torch.full_like(c.u, 0.65)
    pavement = c.colour((0.64, 0.64, 0.66), 61, 0.03) * (1.06 - 0.14 * c.v)
    persp = 0.16 / (c.v - 0.60).clamp_min(0.02)
    lines = (persp * 3.0 - (persp * 3.0).floor() - 0.5).abs() * 2
    tiles = step(lines, 0.88, 0.97) * step(c.v, 0.66, 0.8)
    ground = pavement * (1 - 0.10 * tiles) * (1 + 0.08 * (c.clouds(62, 6, 10, 3) - 0.5))
    return lay(picture, ground, c.below(edge))


def desert(c: Canvas) -> Tensor:
    """Dunes with a light and a dark side, under a hot sky."""
    low = c.colour((0.99, 0.90, 0.74), 41, 0.02)
    picture = c.gradient([(0.0, c.colour((0.36, 0.65, 0.90), 40, 0.05)), (0.55, low)])
    picture = with_sun(c, picture, 0.7)
    for row, (base, swing, light) in enumerate(
        ((0.50, 0.05, (0.93, 0.75, 0.50)), (0.58, 0.045, (0.92, 0.68, 0.40)))
    ):
        edge = base + swing * c.profile(50 + 8 * row, 0.8 + 0.4 * row, 2)
        sand = c.colour(light, 56 + 8 * row, 0.03)
        slope = edge[..., 1:] - edge[..., :-1]
        slope = torch.cat([slope, slope[..., -1:]], dim=-1) * c.short
        shaded = step(slope, -0.06, 0.10) * step(c.v - edge, 0.16, 0.0)
        picture = lay(picture, sand * (1.0 - 0.22 * shaded), c.below(edge))
    edge = 0.645 + 0.02 * c.profile(70, 0.9, 2)
    depth = ((c.v - edge) / (1.0 - edge)).clamp(0.0, 1.0)
    ripples = torch.sin((c.v * c.tall * 60 / (0.6 + depth)) + 7 * c.noise(74, 5, 4))
    ground = c.colour((0.95, 0.74, 0.45), 75, 0.02) * (1.0 + 0.035 * ripples * depth)
    return lay(picture, ground * (1.03 - 0.10 * depth), c.below(edge)).clamp(0.0, 1.0)


def sea(c: Canvas) -> Tensor:
    """Open water to the horizon."""
    horizon = c.draw(40, 0.44, 0.54)
    picture = with_sun(c, with_clouds(c, day_sky(c, 0.5), 0.46))
    depth = ((c.v - horizon) / (1.0 - horizon)).clamp(0.0, 1.0)
    far = c.colour((0.22, 0.55, 0.80), 41, 0.04)
    near = c.colour((0.05, 0.34, 0.62), 42, 0.04)
    water = torch.lerp(far.expand_as(picture), near.expand_as(picture), depth)
    waves = crests(c, 43, horizon)
    water = water + 0.045 * waves * (0.4 + depth)
    water = lay(water, torch.full_like(water, 0.95), step(waves, 0.72, 1.05) * 0.5)
    return lay(picture, water, c.below(horizon)).clamp(0.0, 1.0)


def underwater(c: Canvas) -> Tensor:
    """Blue deepening downwards, shafts of light, bubbles, weeds on the sea floor."""
    top, low = c.colour((0.36, 0.80, 0.90), 40, 0.04), c.colour((0.03, 0.30, 0.56), 41, 0.03)
    picture = c.gradient([(0.0, top), (0.85, low)])
    slant = c.u + 0.35 * c.v
    shafts = torch.sin(slant * 17 + 6 * c.draw(42)) + torch.sin(slant * 29 + 6 * c.draw(43))
    picture = lay(
        picture,
        torch.full_like(picture, 0.95),
        step(shafts, 0.2, 2.0) * step(c.v, 0.75, 0.0) * 0.30,
    )
    floor = 0.84 + 0.03 * c.profile(44, 1.0, 3)
    place, first, second = c.cells(48, 9)
    sway = 0.16 * torch.sin(c.v * 26 + 6.3 * second)
    rises = floor - 0.07 - 0.20 * first
    blade = step((place + sway).abs(), 0.10, 0.05) * step(c.v, rises, rises + 0.05) * (first > 0.45)
    picture = lay(picture, c.colour((0.12, 0.50, 0.36), 51, 0.05), blade * 0.85)
    sand = c.colour((0.62, 0.66, 0.56), 52, 0.03) * (0.9 + 0.25 * (c.clouds(53, 6, 10, 3) - 0.4))
    picture = lay(picture, sand, c.below(floor))
    bubbles = c.dots(56, 9, 0.016, 0.22) - 0.75 * c.dots(56, 9, 0.0105, 0.22)
    bubbles = bubbles.clamp(0, 1) * step(c.v, 0.95, 0.8)
    return lay(picture, torch.full_like(picture, 0.96), bubbles * 0.7).clamp(0.0, 1.0)


def meadow(c: Canvas) -> Tensor:
    """Green hills and grass with a few flowers, under a friendly sky."""
    picture = with_sun(c, with_clouds(c, day_sky(c, 0.55), 0.52))
    hills = 0.53 + 0.045 * c.profile(40, 0.9, 2)
    picture = lay(picture, c.colour((0.55, 0.78, 0.44), 44, 0.04), c.below(hills))
    edge = 0.61 + 0.025 * c.profile(45, 0.8, 2)
    near, far = c.colour((0.32, 0.64, 0.20), 49, 0.03), c.colour((0.50, 0.78, 0.30), 50, 0.03)
    picture = turf(c, picture, edge, near, far)
    flowers = c.dots(51, 14, 0.010, 0.25) * c.below(edge + 0.05)
    return lay(picture, c.colour((0.99, 0.95, 0.75), 55, 0.05), flowers * 0.9).clamp(0.0, 1.0)


def garden(c: Canvas) -> Tensor:
    """A hedge, and flowers in three colours all over the ground."""
    picture = with_clouds(c, day_sky(c, 0.5), 0.45)
    hedge = 0.40 + 0.03 * c.profile(40, 3.0, 3)
    leaves = c.colour((0.20, 0.50, 0.22), 44, 0.03) * (0.8 + 0.6 * (c.clouds(45, 12, 12, 2) - 0.2))
    picture = lay(picture, leaves.clamp(0, 1), c.below(hedge))
    near, far = c.colour((0.34, 0.62, 0.24), 50, 0.03), c.colour((0.28, 0.56, 0.24), 51, 0.03)
    picture = turf(c, picture, torch.full_like(c.u, 0.60), near, far)
    petals = ((0.96, 0.36, 0.50), (1.0, 0.82, 0.28), (0.74, 0.52, 0.92))
    for row, petal in enumerate(petals):
        for size, cells, start in ((0.020, 12, 0.47), (0.032, 7, 0.66)):
            key = 80 + 40 * row + cells
            blooms = c.dots(key, cells, size, 0.42) * step(c.v, start, start + 0.03)
            picture = lay(picture, c.colour(petal, 70 + row, 0.05), blooms)
            hearts = c.dots(key, cells, size * 0.4, 0.42) * step(c.v, start, start + 0.03)
            picture = lay(picture, c.colour((1.0, 0.95, 0.70), 76, 0.03), hearts * 0.9)
    return picture.clamp(0.0, 1.0)


def mountains(c: Canvas) -> Tensor:
    """Peaks with snow on them, green land in front."""
    picture = with_clouds(c, day_sky(c, 0.55), 0.4, 0.45)
    for row, (base, swing, rock) in enumerate(
        ((0.42, 0.15, (0.60, 0.68, 0.80)), (0.50, 0.12, (0.42, 0.47, 0.58)))
    ):
        edge = base - swing * c.profile(40 + 12 * row, 1.1 + 0.4 * row, 5, sharp=True)
        broad = base - swing * c.profile(40 + 12 * row, 1.1 + 0.4 * row, 2, sharp=True)
        slope = torch.cat(
            [broad[..., 1:] - broad[..., :-1], broad[..., -1:] - broad[..., -2:-1]], -1
        )
        lit = step(slope * c.short + 0.5 * (c.noise(90 + row, 12, 12) - 0.5), 0.10, -0.10)
        jagged = c.clouds(46 + 12 * row, 14, 14, 3)
        face = c.colour(rock, 50 + 12 * row, 0.03) * (0.80 + 0.25 * lit + 0.35 * (jagged - 0.5))
        cap = step(c.v - 0.30 * (jagged - 0.5), base + 0.02, base - 0.03)
        white = 0.84 + 0.13 * lit + torch.zeros_like(picture)
        picture = lay(picture, lay(face.clamp(0, 1), white, cap), c.below(edge))
    far_off = firs(c, 70, 22, 0.635, 0.09)
    picture = lay(picture, c.colour((0.16, 0.36, 0.28), 75, 0.03), far_off)
    edge = 0.62 + 0.015 * c.profile(76, 1.0, 2)
    near, far = c.colour((0.40, 0.62, 0.28), 80, 0.03), c.colour((0.48, 0.68, 0.36), 81, 0.03)
    return turf(c, picture, edge, near, far).clamp(0.0, 1.0)


def space(c: Canvas) -> Tensor:
    """Stars and coloured nebulae on black, now and then a planet's edge."""
    dark = c.colour((0.03, 0.02, 0.08), 40, 0.015)
    violet, teal = c.colour((0.42, 0.16, 0.60), 41, 0.08), c.colour((0.10, 0.34, 0.62), 42, 0.08)
    picture = dark.expand(-1, -1, c.height, c.width)
    picture = lay(picture, violet, step(c.clouds(43, 2, 2), 0.45, 0.85) * 0.75)
    picture = lay(picture, teal, step(c.clouds(48, 2, 3), 0.52, 0.85) * 0.7)
    stars = c.dots(53, 34, 0.005, 0.4) * 0.7 + c.dots(57, 11, 0.011, 0.4)
    picture = lay(picture, c.colour((1.0, 0.98, 0.94), 61, 0.02), stars.clamp(0, 1) * 0.95)
    x, y = c.draw(62, -0.1, 1.1), c.tall + c.draw(63, 0.30, 0.45)
    there = (c.draw(64) < 0.3).float()
    globe = c.colour((0.50, 0.42, 0.62), 65, 0.15)
    light = 0.55 + 0.5 * c.glow(x - 0.2, y - 0.6, 0.5)
    return lay(picture, (globe * light).clamp(0, 1), c.disc(x, y, 0.55) * there)


def sky(c: Canvas) -> Tensor:
    """Nothing but blue and heaped clouds."""
    picture = with_sun(c, day_sky(c, 1.0), 0.4)
    field = c.clouds(40, 3, 4, 5)
    cover = step(field, 0.50, 0.66) * c.draw(46, 0.6, 1.0)
    shade = 0.88 + 0.12 * step(field, 0.52, 0.74)
    picture = lay(picture, shade * torch.ones_like(picture), cover)
    bank = (
        0.90 - 0.08 * c.draw(47) + 0.04 * c.profile(48, 2.0, 4) - 0.10 * (c.noise(53, 9, 9) - 0.5)
    )
    return lay(picture, torch.full_like(picture, 0.97), step(c.v - bank, -0.03, 0.06) * 0.9)


def room(c: Canvas) -> Tensor:
    """A painted wall, a window or a picture on it, a wooden floor."""
    hue = c.draw(40, 0.0, 6.283)
    turn = torch.cat([torch.cos(hue), torch.cos(hue - 2.1), torch.cos(hue + 2.1)], dim=1)
    wall = (c.colour((0.84, 0.80, 0.76), 41, 0.03) + 0.09 * turn).clamp(0, 1)
    light = c.glow(c.draw(42, 0.2, 0.8), c.draw(43, 0.1, 0.3), 0.8)
    picture = (wall * (0.84 + 0.18 * light)).expand(-1, -1, c.height, c.width)
    side = torch.where(c.draw(44) < 0.5, c.draw(45, 0.16, 0.28), c.draw(45, 0.72, 0.84))
    middle = 0.29 * c.tall
    half_w, half_h = c.draw(46, 0.11, 0.15), c.draw(47, 0.13, 0.18)
    dx, dy = (c.u - side).abs(), (c.y - middle).abs()
    frame = step(dx, half_w + 0.022, half_w + 0.018) * step(dy, half_h + 0.022, half_h + 0.018)
    glass = step(dx, half_w, half_w - 0.004) * step(dy, half_h, half_h - 0.004)
    bars = torch.maximum(step(dx, 0.010, 0.006), step(dy, 0.010, 0.006))
    view = c.gradient(
        [(0.1, c.colour((0.48, 0.74, 0.95), 48)), (0.45, c.colour((0.9, 0.96, 1), 49))]
    )
    picture = lay(picture, torch.full_like(picture, 0.97), frame)
    picture = lay(picture, view, glass * (1 - bars))
    edge = 0.66
    planks = (c.u - 0.5) / (c.v - 0.30).clamp_min(0.1) * 4.0 + c.draw(50)
    seam = step((planks - planks.floor() - 0.5).abs(), 0.46, 0.49)
    wood = c.colour((0.70, 0.50, 0.33), 51, 0.05)
    tone = 1.0 + 0.10 * torch.sin(planks.floor() * 12.9898 + 3.0)
    floor = wood * tone * (1 - 0.22 * seam) * (0.86 + 0.22 * c.v)
    picture = lay(picture, floor.clamp(0, 1), c.below(torch.full_like(c.u, edge)))
    skirting = step(c.v, edge - 0.035, edge - 0.031) * step(c.v, edge + 0.002, edge - 0.002)
    return lay(picture, torch.full_like(picture, 0.95), skirting)


def table(c: Canvas) -> Tensor:
    """A wooden table top before a blurred, warm room."""
    wall = c.colour((0.86, 0.80, 0.72), 40, 0.07)
    blur = c.noise(41, 4, 3) - 0.5
    lamp = c.glow(c.draw(42, 0.1, 0.9), c.draw(43, 0.05, 0.3), 0.25)
    picture = (wall * (0.92 + 0.22 * blur)).expand(-1, -1, c.height, c.width)
    picture = lay(picture, c.colour((1.0, 0.93, 0.76), 44, 0.02), lamp * 0.7)
    edge = torch.full_like(c.u, 0.60)
    depth = ((c.v - 0.60) / 0.40).clamp(0.0, 1.0)
    across = (c.u - 0.5) / (0.45 + 0.55 * depth)
    grain = torch.sin((c.v * 70 / (0.4 + depth)) + 5 * c.noise(45, 3, 10) + 2.0 * across)
    board = c.colour((0.68, 0.46, 0.28), 46, 0.05)
    wood = board * (1.0 + 0.06 * grain + 0.10 * (c.noise(47, 2, 26) - 0.5)) * (0.86 + 0.20 * depth)
    picture = lay(picture, wood.clamp(0, 1), c.below(edge))
    rim = step((c.v - 0.605).abs(), 0.012, 0.004)
    return lay(picture, (board * 1.25).clamp(0, 1), rim * 0.6)


def road(c: Canvas) -> Tensor:
    """Asphalt with a dashed line, a kerb, fields and trees behind."""
    picture = with_sun(c, with_clouds(c, day_sky(c, 0.55), 0.5))
    crowns, trunks = leafy_trees(c, 40, 7, 0.62, 0.22)
    picture = lay(picture, c.colour((0.40, 0.28, 0.20), 48, 0.02), trunks)
    leaves = c.colour((0.35, 0.62, 0.30), 49, 0.04) * (0.85 + 0.35 * (c.noise(50, 24, 24) - 0.3))
    picture = lay(picture, leaves.clamp(0, 1), crowns)
    near, far = c.colour((0.42, 0.68, 0.30), 51, 0.03), c.colour((0.52, 0.74, 0.36), 52, 0.03)
    picture = turf(c, picture, torch.full_like(c.u, 0.59), near, far)
    top = torch.full_like(c.u, 0.655)
    asphalt = c.colour((0.36, 0.37, 0.40), 53, 0.03) * (1 + 0.14 * (c.clouds(54, 30, 30, 2) - 0.5))
    picture = lay(picture, torch.full_like(picture, 0.80), c.below(top - 0.014))
    picture = lay(picture, asphalt, c.below(top))
    dash = (c.u * 3.2 + c.draw(58)) % 1.0
    line = step((c.v - 0.845).abs(), 0.014, 0.009) * step((dash - 0.5).abs(), 0.31, 0.29)
    return lay(picture, torch.full_like(picture, 0.94), line * 0.9)


DRAWINGS: dict[str, Draw] = {
    **{f"{name} background": plain(name) for name in COLOURS},
    "beach": beach,
    "sunset": sunset,
    "forest": forest,
    "snow": snow,
    "night": night,
    "city": city,
    "desert": desert,
    "sea": sea,
    "underwater": underwater,
    "meadow": meadow,
    "mountains": mountains,
    "space": space,
    "sky": sky,
    "room": room,
    "autumn": autumn,
    "road": road,
    "garden": garden,
    "table": table,
}
"""By the names in words.BACKGROUNDS."""
