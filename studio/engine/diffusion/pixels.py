"""Pictures as tensors: conversion, scaling, and putting kept pixels back."""

import torch
from torch import Tensor
from torch.nn import functional

from studio.core.picture import Picture, Size, StrengthMap

SOFT_EDGE = 8.0
"""A map value of 255 / SOFT_EDGE or more shows the new pixels only; below, they fade out."""


def to_tensor(picture: Picture) -> Tensor:
    """The picture as float32 [1, 4, height, width], 0 .. 1, straight alpha."""
    flat = torch.frombuffer(bytearray(picture.rgba), dtype=torch.uint8)
    shaped = flat.view(1, picture.size.height, picture.size.width, 4)
    return shaped.permute(0, 3, 1, 2).float() / 255


def to_picture(rgba: Tensor) -> Picture:
    """A picture from float [1, 4, height, width], 0 .. 1, straight alpha; clipped and rounded."""
    bytes_ = (rgba[0].clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0).contiguous()
    height, width, _ = bytes_.shape
    return Picture(Size(width, height), bytes_.cpu().numpy().tobytes())


def opaque(rgb: Tensor) -> Tensor:
    """RGBA [1, 4, h, w] in 0 .. 1 from a model's RGB [1, 3, h, w] in -1 .. 1."""
    unit = rgb.float() / 2 + 0.5
    return torch.cat([unit, torch.ones_like(unit[:, :1])], dim=1)


def on_white(rgba: Tensor) -> Tensor:
    """RGBA 0 .. 1 laid on white paper: RGB [1, 3, h, w] in -1 .. 1, as the model wants it."""
    alpha = rgba[:, 3:]
    return (rgba[:, :3] * alpha + (1 - alpha)) * 2 - 1


def resize(picture: Picture, size: Size) -> Picture:
    """The picture scaled by an antialiased bicubic filter; itself if it has that size already.

    Colours are weighted by their alpha, so that transparent pixels do not bleed.
    """
    if picture.size == size:
        return picture
    rgba = to_tensor(picture)
    premultiplied = torch.cat([rgba[:, :3] * rgba[:, 3:], rgba[:, 3:]], dim=1)
    scaled = functional.interpolate(
        premultiplied, (size.height, size.width), mode="bicubic", antialias=True
    )
    return to_picture(_straight(scaled))


def map_tensor(strength_map: StrengthMap, size: Size) -> Tensor:
    """The map as float32 [1, 1, height, width], 0 .. 1, scaled to `size` in pixels."""
    flat = torch.frombuffer(bytearray(strength_map.values), dtype=torch.uint8).float() / 255
    values = flat.view(1, 1, strength_map.size.height, strength_map.size.width)
    if strength_map.size == size:
        return values
    target = (size.height, size.width)
    return functional.interpolate(values, target, mode="bilinear", antialias=True)


def keep_unchanged(source: Picture, made: Picture, values: Tensor) -> Picture:
    """`made` where the model could change the picture, `source` bit for bit where it could not.

    `values` is the map at the pictures' size, [1, 1, h, w]; between the two lies a short linear
    ramp, blended with premultiplied alpha.
    """
    share = (values * SOFT_EDGE).clamp(max=1)
    old, new = to_tensor(source), to_tensor(made)
    alpha = old[:, 3:] * (1 - share) + new[:, 3:] * share
    colour = old[:, :3] * old[:, 3:] * (1 - share) + new[:, :3] * new[:, 3:] * share
    blended = _straight(torch.cat([colour, alpha], dim=1))
    blended = torch.where(share == 0, old, torch.where(share == 1, new, blended))
    return to_picture(blended)


def _straight(premultiplied: Tensor) -> Tensor:
    alpha = premultiplied[:, 3:]
    colour = torch.where(alpha > 0, premultiplied[:, :3] / alpha.clamp(min=1e-6), 0.0)
    return torch.cat([colour, alpha], dim=1)
