"""Between pixels and latents, in one piece or in tiles."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from studio.core.errors import UserError
from studio.core.picture import Picture, Size
from studio.engine.diffusion.device import Device, give_back
from studio.engine.diffusion.groups import has_groups, imposed, recorded
from studio.engine.diffusion.ladder import Ladder
from studio.engine.diffusion.patches import SIDE as SIDE_OF_PATCH
from studio.engine.diffusion.patches import PatchedVae
from studio.engine.diffusion.pixels import BAND, in_floats, joined, on_white, opaque, to_bytes
from studio.engine.diffusion.tiling import Grid, Part, Tile, assemble, even_grid

WHOLE = 768 * 768
"""Pixels. Stable Diffusion's VAE takes 4 kB for each while it decodes in float32: 2.3 GB."""

WHOLES = (WHOLE, 512**2, 384**2, 256**2)
"""What it is where memory is shorter."""

SIDE = 1 / 2
"""Of a tile, beside that of the largest square that is worked on whole: 384 pixels."""

MIN_SIDE = 8
"""Latent pixels. Smaller tiles would be nothing but edges."""

OVERLAP, MIN_OVERLAP = 1 / 4, 12
"""What a tile shares with the next: of its side, and at least in the network's latent pixels."""

MARGIN = 3 / 8
"""Of the overlap: how far the edge of a tile, which cannot see what is next, is not used."""


