"""Pictures as tensors: conversion, scaling, and putting kept pixels back."""

from collections.abc import Iterable

import torch
from torch import Tensor
from torch.nn import functional

from studio.core.picture import Picture, Size, StrengthMap

SOFT_EDGE = 8.0
"""A map value of 255 / SOFT_EDGE or more shows the new pixels only; below, they fade out."""

BAND = 64
"""Rows of a picture that are in memory as floats at once, where rows can be worked on alone."""


def to_tensor(picture: Picture) -> Tensor:
    """The picture as float32 [1, 4, height, width], 0 .. 1, straight alpha."""
    return in_floats(to_bytes(picture))


def to_bytes(picture: Picture) -> Tensor:
    """The picture as uint8 [1, 4, height, width], straight alpha: a quarter of the memory."""
    flat = torch.frombuffer(bytearray(picture.rgba), dtype=torch.uint8)
    shaped = flat.view(1, picture.size.height, picture.size.width, 4)
    return shaped.permute(0, 3, 1, 2)


def in_floats(values: Tensor) -> Tensor:
    """uint8 as float32, 0 .. 1; floats as they are."""
    return values.float() / 255 if values.dtype == torch.uint8 else values


def in_bytes(values: Tensor) -> Tensor:
    """Float, 0 .. 1, as uint8 on the CPU, clipped and rounded."""
    return (values.clamp(0, 1) * 255).round().to(torch.uint8).cpu()


def to_picture(rgba: Tensor) -> Picture:
    """A picture from float [1, 4, height, width], 0 .. 1, straight alpha; clipped and rounded."""
    return joined([rgba])


def joined(bands: Iterable[Tensor]) -> Picture:
    """A picture from bands [1, 4, rows, width], top to bottom, each as for `to_picture`.

    They are asked for one by one, and only their bytes are kept.
    """
    parts = [in_bytes(band)[0].permute(1, 2, 0).contiguous() for band in bands]
    size = Size(parts[0].shape[1], sum(len(part) for part in parts))
    return Picture(size, b"".join(part.numpy().tobytes() for part in parts))


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
    return scaled_picture(premultiplied(rgba), rgba[:, 3:], size)


def scaled_picture(colours: Tensor, alpha: Tensor, size: Size) -> Picture:
    """A picture of `size` from premultiplied colours [1, 3, ...] and alpha [1, 1, ...], 0 .. 1.

    Each may have a size of its own, and either may be uint8.
    """
    alpha = scaled(in_floats(alpha), size)
    result = torch.empty(size.height, size.width, 4, dtype=torch.uint8)
    for channel in range(3):  # one by one, and then in bands: floats take much room
        colour = scaled(in_floats(colours[:, channel : channel + 1]), size)
        for top in range(0, size.height, BAND):
            band = slice(top, top + BAND)
            straight = in_bytes(_straight(colour[:, :, band], alpha[:, :, band]))
            result[band, :, channel] = straight[0, 0]
    for top in range(0, size.height, BAND):
        result[top : top + BAND, :, 3] = in_bytes(alpha[0, 0, top : top + BAND])
    return Picture(size, result.numpy().tobytes())


def premultiplied(rgba: Tensor) -> Tensor:
    """The colours of float RGBA [1, 4, h, w], each weighted by its alpha: [1, 3, h, w]."""
    return rgba[:, :3] * rgba[:, 3:]


def scaled(value: Tensor, size: Size) -> Tensor:
    """[1, C, h, w] at another size, by an antialiased bicubic filter."""
    target = (size.height, size.width)
    return functional.interpolate(value, target, mode="bicubic", antialias=True)


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
    whole = (to_bytes(source), to_bytes(made), values)
    bands = zip(*(torch.split(value, BAND, dim=2) for value in whole), strict=True)
    return joined(_blended(in_floats(old), in_floats(new), share) for old, new, share in bands)


def _blended(old: Tensor, new: Tensor, values: Tensor) -> Tensor:
    share = (values * SOFT_EDGE).clamp(max=1)
    alpha = old[:, 3:] * (1 - share) + new[:, 3:] * share
    colour = old[:, :3] * old[:, 3:] * (1 - share) + new[:, :3] * new[:, 3:] * share
    blended = torch.cat([_straight(colour, alpha), alpha], dim=1)
    return torch.where(share == 0, old, torch.where(share == 1, new, blended))


def _straight(colour: Tensor, alpha: Tensor) -> Tensor:
    """Premultiplied colours [1, n, h, w] as straight ones."""
    return torch.where(alpha > 0, colour / alpha.clamp(min=1e-6), 0.0)
