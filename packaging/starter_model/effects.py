"""What is done to whole pictures: weather, and drawing and painting techniques."""

from __future__ import annotations

from collections.abc import Callable

import torch
from canvas import Canvas, lay, step
from torch import Tensor
from torch.nn.functional import avg_pool2d, grid_sample, interpolate, pad

Apply = Callable[[Tensor, Canvas], Tensor]
"""From float32 [B, 3, h, w] in 0..1 to the same."""


def luma(picture: Tensor) -> Tensor:
    """Rec. 601 brightness, [B, 1, h, w]."""
    weights = torch.tensor([0.299, 0.587, 0.114], device=picture.device)[None, :, None, None]
    return (picture * weights).sum(dim=1, keepdim=True)


def blur(picture: Tensor, radius: int) -> Tensor:
    """Three box filters: near enough to a Gaussian of about that radius."""
    for _ in range(3):
        padded = pad(picture, (radius, radius, radius, radius), mode="replicate")
        picture = avg_pool2d(padded, 2 * radius + 1, stride=1)
    return picture


def _radius(canvas: Canvas, share: float) -> int:
    return max(1, round(canvas.short * share))


# ---------------------------------------------------------------- weather


def rainbow(picture: Tensor, c: Canvas) -> Tensor:
    """An arc in the sky, behind the things."""
    x, foot, radius = c.draw(700, 0.2, 0.8), 0.66 * c.tall, c.draw(701, 0.46, 0.58)
    away = ((c.u - x).square() + (c.y - foot).square()).sqrt()
    band = (radius - away) / 0.085  # 0 outside, 1 inside
    hue = (band * 0.80).clamp(0.0, 0.80) * 6
    offsets = torch.tensor([0.0, 4.0, 2.0], device=picture.device)[None, :, None, None]
    colour = ((hue + offsets) % 6 - 3).abs().sub(1).clamp(0, 1)
    shown = step(band, -0.02, 0.10) * step(band, 1.02, 0.90) * step(c.v, 0.66, 0.60)
    return lay(picture, colour * 0.85 + 0.15, shown * 0.75)


def storm_sky(picture: Tensor, c: Canvas) -> Tensor:
    """Dark clouds over the upper part, and sometimes lightning."""
    picture = lay(picture, luma(picture).expand_as(picture), torch.full_like(c.u, 0.45)) * 0.62
    field = c.clouds(710, 2, 4)
    dark = c.colour((0.20, 0.22, 0.28), 715, 0.02) * (0.6 + 0.9 * field)
    picture = lay(picture, dark, step(c.v, 0.52, 0.15) * step(field, 0.25, 0.5) * 0.95)
    x = c.draw(716, 0.1, 0.9)
    zigzag = 0.035 * (2 * ((c.v * 7) % 1.0 - 0.5).abs() - 0.5) + 0.12 * c.v
    bolt = step((c.u - x - zigzag).abs(), 0.010, 0.004) * (c.v < 0.5) * (c.draw(717) < 0.6)
    near = step((c.u - x - zigzag).abs(), 0.07, 0.0) * (c.v < 0.5) * (c.draw(717) < 0.6)
    picture = lay(picture, torch.full_like(picture, 0.85), near * 0.35)
    return lay(picture, torch.ones_like(picture), bolt)


def rain(picture: Tensor, c: Canvas) -> Tensor:
    """Grey light and slanting streaks."""
    grey = luma(picture).expand_as(picture)
    picture = lay(picture, grey * 0.95, torch.full_like(c.u, 0.22)) * 0.94
    slant = c.u + 0.20 * c.y
    fall = torch.zeros_like(picture[:, :1])
    for key, count in ((720, 26), (721, 42)):
        column = (slant + 2.0) * count
        number = column.floor()
        speed = torch.sin(number * 12.9898 + 78.233 * c.draw(key)) * 43758.5453
        offset = speed - speed.floor()
        along = (c.y * 3.4 + offset * 7.0) % 1.0
        thin = step((column - number - 0.5).abs(), 0.10, 0.03)
        fall = fall + thin * step((along - 0.5).abs(), 0.16, 0.08) * 0.62
    return lay(picture, torch.full_like(picture, 0.94), fall.clamp(0, 0.7))


