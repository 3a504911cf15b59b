"""The starter model's networks: their shapes, how they begin, and the noise they are trained on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import torch
from diffusers.models.autoencoders.autoencoder_tiny import AutoencoderTiny
from diffusers.models.unets.unet_2d_blocks import AutoencoderTinyBlock
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from torch import Tensor, nn

FACTOR = 8
"""Pixels to a latent, along each side."""

LATENT_CHANNELS = 8

SCHEDULE: Mapping[str, Any] = {
    "num_train_timesteps": 1000,
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "prediction_type": "v_prediction",
    "rescale_betas_zero_snr": True,
    "timestep_spacing": "trailing",
    "clip_sample": False,
    "set_alpha_to_one": True,
    "steps_offset": 1,
}
"""A DDIMScheduler's config. Zero terminal SNR: Lin et al. 2023, arXiv:2305.08891."""

VAE_SHAPE: Mapping[str, Any] = {
    "latent_channels": LATENT_CHANNELS,
    "encoder_block_out_channels": (64, 64, 64, 64),
    "decoder_block_out_channels": (64, 64, 64, 64),
    "num_encoder_blocks": (1, 3, 3, 3),
    "num_decoder_blocks": (3, 3, 3, 1),
}
"""2.4 million weights; 31 GFLOP to encode 256x256 pixels, 35 to decode them."""

DENOISER_SHAPE: Mapping[str, Any] = {
    "sample_size": 32,
    "in_channels": LATENT_CHANNELS,
    "out_channels": LATENT_CHANNELS,
    "block_out_channels": (128, 256, 288),
    "layers_per_block": 1,
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    "attention_head_dim": (4, 8, 9),  # heads, in fact: each 32 wide
    "cross_attention_dim": 384,
}
"""30.9 million weights; 11.1 GFLOP for one pass over 32x32 latents (256x256 pixels)."""


def make_vae(shape: Mapping[str, Any]) -> Any:
    """An AutoencoderTiny that can be trained from scratch.

    diffusers' own initialisation stalls: the net has no normalisation, so signals must keep their
    size through it, residual branches must start small, and the output must start grey.
    """
    network = AutoencoderTiny.from_config(_without_derived(shape))
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="linear")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, AutoencoderTinyBlock):
                module.conv[-1].weight.mul_(0.1)
        output = network.decoder.layers[-1]
        output.weight.mul_(0.3)
        output.bias.fill_(0.5)
    return network


def make_denoiser(shape: Mapping[str, Any]) -> Any:
    """A UNet2DConditionModel with diffusers' initialisation."""
    return UNet2DConditionModel.from_config(dict(shape))


def _without_derived(shape: Mapping[str, Any]) -> dict[str, Any]:
    # diffusers writes this key itself, and warns when it reads it.
    return {key: value for key, value in shape.items() if key != "block_out_channels"}


def shape_of(network: Any) -> dict[str, Any]:
    """A network's config as plain JSON values, from which `make_...` builds it again."""
    config = {key: value for key, value in network.config.items() if not key.startswith("_")}
    if isinstance(network, AutoencoderTiny):
        config = _without_derived(config)
    plain: dict[str, Any] = json.loads(json.dumps(config))  # lists where there were tuples
    return plain


def signal_levels(device: torch.device) -> tuple[Tensor, Tensor]:
    """(alpha, sigma), float32 [1000] each: how much picture and noise a timestep mixes."""
    bars = DDIMScheduler(**SCHEDULE).alphas_cumprod.to(device)
    return bars.sqrt(), (1 - bars).sqrt()
