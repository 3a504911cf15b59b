"""Puts a scene's things into a picture: where, at what size, on what ground, with what shadow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import colours
import layout
import tints
import torch
import words
from canvas import Canvas, lay, step
from grammar import Scene
from sprites import Sprite, SpriteSet, Stock
from torch import Tensor
from torch.nn.functional import grid_sample

GROUND = {entry.name: entry.ground for entry in words.BACKGROUNDS}


AMBIENT: dict[str, tuple[float, float, float]] = {
    "sunset": (1.0, 0.86, 0.78),
    "night": (0.66, 0.70, 0.94),
    "underwater": (0.74, 0.93, 1.0),
    "forest": (0.94, 0.98, 0.92),
    "space": (0.94, 0.92, 1.0),
}
"""What a place's light does to the things in it, as factors of red, green and blue."""


@dataclass(frozen=True)
class Placed:
    """One layer of things, at most one for each picture; all tensors have length T."""

    rows: Tensor  # int64, which picture
    sprite: Tensor  # int64
    x: Tensor  # its middle, in the canvas's units of u and y
    y: Tensor
    scale: Tensor  # the sprite's side, in these units; negative when mirrored
    colour: Tensor  # int64, index into colours.NAMES, or -1
    half_width: Tensor  # of what is visible, in the canvas's units
    half_height: Tensor
    shadow: Tensor  # 1 where it throws one on the ground
    wet: Tensor  # 1 where it floats on water

    def take(self, which: Tensor) -> Placed:
        """Some of them, by index."""
        return Placed(*(getattr(self, name)[which] for name in self.__dataclass_fields__))


def layers(
    scenes: Sequence[Scene], sprites: SpriteSet, stock: Stock, canvas: Canvas
) -> list[Placed]:
    """The things of all scenes, first the farthest of each, then the next."""
    placed: list[Placed] = []
    for depth in range(max((len(scene.things) for scene in scenes), default=0)):
        table = [
            _entry(row, scene, depth, sprites, stock)
            for row, scene in enumerate(scenes)
            if len(scene.things) > depth
        ]
        columns = torch.tensor(table, dtype=torch.float32).to(canvas.seeds.device).unbind(dim=1)
        rows, sprite, x, y, scale, colour, half_width, half_height, shadow, wet = columns
        rows = rows.long()
        x, y = _framed(x, y, rows, canvas)
        placed.append(
            Placed(
                rows,
                sprite.long(),
                x,
                y,
                scale,
                colour.long(),
                half_width * scale.abs(),
                half_height * scale.abs(),
                shadow,
                wet,
            )
        )
    return placed


def _entry(
    row: int, scene: Scene, depth: int, sprites: SpriteSet, stock: Stock
) -> tuple[float, ...]:
    thing = scene.things[depth]
    sprite = sprites.sprites[thing.sprite]
    half_width, half_height = stock.extents[thing.sprite]
    ground = GROUND[scene.background]
    flies = sprite.place == "air" or _rests_on_another(scene, depth, stock)
    base = thing.y + half_height * thing.scale
    low = ground == "plain" or base > layout.GROUND_TOP
    return (
        row,
        thing.sprite,
        thing.x,
        thing.y,
        -thing.scale if thing.flip else thing.scale,
        _colour_index(thing.colour, sprite),
        half_width,
        half_height,
        ground in ("plain", "land", "indoors") and low and not flies,
        ground == "water" and base > 0.56 and not flies,
    )


def _colour_index(colour: str | None, sprite: Sprite) -> int:
    """-1 where nothing is to be changed: a red apple that is to be red stays as it is."""
    if colour is None or colour == sprite.colours[0]:
        return -1
    return colours.NAMES.index(colour)


def _rests_on_another(scene: Scene, depth: int, stock: Stock) -> bool:
    """Whether another thing lies straight below this one."""
    thing = scene.things[depth]
    for other in scene.things:
        if other is thing:
            continue
        reach = stock.extents[other.sprite][0] * other.scale * 0.8
        below = other.y - thing.y > 0.5 * stock.extents[thing.sprite][1] * thing.scale + 0.1
        if below and abs(other.x - thing.x) < reach and other.sprite != thing.sprite:
            return True
    return False


def _framed(x: Tensor, y: Tensor, rows: Tensor, canvas: Canvas) -> tuple[Tensor, Tensor]:
    """From the square that scenes are laid out on to the picture's shape.

    In a wide picture the square slides left or right; in a tall one things keep their feet at
    the height, as a share of the picture, where the ground is.
    """
    spare = canvas.width / canvas.short - 1.0
    slide = (canvas.draw(900)[:, 0, 0, 0] - 0.5) * 0.7 * spare
    anchor = 0.85
    return x + slide[rows], anchor * canvas.tall + (y - anchor)


