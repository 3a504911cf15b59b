"""Between pixels and latents."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from studio.core.errors import UserError
from studio.core.picture import Size
from studio.engine.diffusion.device import Device


class Vae:
    """An AutoencoderKL or AutoencoderTiny whose latents are scaled as the denoiser knows them."""

    def __init__(self, network: Any, factor: int, device: Device) -> None:
        self._network = network
        self._factor = factor
        self._device = device
        self._dtype = device.dtype
        self._scale = float(network.config.scaling_factor)
        self._shift = float(network.config.shift_factor or 0.0)

    def latent_shape(self, size: Size) -> tuple[int, int, int, int]:
        """The shape of the latents of a picture of `size` pixels: 1, channels, height, width."""
        channels = int(self._network.config.latent_channels)
        return 1, channels, size.height // self._factor, size.width // self._factor

    def encode(self, rgb: Tensor) -> Tensor:
        """Latents, float32 [1, C, h / factor, w / factor], of RGB [1, 3, h, w] in -1 .. 1.

        Always the middle of the distribution, so that it takes no random numbers.
        """
        return (self._guarded(self._middle, rgb) - self._shift) * self._scale

    def decode(self, latents: Tensor) -> Tensor:
        """RGB, float32 [1, 3, h, w] in about -1 .. 1, of latents."""
        return self._guarded(self._pixels, latents / self._scale + self._shift)

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
