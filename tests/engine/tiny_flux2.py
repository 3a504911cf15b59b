"""Writes a FLUX.2 klein, tiny and with random weights."""

from pathlib import Path
from typing import Any

import torch
from diffusers.models.autoencoders.autoencoder_kl_flux2 import AutoencoderKLFlux2
from diffusers.models.transformers.transformer_flux2 import Flux2Transformer2DModel

from tests.engine.tiny_qwen import enliven, write_index, write_qwen, write_scheduler

SCHEDULER = {"use_dynamic_shifting": True, "shift": 3.0, "time_shift_type": "exponential"}


def write_flux2(folder: Path, **settings: Any) -> Path:
    """Sides that are multiples of 4; `settings` are the pipeline's."""
    torch.manual_seed(4)
    transformer = Flux2Transformer2DModel(
        in_channels=16,
        num_layers=1,
        num_single_layers=2,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=3 * 16,
        timestep_guidance_channels=16,
        axes_dims_rope=(4, 4, 4, 4),
        guidance_embeds=False,
    )
    enliven(transformer, 1)
    transformer.save_pretrained(folder / "transformer")
    _write_vae(folder)
    write_qwen(folder, layers=29, hidden=16)
    write_scheduler(folder, **SCHEDULER)
    write_index(folder, "Flux2KleinPipeline", **settings)
    return folder


def _write_vae(folder: Path) -> None:
    vae = AutoencoderKLFlux2(
        block_out_channels=(32, 32),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        layers_per_block=1,
        latent_channels=4,
    )
    generator = torch.Generator().manual_seed(5)
    vae.bn.running_mean.copy_(torch.randn(16, generator=generator))
    vae.bn.running_var.copy_(torch.rand(16, generator=generator) + 0.5)
    vae.save_pretrained(folder / "vae")