class Vae:
    """An AutoencoderKL or AutoencoderTiny whose latents are scaled as the denoiser knows them.

    `factor` is the side of a latent pixel, in pixels. Pictures of more than `whole` pixels are
    worked on in tiles: memory stays what it is at that size. It may be changed at any
    time, and becomes less where memory runs out.
    """

    def __init__(self, network: Any, factor: int, device: Device, whole: int = WHOLE) -> None:
        self.factor = factor
        self.whole = whole
        self._network = network
        self._device = device
        self._dtype = device.dtype
        self._scale = float(network.config.scaling_factor)
        self._shift = float(network.config.shift_factor or 0.0)

    def latent_shape(self, size: Size) -> tuple[int, int, int, int]:
        """The shape of the latents of a picture of `size` pixels: 1, channels, height, width."""
        channels = int(self._network.config.latent_channels)
        return 1, channels, size.height // self.factor, size.width // self.factor

    @property
    def folded(self) -> int:
        """Latent pixels of the network along the side of what is one for the denoiser."""
        return SIDE_OF_PATCH if isinstance(self._network, PatchedVae) else 1

    def unfolded(self, latents: Tensor) -> Tensor:
        """Latents as the network has them, float32; without patches they are the same."""
        return self._network.unfolded(latents) if self.folded > 1 else latents

    def encode_picture(self, picture: Picture, part: Part) -> Tensor:
        """Latents, as `encode`, of a picture laid on white paper; sides are whole latent pixels.

        Raises OutOfMemory where not even small tiles fit.
        """
        return self._sparing().climb(lambda whole: self._encoded(picture, part, whole))

    def decode_picture(self, latents: Tensor, part: Part) -> Picture:
        """The opaque picture that latents stand for. Raises OutOfMemory like `encode_picture`."""
        return self._sparing().climb(lambda whole: self._decoded(latents, part, whole))

    def _sparing(self) -> Ladder[int]:
        """Numbers of pixels to work on at once, from the present one down."""
        smaller = (whole for whole in WHOLES if whole < self.whole)
        return Ladder([self.whole, *smaller], partial(give_back, self._device.name))

    def _encoded(self, picture: Picture, part: Part, whole: int) -> Tensor:
        self.whole = whole
        pixels, grid = to_bytes(picture), self._grid(picture.size)

        def make(pixels: Tensor) -> Tensor:
            return self.encode(on_white(in_floats(pixels)))

        with self._as_one(grid, lambda: make(_fewer(pixels, grid, self.factor))):
            tiles = assemble(
                grid, lambda tile: make(self._scaled(tile).of(pixels)), part, 1, _margin(grid)
            )
            return torch.cat(list(tiles), dim=2)

    def _decoded(self, latents: Tensor, part: Part, whole: int) -> Picture:
        self.whole = whole
        grid = self._grid(Size(latents.shape[3] * self.factor, latents.shape[2] * self.factor))
        with self._as_one(grid, lambda: self.decode(_fewer(latents, grid, 1))):
            bands = assemble(
                grid,
                lambda tile: self.decode(tile.of(latents)),
                part,
                self.factor,
                _margin(grid),
            )
            return joined(opaque(rows) for band in bands for rows in torch.split(band, BAND, dim=2))

    def encode(self, rgb: Tensor) -> Tensor:
        """Latents, float32 [1, C, h / factor, w / factor], of RGB [1, 3, h, w] in -1 .. 1.

        Always the middle of the distribution, so that it takes no random numbers.
        """
        return (self._guarded(self._middle, rgb) - self._shift) * self._scale

    def decode(self, latents: Tensor) -> Tensor:
        """RGB, float32 [1, 3, h, w] in about -1 .. 1, of latents."""
        return self._guarded(self._pixels, latents / self._scale + self._shift)

    def _grid(self, size: Size) -> Grid:
        """In latent pixels."""
        height, width = size.height // self.factor, size.width // self.factor
        side = max(height, width)
        if size.pixels > self.whole:
            side = max(MIN_SIDE, int(math.sqrt(self.whole) * SIDE) // self.factor)
        overlap = max(int(side * OVERLAP), min(MIN_OVERLAP // self.folded, side // 2))
        return even_grid(height, width, side, overlap)

    @contextmanager
    def _as_one(self, grid: Grid, look: Callable[[], Tensor]) -> Iterator[None]:
        """While it lasts, all tiles are normalised alike, as `look` at the whole picture is."""
        if grid.count == 1 or not has_groups(self._network):
            yield
            return
        with recorded(self._network) as statistics:
            look()
        with imposed(statistics):
            yield

    def _scaled(self, tile: Tile) -> Tile:
        """A tile of latents as one of pixels."""
        factor = self.factor
        edges = (tile.top, tile.left, tile.height, tile.width)
        return Tile(*(edge * factor for edge in edges))

    def _middle(self, rgb: Tensor) -> Tensor:
        encoded = self._network.encode(rgb)
        middle = encoded.latents if hasattr(encoded, "latents") else encoded.latent_dist.mode()
        assert isinstance(middle, Tensor)
        return middle

    def _pixels(self, latents: Tensor) -> Tensor:
        pixels = self._network.decode(latents, return_dict=False)[0]
        assert isinstance(pixels, Tensor)
        return pixels

    def _guarded(self, function: Callable[[Tensor], Tensor], value: Tensor) -> Tensor:
        """Run a half of the network; if float16 overflows in it, it stays in float32 from then on.

        Raises UserError if the numbers are not finite even so: they would be a black picture.
        """
        result = function(value.to(self._device.name, self._dtype))
        if not result.isfinite().all() and self._dtype != torch.float32:
            self._dtype = torch.float32
            nn.Module.to(self._network, torch.float32)  # diffusers' own `to` warns
            result = function(value.to(self._device.name, self._dtype))
        if not result.isfinite().all():
            raise UserError(
                "The model's numbers grew out of bounds, so there is no picture to show.",
                "Try a lower guidance, or another model.",
            )
        return result.float()


def _fewer(value: Tensor, grid: Grid, scale: int) -> Tensor:
    """The whole of [1, C, h, w], picked apart until it is no larger than a tile of the grid.

    Picked, not averaged, because that would take its contrast. Sides are multiples of `scale`.
    """
    for dim, axis in ((2, grid.rows), (3, grid.columns)):
        step = math.ceil(axis.length / axis.side)
        count = axis.length // step * scale
        places = torch.arange(count, device=value.device) * step
        value = value.index_select(dim, places)
    return value


def _margin(grid: Grid) -> int:
    overlaps = (axis.side - axis.starts[1] for axis in (grid.rows, grid.columns) if axis.starts[1:])
    return int(min(overlaps, default=0) * MARGIN)
