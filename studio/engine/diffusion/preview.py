"""Small pictures of unfinished latents, too cheap to be noticed."""

import torch
from torch import Tensor
from torch.nn import functional

from studio.core.picture import Picture
from studio.engine.diffusion.pixels import opaque, to_picture
from studio.engine.diffusion.vae import Vae

SIDE = 8
"""Latent pixels along an edge of the images that the factors are fitted on.

They are the network's own: to a patch of them as one, more numbers would have to be fitted than
these images can tell.
"""

GRIDS = (1, 1, 2, 2, 3, 3, 4, 5, 8, 16, 32)
"""Colours along an edge of each of those images: from flat ones to fine detail."""


class Preview:
    """Latents to RGB by one matrix, fitted once to a VAE by least squares."""

    def __init__(self, vae: Vae) -> None:
        factor = vae.factor // vae.folded
        images = _images(factor)
        latents = torch.cat([_with_bias(vae.unfolded(vae.encode(image))) for image in images])
        colours = torch.cat([_pooled(image, factor) for image in images])
        self._unfolded = vae.unfolded
        self._factors = torch.linalg.lstsq(latents, colours).solution

    def render(self, latents: Tensor) -> Picture:
        """A picture of latents [1, C, h, w], a pixel for each that the network has of its own."""
        latents = self._unfolded(latents)
        _, _, height, width = latents.shape
        rgb = _with_bias(latents) @ self._factors
        return to_picture(opaque(rgb.T.reshape(1, 3, height, width)))


def _images(factor: int) -> list[Tensor]:
    """Smooth to busy colour fields, each [1, 3, SIDE * factor, SIDE * factor] in -1 .. 1."""
    generator = torch.Generator("cpu").manual_seed(0)
    side = SIDE * factor
    images = []
    for grid in GRIDS:
        colours = torch.rand(1, 3, grid, grid, generator=generator) * 2 - 1
        images.append(functional.interpolate(colours, (side, side), mode="bilinear"))
    return images


def _pooled(image: Tensor, factor: int) -> Tensor:
    """[pixels, 3], one row for each latent pixel."""
    return functional.avg_pool2d(image, factor)[0].flatten(1).T


def _with_bias(latents: Tensor) -> Tensor:
    """[pixels, channels + 1] on the CPU."""
    columns = latents[0].flatten(1).T.float().cpu()
    return torch.cat([columns, torch.ones_like(columns[:, :1])], dim=1)
