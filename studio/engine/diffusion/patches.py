"""FLUX.2's VAE with the latents that its denoiser knows."""

from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

SIDE = 2
"""Of a patch, in latent pixels of the network."""


class PatchedVae(nn.Module):
    """An AutoencoderKLFlux2 that looks like an AutoencoderKL with larger latent pixels.

    Each holds a patch of the network's own as channels, which are brought to mean 0 and spread 1
    by what a batch normalisation has seen in training.
    """

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = network
        channels = network.config.latent_channels * SIDE**2
        self.config = SimpleNamespace(
            latent_channels=channels, scaling_factor=1.0, shift_factor=0.0
        )

    def encode(self, rgb: Tensor) -> SimpleNamespace:
        """The middle of the distribution, as `latents`."""
        middle = self.network.encode(rgb).latent_dist.mode()
        mean, spread = self._seen(middle)
        return SimpleNamespace(latents=(functional.pixel_unshuffle(middle, SIDE) - mean) / spread)

    def decode(self, latents: Tensor, return_dict: bool = True) -> Any:
        """As the network's own."""
        return self.network.decode(self.unfolded(latents), return_dict=return_dict)

    def unfolded(self, latents: Tensor) -> Tensor:
        """The network's own latents, [n, C / 4, h * 2, w * 2]."""
        mean, spread = self._seen(latents)
        return functional.pixel_shuffle(latents * spread + mean, SIDE)

    def _seen(self, like: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and spread of each channel, [1, C, 1, 1]."""
        bn = self.network.bn
        mean = bn.running_mean.view(1, -1, 1, 1).to(like)
        return mean, torch.sqrt(bn.running_var.view(1, -1, 1, 1) + bn.eps).to(like)
