"""A model with Stable Diffusion 1.5's shape and size, and random weights.

The largest thing that is measured without downloading anything: 860 million parameters in the
UNet, as in stable-diffusion-v1-5's published configs; the tokenizer is the starter model's.
"""

import json
import shutil
from pathlib import Path

import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from diffusers.schedulers.scheduling_euler_discrete import EulerDiscreteScheduler
from transformers import CLIPTextConfig, CLIPTextModel

from studio.app.places import STARTER

DTYPE = torch.bfloat16


def write_model(folder: Path) -> None:
    """Write it as a diffusers folder of 2.1 GB; takes about 20 s."""
    torch.manual_seed(0)
    unet = UNet2DConditionModel(sample_size=64, cross_attention_dim=768, attention_head_dim=8)
    unet.to(DTYPE).save_pretrained(folder / "unet")
    vae = AutoencoderKL(
        block_out_channels=(128, 256, 512, 512),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=2,
        sample_size=512,
    )
    vae.to(DTYPE).save_pretrained(folder / "vae")
    text = CLIPTextConfig(
        vocab_size=49408,
        hidden_size=768,
        intermediate_size=3072,
        projection_dim=768,
        num_hidden_layers=12,
        num_attention_heads=12,
    )
    CLIPTextModel(text).to(DTYPE).save_pretrained(folder / "text_encoder")
    scheduler = EulerDiscreteScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        timestep_spacing="trailing",
    )
    scheduler.save_pretrained(folder / "scheduler")
    shutil.copytree(STARTER / "tokenizer", folder / "tokenizer")
    _write_index(folder)


def _write_index(folder: Path) -> None:
    index = json.loads((STARTER / "model_index.json").read_text())
    index["scheduler"] = ["diffusers", "EulerDiscreteScheduler"]
    index["text_encoder"] = ["transformers", "CLIPTextModel"]
    index["vae"] = ["diffusers", "AutoencoderKL"]
    (folder / "model_index.json").write_text(json.dumps(index))
