"""Pictures without meaning but with the statistics of photographs, for the autoencoder."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

DISCS = 48


def textures(count: int, side: int, generator: torch.Generator) -> Tensor:
    """Half dead leaves, half coloured clouds: float32 [count, 3, side, side] in -1 .. 1."""
    leaves = dead_leaves(count // 2, side, generator)
    return torch.cat([leaves, clouds(count - count // 2, side, generator)])


def dead_leaves(count: int, side: int, generator: torch.Generator) -> Tensor:
    """Discs that cover each other, radii distributed as r**-3: edges at all scales.

    Lee, Mumford and Huang 2001, "Occlusion Models for Natural Images". Each disc is shaded from
    one colour to another. float32 [count, 3, side, side] in -1 .. 1.
    """
    device = generator.device
    axis = torch.linspace(0, 1, side, device=device)
    y, x = axis[:, None], axis[None, :]
    canvas = clouds(count, side, generator)
    for _ in range(DISCS):
        draw = torch.rand(count, 10, 1, 1, generator=generator, device=device)
        radius = 0.03 * (1 - draw[:, 2] * 0.995) ** -0.5  # inverse of the distribution function
        distance = ((x - draw[:, 0]) ** 2 + (y - draw[:, 1]) ** 2).sqrt()
        inside = ((radius.clamp(max=0.4) - distance) * side + 0.5).clamp(0, 1)[:, None]
        slope = (x * draw[:, 9] + y * (1 - draw[:, 9]))[:, None]
        first, second = draw[:, 3:6] * 2 - 1, draw[:, 6:9] * 2 - 1
        colour = first + (second - first) * 0.5 * slope
        canvas = canvas * (1 - inside) + colour * inside
    return canvas


def clouds(count: int, side: int, generator: torch.Generator) -> Tensor:
    """Colour noise whose amplitude falls as 1/f, as it does in photographs (Field 1987).

    float32 [count, 3, side, side] in -1 .. 1.
    """
    device = generator.device
    total = torch.zeros(count, 3, side, side, device=device)
    grid, weight = 2, 1.0
    while grid <= side:
        noise = torch.randn(count, 3, grid, grid, generator=generator, device=device)
        grey = noise.mean(1, keepdim=True) * 3**0.5
        mixed = 0.7 * grey + 0.5 * noise  # mostly light and dark, some colour
        total += weight * functional.interpolate(mixed, (side, side), mode="bilinear")
        grid, weight = grid * 2, weight * 0.55
    shift = torch.rand(count, 3, 1, 1, generator=generator, device=device) - 0.5
    return (0.4 * total + shift).clamp(-1, 1)
