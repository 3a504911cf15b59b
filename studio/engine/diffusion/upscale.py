"""Enlarging pictures with a network."""

from pathlib import Path

import torch
from torch import Tensor

from studio.core.errors import UserError
from studio.core.picture import Picture, Size
from studio.engine.api import IsCancelled
from studio.engine.diffusion.cancel import CancelGuard
from studio.engine.diffusion.pixels import (
    in_bytes,
    in_floats,
    premultiplied,
    scaled_picture,
    to_bytes,
)
from studio.engine.diffusion.tiling import Part, Tile, assemble, even_grid
from studio.engine.diffusion.upscalers.files import read_network

FADE = 8
"""Pixels over which a tile fades into the next, where both see all they need."""


class Upscaler:
    """The network in a file, on a device, in float32. `digest` is the file's SHA-256.

    Raises UserError where the file holds none that is known.
    """

    def __init__(self, file: Path, device: str) -> None:
        network, self.digest = read_network(file)
        self._network = network.to(device)
        self._name = file.name
        self._device = device
        self._guard = CancelGuard()
        self._guard.watch(self._network)

    def enlarge(self, picture: Picture, size: Size, cancelled: IsCancelled, part: Part) -> Picture:
        """The picture at `size`: enlarged by the network until it is as large, then scaled down.

        Works in tiles, so that memory does not grow with the picture beyond its own bytes.
        Transparency is scaled by a bicubic filter, and colours are weighted by it. Raises
        UserError where the network's numbers are not finite, and Cancelled.
        """
        rgba = to_bytes(picture)
        enlarged = in_bytes(premultiplied(in_floats(rgba)))
        with torch.inference_mode(), self._guard.listening(cancelled):
            enlarged = self._enlarged(enlarged, part)
            while self._network.scale > 1 and enlarged.shape[2] < size.height:
                enlarged = self._enlarged(enlarged, part)
        return scaled_picture(enlarged, rgba[:, 3:], size)

    def _enlarged(self, rgb: Tensor, part: Part) -> Tensor:
        """uint8 [1, 3, h, w] to `scale` times that, once through the network."""
        network = self._network
        overlap = 2 * network.margin + FADE

        def make(tile: Tile) -> Tensor:
            made: Tensor = network(in_floats(tile.of(rgb).to(self._device)))
            if not made.isfinite().all():
                raise UserError(
                    f"The numbers of the upscaler {self._name} grew out of bounds.",
                    "Choose another upscaler.",
                )
            return made

        grid = even_grid(rgb.shape[2], rgb.shape[3], network.tile, overlap)
        bands = assemble(grid, make, part, network.scale, network.margin)
        return torch.cat([in_bytes(band) for band in bands], dim=2)