def snowfall(picture: Tensor, c: Canvas) -> Tensor:
    """Paler light and flakes of three sizes."""
    picture = lay(picture, torch.full_like(picture, 0.93), torch.full_like(c.u, 0.10))
    flakes = c.dots(730, 20, 0.008, 0.6) * 0.8
    flakes = flakes + c.dots(735, 11, 0.014, 0.5) * 0.9 + c.dots(740, 6, 0.020, 0.35)
    return lay(picture, torch.ones_like(picture), flakes.clamp(0, 1) * 0.95)


def fog(picture: Tensor, c: Canvas) -> Tensor:
    """A veil, thickest at the horizon, in slow swathes."""
    swathes = 0.75 + 0.5 * (c.clouds(750, 2, 5, 3) - 0.5)
    thick = torch.exp(-(((c.v - 0.56) / 0.34) ** 2)) * 0.72 * swathes + 0.12
    return lay(picture, c.colour((0.88, 0.90, 0.92), 755, 0.02), thick.clamp(0, 0.9))


BEHIND: dict[str, Apply] = {"rainbow": rainbow, "storm": storm_sky}
"""Weather that belongs behind the things."""

BEFORE: dict[str, Apply] = {"rain": rain, "snowfall": snowfall, "fog": fog, "storm": rain}
"""Weather that is drawn over them."""


# ---------------------------------------------------------------- techniques


