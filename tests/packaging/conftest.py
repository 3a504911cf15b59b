"""What the tests of the starter model's workshop share: quick scenes and tiny networks."""

import pytest
import torch
from checkpoints import Checkpoint
from networks import DENOISER_SHAPE, VAE_SHAPE, make_vae, shape_of
from scenery import Scenery
from sprites import Sprite, SpriteSet

CPU = torch.device("cpu")


class PlainScenery(Scenery):
    """Fields of colour in place of scenes, since drawing them takes its time."""

    def render(self, scenes, size):
        noise = [torch.randn(3, generator=torch.Generator().manual_seed(s.seed)) for s in scenes]
        return torch.stack(noise)[:, :, None, None].tanh().expand(-1, -1, *size).contiguous()

    sketch = render


@pytest.fixture(scope="session")
def plain(scenery):
    return PlainScenery(scenery.sprites, CPU)


@pytest.fixture(scope="session")
def scenery():
    sprites = []
    for noun, colour in (("apple", "red"), ("cat", "grey"), ("house", "brown"), ("tree", "green")):
        sprites.append(Sprite(noun, (), "flat", (colour,), "none"))
    pixels = torch.zeros(4, 4, 32, 32, dtype=torch.uint8)
    for index in range(4):
        pixels[index, index % 3, 4:28, 4 + 2 * index : 28] = 220
        pixels[index, 3, 4:28, 4 + 2 * index : 28] = 255
    return Scenery(SpriteSet(sprites, pixels), CPU)


@pytest.fixture(scope="session")
def tiny_vae():
    """An AutoencoderTiny's config with next to no weights."""
    return {
        **VAE_SHAPE,
        "encoder_block_out_channels": (8, 8, 8, 8),
        "decoder_block_out_channels": (8, 8, 8, 8),
        "num_encoder_blocks": (0, 0, 0, 1),
        "num_decoder_blocks": (1, 0, 0, 0),
    }


@pytest.fixture(scope="session")
def vae(tiny_vae):
    network = make_vae(tiny_vae)
    facts = {"config": shape_of(network), "deviation": 0.5}
    return Checkpoint(network.state_dict(), facts)


@pytest.fixture(scope="session")
def tiny_denoiser():
    """A UNet2DConditionModel's config with few weights."""
    return {**DENOISER_SHAPE, "block_out_channels": (32, 32, 32), "attention_head_dim": 2}
