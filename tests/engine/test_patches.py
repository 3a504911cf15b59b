"""A VAE whose latents are patches, as FLUX.2's: its previews and its tiles."""

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from studio.core.picture import Size
from studio.engine.diffusion.device import Device
from studio.engine.diffusion.patches import PatchedVae
from studio.engine.diffusion.pixels import to_tensor
from studio.engine.diffusion.preview import Preview
from studio.engine.diffusion.vae import Vae

CHANNELS, FACTOR = 3, 8
COLOURS = torch.rand(1, 3, 16, 24, generator=torch.Generator().manual_seed(2)) * 2 - 1
RGB = functional.interpolate(COLOURS, scale_factor=FACTOR)


class Plain(nn.Module):
    """Latents are mixtures of the colours of 8x8 pixels, and the other way round."""

    config = SimpleNamespace(latent_channels=CHANNELS)

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(1)
        self.mix = torch.randn(CHANNELS, 3, generator=generator)
        self.bn = nn.BatchNorm2d(4 * CHANNELS, affine=False)
        self.bn.running_mean = torch.randn(4 * CHANNELS, generator=generator)
        self.bn.running_var = torch.rand(4 * CHANNELS, generator=generator) + 0.1

    def encode(self, rgb: Tensor) -> Any:
        latents = torch.einsum("cr,nrhw->nchw", self.mix, functional.avg_pool2d(rgb, FACTOR))
        return SimpleNamespace(latent_dist=SimpleNamespace(mode=lambda: latents))

    def decode(self, latents: Tensor, return_dict: bool) -> tuple[Tensor]:
        colours = torch.einsum("rc,nchw->nrhw", self.mix.inverse(), latents)
        return (functional.interpolate(colours, scale_factor=FACTOR),)


@pytest.fixture
def vae() -> Vae:
    return Vae(PatchedVae(Plain().eval()), 2 * FACTOR, Device("cpu", torch.float32, 1))


@torch.inference_mode()
def test_previews_have_the_colours_of_the_picture_in_their_places(vae: Vae) -> None:
    latents = vae.encode(RGB)
    assert latents.shape == vae.latent_shape(Size(192, 128)) == (1, 12, 8, 12)
    seen = to_tensor(Preview(vae).render(latents))[:, :3]
    assert torch.allclose(seen, (COLOURS + 1) / 2, atol=1 / 255)


@torch.inference_mode()
def test_what_was_encoded_is_decoded_whole_and_in_tiles(vae: Vae) -> None:
    latents = vae.encode(RGB)
    whole = vae.decode_picture(latents, lambda *_: None)
    assert torch.allclose(to_tensor(whole)[:, :3], (RGB + 1) / 2, atol=1 / 255)
    vae.whole = 64 * 64
    tiles: list[int] = []
    assert vae.decode_picture(latents, lambda index, _: tiles.append(index)) == whole
    assert len(tiles) > 1