def pencil(picture: Tensor, c: Canvas) -> Tensor:
    """Lines where colours change, hatching where it is dark, on off-white paper."""
    calm = _smoothed(picture, _radius(c, 0.012))
    soft = blur(calm, max(1, c.short // 250))
    # Only the darker side of an edge: one line, not two.
    edge = (blur(soft, _radius(c, 0.008)) - soft).amax(dim=1, keepdim=True)
    pressure = 0.75 + 0.5 * c.noise(800, 20, 20)
    line = step(edge, 0.018, 0.10) * pressure
    grey = luma(calm)
    hatch = torch.sin((c.u + 0.8 * c.y) * 230 + 2.5 * c.noise(801, 7, 7))
    shade = (0.78 - grey).clamp_min(0.0) * (0.30 + 0.38 * step(hatch, -0.4, 0.6))
    ink = (line * 0.85 + shade).clamp(0.0, 0.92) * (1.0 - 0.15 * c.noise(802, 64, 64))
    paper = c.colour((0.97, 0.96, 0.93), 803, 0.015)
    return ((1.0 - ink) * paper).clamp(0.0, 1.0)


def _smoothed(picture: Tensor, radius: int) -> Tensor:
    """Kuwahara's filter (1976): of four corner windows the most even one's mean; keeps edges."""
    size = radius + 1
    padded = pad(picture, (radius, radius, radius, radius), mode="replicate")
    mean = avg_pool2d(padded, size, stride=1)
    spread = luma(avg_pool2d(padded.square(), size, stride=1) - mean.square())
    height, width = picture.shape[-2:]
    best, least = picture, torch.full_like(picture[:, :1], torch.inf)
    for top in (0, radius):
        for left in (0, radius):
            here = spread[..., top : top + height, left : left + width]
            value = mean[..., top : top + height, left : left + width]
            better = here < least
            best = torch.where(better, value, best)
            least = torch.where(better, here, least)
    return best


def moved(picture: Tensor, c: Canvas, key: int, bumps: int, amount: float) -> Tensor:
    """Every point a little beside its place, in smooth swirls; `amount` in shorter sides."""
    dx = (c.noise(key, bumps, bumps) - 0.5) * 2 * amount
    dy = (c.noise(key + 1, bumps, bumps) - 0.5) * 2 * amount
    x = ((c.u - 0.5) * c.short / c.width + dx * c.short / c.width) * 2
    y = c.v * 2 - 1 + dy * 2 / c.tall
    shape = (len(picture), c.height, c.width)
    grid = torch.stack([x.expand(-1, -1, *shape[1:])[:, 0], y[:, 0]], dim=-1)
    return grid_sample(picture, grid, padding_mode="border", align_corners=False)


def watercolour(picture: Tensor, c: Canvas) -> Tensor:
    """Pale washes that pool at their edges, on grained paper with an unpainted rim."""
    washed = _smoothed(moved(picture, c, 810, 14, 0.014), _radius(c, 0.022))
    edge = (washed - blur(washed, _radius(c, 0.010))).abs().sum(dim=1, keepdim=True)
    pale = 0.14 + 0.86 * washed
    pale = pale * (1.0 - 0.45 * edge.clamp(0, 0.5))
    pools = c.clouds(812, 4, 4, 4)
    pale = pale + (1.0 - pale) * (pools - 0.42).clamp(0.0, 0.4) * 0.9
    paper = c.colour((0.985, 0.98, 0.96), 816, 0.01) - 0.05 * (c.noise(817, 70, 70) - 0.5)
    inset = torch.minimum(
        torch.minimum(c.v, 1 - c.v) * c.tall, (c.width / c.short) / 2 - (c.u - 0.5).abs()
    )
    ragged = inset + 0.05 * (c.clouds(818, 7, 7, 3) - 0.5)
    return lay(paper, pale, step(ragged, 0.015, 0.04)).clamp(0.0, 1.0)


def oil(picture: Tensor, c: Canvas) -> Tensor:
    """Thick strokes that swirl, rich colours, canvas showing through."""
    strokes = _smoothed(moved(picture, c, 820, 26, 0.012), _radius(c, 0.020))
    strokes = strokes + (strokes - luma(strokes)) * 0.25
    direction = c.noise(822, 6, 6) * 9
    ridges = torch.sin((c.u * torch.cos(direction) + c.y * torch.sin(direction)) * 150)
    relief = 0.045 * ridges + 0.08 * (c.noise(823, 36, 36) - 0.5)
    return (strokes + relief).clamp(0.0, 1.0)


def pixels(picture: Tensor, c: Canvas) -> Tensor:
    """Square blocks, forty-eight along the shorter side, in few colours."""
    across = round(48 * c.width / c.short)
    down = round(48 * c.tall)
    small = interpolate(picture, size=(down, across), mode="area")
    small = ((small - 0.5) * 1.15 + 0.5).clamp(0, 1)
    small = (small * 6).round() / 6
    return interpolate(small, size=(c.height, c.width), mode="nearest")


def neon(picture: Tensor, c: Canvas) -> Tensor:
    """Glowing outlines in the things' colours, in the dark."""
    calm = _smoothed(picture, _radius(c, 0.018))
    wide = blur(calm, _radius(c, 0.010))
    edge = (calm - wide).abs().amax(dim=1, keepdim=True)
    tube = step(blur(edge, max(1, c.short // 200)), 0.022, 0.075)
    top = wide.amax(dim=1, keepdim=True).clamp_min(0.1)
    low = wide.amin(dim=1, keepdim=True)
    vivid = ((wide - low * 0.8) / (top - low * 0.8).clamp_min(0.1)).clamp(0.0, 1.0)
    lamps = (vivid * 0.85 + 0.15) * tube
    halo = blur(lamps, _radius(c, 0.024))
    dark = c.colour((0.05, 0.03, 0.12), 830, 0.02) + picture * 0.07
    return (dark + halo * 0.9 + lamps * 0.9).clamp(0.0, 1.0)


def monochrome(picture: Tensor, c: Canvas) -> Tensor:
    """Greys with good contrast."""
    grey = ((luma(picture) - 0.5) * 1.15 + 0.5).clamp(0.0, 1.0)
    return grey.expand_as(picture)


EFFECTS: dict[str, Apply] = {
    "sketch": pencil,
    "watercolour": watercolour,
    "oil painting": oil,
    "pixel art": pixels,
    "neon": neon,
    "black and white": monochrome,
}
"""By the names in words.EFFECTS."""
