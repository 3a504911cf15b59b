"""Writes a Z-Image, tiny and with random weights."""

from pathlib import Path
from typing import Any

import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.transformers.transformer_z_image import ZImageTransformer2DModel

from tests.engine.tiny_qwen import enliven, write_index, write_qwen, write_scheduler


def write_z_image(folder: Path, **scheduler: Any) -> Path:
    """Sides that are multiples of 4; `scheduler` takes the place of a shift of 3."""
    torch.manual_seed(6)
    transformer = ZImageTransformer2DModel(
        in_channels=4,
        dim=32,
        n_layers=2,
        n_refiner_layers=1,
        n_heads=2,
        n_kv_heads=2,
        cap_feat_dim=16,
        axes_dims=[4, 6, 6],
        axes_lens=[1024, 32, 32],
    )
    enliven(transformer, 2)
    transformer.save_pretrained(folder / "transformer")
    AutoencoderKL(
        block_out_channels=(32, 32),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        scaling_factor=0.3611,
        shift_factor=0.1159,
    ).save_pretrained(folder / "vae")
    write_qwen(folder, layers=4, hidden=16)
    write_scheduler(folder, **(scheduler or {"shift": 3.0}))
    write_index(folder, "ZImagePipeline")
    return folder
