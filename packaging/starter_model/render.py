"""Draws scenes, many at a time: finished, or as rough sketches of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import stage
import torch
from backgrounds import DRAWINGS
from canvas import Canvas, lay, step
from effects import BEFORE, BEHIND, EFFECTS, Apply, blur, moved
from grammar import Scene
from sprites import SpriteSet
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, avg_pool2d, interpolate


@torch.no_grad()
def render(
    scenes: Sequence[Scene], sprites: SpriteSet, size: tuple[int, int], device: torch.device | str
) -> Tensor:
    """The scenes as pictures.

    Args:
        scenes: any number; larger batches are faster on a GPU.
        sprites: what the scenes' things point into.
        size: height and width in pixels, of any proportion.
        device: where to draw.

    Returns:
        float32 [B, 3, h, w] in -1..1; the same for the same scenes, whatever they are drawn with.
    """
    canvas = _canvas(scenes, size, torch.device(device))
    stock = sprites.stock(canvas.seeds.device)
    picture = _backgrounds(scenes, canvas)
    picture = _applied(picture, canvas, BEHIND, [scene.weather for scene in scenes])
    light = stage.ambient(scenes, canvas.seeds.device)
    for layer in stage.layers(scenes, sprites, stock, canvas):
        stage.put(picture, layer, stock, canvas, light)
    picture = _applied(picture, canvas, BEFORE, [scene.weather for scene in scenes])
    picture = _applied(picture, canvas, EFFECTS, [scene.effect for scene in scenes])
    return picture.clamp(0.0, 1.0) * 2 - 1


@torch.no_grad()
def sketch(
    scenes: Sequence[Scene], sprites: SpriteSet, size: tuple[int, int], device: torch.device | str
) -> Tensor:
    """The same scenes as a person would rough them out: flat blobs, wobbly, some with outlines.

    Weather and effects are left out, as are shadows; things are where `render` puts them.
    Arguments and result are those of `render`.
    """
    canvas = _canvas(scenes, size, torch.device(device))
    stock = sprites.stock(canvas.seeds.device)
    kind = canvas.draw(950)
    bands = adaptive_avg_pool2d(_backgrounds(scenes, canvas), (5, 1))
    picture = interpolate(bands, size=size, mode="nearest")
    picture = lay(picture, torch.full_like(picture, 0.97), (kind < 0.2).float())
    outlined = (kind > 0.6).float()
    for layer in stage.layers(scenes, sprites, stock, canvas):
        rgba = _blobs(stage.cut(layer, stock, 48.0))
        colour, alpha = stage.drawn(rgba, layer, canvas)
        fat = blur(alpha, max(1, round(canvas.short * 0.008)))
        line = step((fat - 0.5).abs(), 0.36, 0.22) * outlined[layer.rows] * 0.85
        under = picture[layer.rows] * (1 - alpha) + colour
        picture[layer.rows] = lay(under, torch.full_like(under, 0.15), line)
    # Lines as an unsteady hand draws them.
    return moved(picture, canvas, 960, 9, 0.018).clamp(0.0, 1.0) * 2 - 1


def _canvas(scenes: Sequence[Scene], size: tuple[int, int], device: torch.device) -> Canvas:
    seeds = torch.tensor([scene.seed for scene in scenes], dtype=torch.int64).to(device)
    return Canvas(seeds, *size)


def _backgrounds(scenes: Sequence[Scene], canvas: Canvas) -> Tensor:
    """Every scene's place, [B, 3, h, w] in 0..1."""
    picture = torch.empty((len(scenes), 3, canvas.height, canvas.width), device=canvas.seeds.device)
    for name, rows in _grouped([scene.background for scene in scenes], canvas).items():
        part = Canvas(canvas.seeds[rows], canvas.height, canvas.width)
        picture[rows] = DRAWINGS[name](part)
    return picture


def _applied(
    picture: Tensor, canvas: Canvas, table: Mapping[str, Apply], names: Sequence[str | None]
) -> Tensor:
    """Applies to each picture what `table` holds under its name, if anything."""
    for name, rows in _grouped(names, canvas).items():
        if name in table:
            part = Canvas(canvas.seeds[rows], canvas.height, canvas.width)
            picture[rows] = table[name](picture[rows], part)
    return picture


def _grouped(names: Sequence[str | None], canvas: Canvas) -> dict[str, Tensor]:
    """The rows that have each name; rows without a name are left out."""
    groups: dict[str, list[int]] = {}
    for row, name in enumerate(names):
        if name is not None:
            groups.setdefault(name, []).append(row)
    device = canvas.seeds.device
    return {name: torch.tensor(rows).to(device) for name, rows in groups.items()}


def _blobs(rgba: Tensor) -> Tensor:
    """Sprites reduced to a few flat patches with soft, simple edges; premultiplied, as they are."""
    colour, alpha = rgba[:, :3], rgba[:, 3:]
    side = rgba.shape[-1]
    patch = max(1, side // 4)
    flat = avg_pool2d(colour, patch) / avg_pool2d(alpha, patch).clamp_min(0.02)
    flat = interpolate(flat, size=(side, side), mode="nearest")
    # Half-way to one colour for all: a rough hand seldom changes its brush.
    whole = colour.sum((2, 3), keepdim=True) / alpha.sum((2, 3), keepdim=True).clamp_min(1.0)
    shape = step(blur(alpha, max(1, side // 24)), 0.38, 0.62)
    return torch.cat([(0.5 * flat + 0.5 * whole).clamp(0, 1) * shape, shape], dim=1)