def cut(placed: Placed, stock: Stock, size: float) -> Tensor:
    """The sprites of a layer, recoloured, from the stock's level that suits `size` pixels a side.

    Returns:
        float32 [T, 4, s, s], premultiplied by alpha.
    """
    level = 0
    while level + 1 < len(stock.levels) and stock.levels[level + 1].shape[-1] >= 0.85 * size:
        level += 1
    rgba = stock.levels[level][placed.sprite].float() / 255
    which = (placed.colour >= 0).nonzero()[:, 0]
    if len(which):
        targets = colours.table(rgba.device)[placed.colour[which]]
        bodies = stock.bodies.take(placed.sprite[which])
        rgba[which] = tints.recoloured(rgba[which], bodies, targets)
    return torch.cat([rgba[:, :3] * rgba[:, 3:], rgba[:, 3:]], dim=1)


def drawn(rgba: Tensor, placed: Placed, canvas: Canvas) -> tuple[Tensor, Tensor]:
    """A layer at its place: colour premultiplied [T, 3, h, w], and alpha [T, 1, h, w]."""
    field = grid_sample(rgba, _grid(placed, canvas), align_corners=False)
    return field[:, :3], field[:, 3:]


def _grid(placed: Placed, canvas: Canvas, mirror: Tensor | None = None) -> Tensor:
    """Where each pixel looks in the sprite, [T, h, w, 2]; `mirror`: upside down about that y."""
    y = canvas.y[:, 0]
    if mirror is not None:
        wobble = 0.010 * torch.sin(y * 95)
        y = 2 * mirror[:, None, None] - y + wobble
    across = (canvas.u[:, 0] - placed.x[:, None, None]) / placed.scale[:, None, None] * 2
    down = (y - placed.y[:, None, None]) / placed.scale.abs()[:, None, None] * 2
    shape = (len(placed.rows), canvas.height, canvas.width)
    return torch.stack([across.expand(shape), down.expand(shape)], dim=-1)


def put(picture: Tensor, placed: Placed, stock: Stock, canvas: Canvas, ambient: Tensor) -> None:
    """Draws a layer into `picture` [B, 3, h, w], in the light `ambient` [B, 3, 1, 1].

    Large and small things are cut from different sizes of their sprites, so that none is coarse
    or flickers.
    """
    sizes = (placed.scale.abs() * canvas.short).clamp_min(1.0)
    classes = torch.log2(sizes).ceil().long()
    for size in sorted(set(classes.tolist())):
        part = placed.take((classes == size).nonzero()[:, 0])
        rgba = cut(part, stock, 0.75 * 2**size)
        colour, alpha = drawn(rgba, part, canvas)
        under = _shaded(picture[part.rows], part, canvas)
        under, dry = _watered(under, rgba, part, canvas)
        light = ambient[part.rows]
        picture[part.rows] = under * (1 - alpha * dry) + colour * light * dry


def _shaded(under: Tensor, placed: Placed, canvas: Canvas) -> Tensor:
    """With soft shadows at the feet of what stands: a wide faint one and a close dark one."""
    if not bool(placed.shadow.any()):
        return under

    def spread(values: Tensor) -> Tensor:
        return values[:, None, None, None]

    across = (canvas.u - spread(placed.x)) / spread(placed.half_width)
    down = (canvas.y - spread(placed.y + placed.half_height)) / spread(placed.half_width)
    wide = torch.exp(-((across / 1.05) ** 2 + ((down + 0.01) / 0.20) ** 2) * 1.3)
    close = torch.exp(-((across / 0.72) ** 2 + ((down + 0.02) / 0.075) ** 2) * 1.6)
    dark = (0.26 * wide + 0.26 * close) * spread(placed.shadow)
    return under * (1.0 - dark)


def _watered(
    under: Tensor, rgba: Tensor, placed: Placed, canvas: Canvas
) -> tuple[Tensor, Tensor | float]:
    """With reflections of what floats; and how much of each pixel is above the water."""
    if not bool(placed.wet.any()):
        return under, 1.0
    wet = placed.wet[:, None, None, None]
    line = placed.y + placed.half_height * 0.80
    lap = 0.008 * torch.sin(canvas.u * 55 + placed.x[:, None, None, None] * 40)
    depth = canvas.y - line[:, None, None, None] + lap
    image = grid_sample(rgba, _grid(placed, canvas, line), align_corners=False)
    shown = wet * (depth > 0) * step(depth, 0.17, 0.0) * 0.40
    under = under * (1 - image[:, 3:] * shown) + image[:, :3] * shown
    across = (canvas.u - placed.x[:, None, None, None]) / placed.half_width[:, None, None, None]
    foam = torch.exp(-((depth / 0.010) ** 2)) * step(across.abs(), 1.02, 0.75) * 0.55 * wet
    under = lay(under, torch.ones_like(under), foam)
    return under, 1.0 - wet * step(depth, -0.004, 0.008)


def ambient(scenes: Sequence[Scene], device: torch.device) -> Tensor:
    """The light in each scene's place, [B, 3, 1, 1]."""
    white = (1.0, 1.0, 1.0)
    found = [AMBIENT.get(scene.background, white) for scene in scenes]
    return torch.tensor(found, dtype=torch.float32).to(device)[:, :, None, None]
