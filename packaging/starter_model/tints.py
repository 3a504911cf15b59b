"""Gives sprites another colour without repainting what is not of their main colour."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from colours import from_oklab, oklab
from torch import Tensor

HUES = 36
NEUTRAL_CHROMA = 0.045
"""Below this, OKLab chroma is seen as grey."""


@dataclass(frozen=True)
class Bodies:
    """The main colour of N pictures: what recolouring changes."""

    hue: Tensor  # float32 [N, 2], unit vector in OKLab's chroma plane
    neutral: Tensor  # float32 [N], 1 where the main colour is a grey, black or white
    lightness: Tensor  # float32 [N], its mean OKLab lightness

    def take(self, which: Tensor) -> Bodies:
        """Those of some pictures, by index."""
        return Bodies(self.hue[which], self.neutral[which], self.lightness[which])

    @staticmethod
    def measured(pixels: Tensor) -> Bodies:
        """From uint8 [N, 4, s, s], straight alpha: the hue that covers most, or none does."""
        parts = [_measured(part.float() / 255) for part in torch.split(pixels, 64)]
        return Bodies(
            torch.cat([part.hue for part in parts]),
            torch.cat([part.neutral for part in parts]),
            torch.cat([part.lightness for part in parts]),
        )


def _measured(rgba: Tensor) -> Bodies:
    lab = oklab(rgba[:, :3].permute(0, 2, 3, 1).flatten(1, 2))
    alpha = rgba[:, 3].flatten(1)
    chroma = lab[..., 1:].norm(dim=-1)
    angle = torch.atan2(lab[..., 2], lab[..., 1])
    middles = torch.linspace(-torch.pi, torch.pi, HUES + 1, device=rgba.device)[:-1]
    coloured = alpha * (chroma > NEUTRAL_CHROMA)
    votes = torch.stack(
        [(coloured * (torch.cos(angle - middle) > 0.82)).sum(dim=1) for middle in middles], dim=1
    )
    most, which = votes.max(dim=1)
    greys = (alpha * (chroma <= NEUTRAL_CHROMA) * (lab[..., 0] > 0.3)).sum(dim=1)
    found = middles[which]
    hue = torch.stack([torch.cos(found), torch.sin(found)], dim=1)
    bodies = Bodies(hue, (greys > 1.4 * most).float(), torch.full_like(found, 0.6))
    weight = alpha * body_mask(lab, bodies, whole=True) + 1e-6
    lightness = (weight * lab[..., 0]).sum(dim=1) / weight.sum(dim=1)
    return Bodies(hue, bodies.neutral, lightness)


def body_mask(lab: Tensor, bodies: Bodies, whole: bool = False) -> Tensor:
    """How much each pixel is of the main colour, 0..1, [T, P].

    Args:
        lab: float32 [T, P, 3].
        bodies: of the same T pictures.
        whole: also what is much lighter or darker, for measuring.
    """
    chroma = lab[..., 1:].norm(dim=-1)
    along = (lab[..., 1:] * bodies.hue[:, None]).sum(dim=-1) / chroma.clamp_min(1e-4)
    coloured = _rise(along, 0.45, 0.80) * _rise(chroma, 0.02, 0.05)
    grey = _rise(-chroma, -0.09, -0.05)
    if not whole:
        away = (lab[..., 0] - bodies.lightness[:, None]).abs()
        grey = grey * _rise(-away, -0.48, -0.34)
    neutral = bodies.neutral[:, None]
    return neutral * grey + (1.0 - neutral) * coloured


def _rise(value: Tensor, low: float, high: float) -> Tensor:
    t = ((value - low) / (high - low)).clamp(0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


def recoloured(rgba: Tensor, bodies: Bodies, targets: Tensor) -> Tensor:
    """The pictures with their main colour replaced; light and shade stay.

    Args:
        rgba: float32 [T, 4, s, s], 0..1, straight alpha.
        bodies: of these pictures.
        targets: float32 [T, 3], OKLab.

    Returns:
        float32 [T, 4, s, s], likewise.
    """
    shape = rgba.shape
    rgb = rgba[:, :3].permute(0, 2, 3, 1).flatten(1, 2)
    lab = oklab(rgb)
    mask = body_mask(lab, bodies)[..., None]
    target = targets[:, None]
    grey = target[..., 1:].norm(dim=-1, keepdim=True) < NEUTRAL_CHROMA
    contrast = torch.where(grey, 0.65, 0.9)  # white and black have little room
    light = target[..., :1] + contrast * (lab[..., :1] - bodies.lightness[:, None, None])
    light = light.clamp(0.08, 0.99)
    # Highlights and deep shade have less colour, as paint has.
    fade = (1.0 - 1.1 * (light - target[..., :1]).abs()).clamp(0.35, 1.0)
    new = from_oklab(torch.cat([light, target[..., 1:] * fade], dim=-1))
    mixed = torch.lerp(rgb, new, mask.expand_as(rgb))
    colour = mixed.reshape(-1, shape[2], shape[3], 3).permute(0, 3, 1, 2)
    return torch.cat([colour, rgba[:, 3:]], dim=1)
